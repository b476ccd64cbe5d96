"""The axis of a file in the unit that a gauge needs: nm for lines, cm-1 for the Raman edge.

A Raman shift is ``1e7 / laser - 1e7 / line`` with both wavelengths in nm. Programs of
spectrometers reckon it from the wavelengths of their own axis, which are those in air, and so
is it turned back here: with the laser's wavelength in air the result is a wavelength in air. A
shift that is said to be reckoned from vacuum wavelengths gives, with the laser's vacuum wavelength,
a wavelength in vacuum, and from that the one in air; mixing the two at 532 nm moves a ruby line by
0.06 nm, that is 0.16 GPa. What the laser and, where nobody says it, this mixing make uncertain
is in the budget of a pressure, see `RamanAxis`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from dac_control.app.fit.options import FitOptions
from dac_control.errors import NotMeasured
from dac_control.gauges.air import AxisConvention, air_index
from dac_control.gauges.raman_axis import RamanAxis
from dac_control.spectrum_files import FileFrame
from dac_control.spectrum_files.model import AxisUnit, Vector

__all__ = ["UsableAxis", "axis_in"]

_ABSOLUTE_CM1: Final = 9000.0
_EV_NM: Final = 1239.842
"""Energy times wavelength of light, h c; CODATA 2018."""


@dataclass(frozen=True, eq=False)
class UsableAxis:
    """The axis of a frame as a gauge needs it."""

    values: Vector
    """Shape (n,)."""
    flags: tuple[str, ...] = ()
    """``axis_assumed`` where the unit was not sure."""
    raman: RamanAxis | None = None
    """Where wavelengths were reckoned from a Raman shift, what with."""
    convention: AxisConvention = "unknown"
    """Of the wavelengths behind a Raman shift; those of a file's axis in nm are those in air."""
    laser_nm: float | None = None
    """Vacuum wavelength that a Raman shift was reckoned with, where it is known for sure."""


def axis_in(
    unit: AxisUnit, frame: FileFrame, options: FitOptions, window: tuple[float, float]
) -> UsableAxis:
    """Convert the axis of a frame.

    Parameters
    ----------
    unit : str
        ``"nm"`` or ``"cm-1"``, what the gauge needs.
    frame : FileFrame
    options : FitOptions
        ``axis`` overrules what the file seems to say; ``laser_nm`` converts.
    window : tuple of float
        Where the gauge's line can be, in `unit`; decides for an axis whose unit is not sure.

    Raises
    ------
    NotMeasured
        The axis cannot be turned into that unit; the text says what to do.
    """
    usable = _in_unit(unit, frame, options, window)
    axis = usable.values
    if np.isfinite(axis).all() and not _overlaps(axis, window):
        raise NotMeasured(
            f"{_range(axis)} {unit} holds nothing of {window[0]:g} to {window[1]:g} {unit}, where "
            f"the line or edge can be; {_hint(axis, unit, window)}."
        )
    return usable


def _in_unit(
    unit: AxisUnit, frame: FileFrame, options: FitOptions, window: tuple[float, float]
) -> UsableAxis:
    axis, found = frame.axis, options.axis or frame.axis_unit
    flags: tuple[str, ...] = ()
    if found is None:
        found, flags = _most_likely(axis, unit, options.laser_nm, window), ("axis_assumed",)
    if found == unit:
        if unit == "cm-1" or options.axis is not None or not _looks_absolute(axis):
            return UsableAxis(axis, flags, convention=options.convention)
        raise NotMeasured(f"{_range(axis)} cannot be nm; {_hint(axis, unit, window)}.")
    if found == "pixel":
        raise NotMeasured(
            f"The axis counts pixels ({_range(axis, bare=True)}), and a line in pixels gives no "
            "pressure; calibrate it with lamp lines and give a file with wavelengths."
        )
    recorded_nm = frame.metadata.get("laser_vacuum_nm")
    if found == "nm" and recorded_nm is not None:
        # as the run reckoned its shifts, from wavelengths in air
        laser_nm = float(recorded_nm if options.laser_nm is None else options.vacuum_laser_nm)
        shift = 1e7 / laser_nm - 1e7 / (axis * air_index(axis))
        return UsableAxis(shift, flags, convention="vacuum", laser_nm=laser_nm)
    if found == "cm-1" and _looks_absolute(axis):
        raise NotMeasured(
            f"{_range(axis)} is in absolute wavenumbers, not a Raman shift; export it in nm."
        )
    if options.laser_nm is None:
        raise NotMeasured(_needs_laser(frame, unit, found, axis))
    if unit == "cm-1":
        return UsableAxis(_converted(axis, unit, options.laser_nm), flags, convention="air")
    laser_nm = options.vacuum_laser_nm if options.shifts_of == "vacuum" else options.laser_nm
    wavelength = _converted(axis, unit, laser_nm)
    if options.shifts_of == "vacuum":
        wavelength = wavelength / air_index(wavelength)
    return UsableAxis(wavelength, flags, options.raman_axis)


def _converted(axis: Vector, unit: AxisUnit, laser_nm: float) -> Vector:
    """Shift to nm or nm to shift; not finite where there is no such light."""
    with np.errstate(all="ignore"):
        if unit == "cm-1":
            return 1e7 / laser_nm - 1e7 / axis
        wavenumber = 1e7 / laser_nm - axis
        converted = np.where(wavenumber > 0.0, 1e7 / wavenumber, np.nan)
    if not np.isfinite(converted).all():
        raise NotMeasured(
            f"{_range(axis)} is no Raman shift of a laser of {laser_nm:g} nm, whose light has "
            f"{1e7 / laser_nm:.0f} cm-1; check --laser-nm."
        )
    return converted


def _most_likely(
    axis: Vector, unit: AxisUnit, laser_nm: float | None, window: tuple[float, float]
) -> AxisUnit:
    """The unit in which the axis holds the gauge's window; the gauge's own if both do."""
    other: AxisUnit = "cm-1" if unit == "nm" else "nm"
    if _overlaps(axis, window) or laser_nm is None:
        return unit
    try:
        return other if _overlaps(_converted(axis, unit, laser_nm), window) else unit
    except NotMeasured:
        return unit


def _overlaps(axis: Vector, window: tuple[float, float]) -> bool:
    return bool(np.any((axis >= window[0]) & (axis <= window[1])))


def _hint(axis: Vector, unit: AxisUnit, window: tuple[float, float]) -> str:
    """What the numbers are, if they are wavelengths or energies in another unit."""
    if unit == "nm":
        with np.errstate(all="ignore"):
            for name, wavelength_nm in (
                ("micrometres", 1e3 * axis),
                ("angstroms", 0.1 * axis),
                ("metres", 1e9 * axis),
                ("electronvolts", _EV_NM / axis),
                ("absolute wavenumbers in cm-1", 1e7 / axis),
            ):
                if _overlaps(wavelength_nm, window):
                    return f"the numbers look like {name}, so convert them to nm first"
    return "if it is in another unit, say so with --axis"


def _looks_absolute(axis: Vector) -> bool:
    return bool(axis.size and np.nanmin(np.where(np.isfinite(axis), axis, np.inf)) > _ABSOLUTE_CM1)


def _needs_laser(frame: FileFrame, unit: AxisUnit, found: AxisUnit, axis: Vector) -> str:
    laser = frame.metadata.get("laser_nm")
    nominal = f" (the header says {laser:.6g} nm; give the measured one)" if laser else ""
    if unit == "nm":
        return (
            f"{_range(axis)} is a Raman shift in cm-1, and the line is wanted in nm; give the "
            f"wavelength of the laser with --laser-nm{nominal}, or --axis nm if the axis is in nm."
        )
    return (
        f"{_range(axis)} is in {found}, and the line or edge is wanted as a Raman shift; give the "
        f"wavelength of the laser with --laser-nm{nominal}, or --axis cm-1 if it is a shift."
    )


def _range(axis: Vector, *, bare: bool = False) -> str:
    finite = axis[np.isfinite(axis)]
    if finite.size == 0:
        return "no numbers" if bare else "The axis, without a finite number,"
    text = f"{finite.min():.6g} to {finite.max():.6g}"
    if finite.size == 1 and not bare:
        return f"The axis of one pixel at {finite[0]:.6g}"
    return text if bare else f"The axis from {text}"
