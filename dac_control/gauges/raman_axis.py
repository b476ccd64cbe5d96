"""Wavelengths that were reckoned from a Raman shift: the laser moves all of them.

``line = 1e7 / (1e7 / laser - shift)`` in nm and cm-1, so that an error of the laser's wavelength
moves a line by ``(line / laser)**2`` times as much: 0.1 nm at 532 nm is 0.17 nm of R1, 0.48 GPa.
It moves lambda0 too if that was read on the same axis with the same laser, and nearly cancels.
"""

import math
from dataclasses import dataclass

from dac_control.errors import ConfigurationError
from dac_control.gauges.air import AxisConvention, air_index
from dac_control.gauges.budget import BudgetTerm
from dac_control.gauges.quoting import check_sigma
from dac_control.gauges.scales import Scale

__all__ = ["RamanAxis", "raman_axis_terms"]


@dataclass(frozen=True, kw_only=True)
class RamanAxis:
    """What an axis of wavelengths was reckoned with.

    Raises
    ------
    ConfigurationError
        The laser or its uncertainty is none.
    """

    laser_nm: float
    """Wavelength of the laser in air."""
    laser_sigma_nm: float
    """Its standard uncertainty."""
    holds_lambda0: bool = False
    """True where lambda0 was read on this axis with this laser: errors of it then move both."""
    convention: AxisConvention = "unknown"
    """Of the wavelengths that the shift was reckoned from; unknown ones are taken for those in
    air, and the budget has what that may be wrong by."""

    def __post_init__(self) -> None:
        check_sigma("laser wavelength", "nm", self.laser_sigma_nm)
        if not 180.0 < self.laser_nm < 1100.0:
            raise ConfigurationError(
                f"The laser of the Raman axis is given as {self.laser_nm} nm; give its wavelength "
                "in air, between 180 and 1100 nm."
            )

    def nm_per_laser_nm(self, wavelength_nm: float) -> float:
        """How far a wavelength moves with that of the laser, nm per nm."""
        return (wavelength_nm / self.laser_nm) ** 2

    def if_of_vacuum(self, wavelength_nm: float) -> float:
        """Where a line stands in air, in nm, if the shift was reckoned from vacuum wavelengths."""
        shift_cm1 = 1e7 / self.laser_nm - 1e7 / wavelength_nm
        light_nm = 1e7 / (1e7 / (self.laser_nm * air_index(self.laser_nm)) - shift_cm1)
        return light_nm / air_index(light_nm)


def raman_axis_terms(
    scale: Scale, line_nm: float, lambda0_nm: float | None, axis: RamanAxis | None
) -> tuple[BudgetTerm, ...]:
    """What the laser of a Raman axis adds to the uncertainty of a pressure.

    Parameters
    ----------
    scale : Scale
    line_nm : float
    lambda0_nm : float or None
        What the scale counts from, at the temperature of the line; None where from nothing.
    axis : RamanAxis or None
        None for an axis that was measured in nm: no terms.

    Returns
    -------
    tuple of BudgetTerm
        ``laser wavelength`` and ``air or vacuum``.
    """
    if axis is None:
        return ()
    sensitivity = scale.slope_by_observable(line_nm, lambda0_nm) * axis.nm_per_laser_nm(line_nm)
    shared = axis.holds_lambda0 and lambda0_nm is not None
    moved_nm = lambda0_nm
    if shared and lambda0_nm is not None:
        by_lambda0 = scale.slope_by_reference(line_nm, lambda0_nm)
        sensitivity += by_lambda0 * axis.nm_per_laser_nm(lambda0_nm)
        moved_nm = axis.if_of_vacuum(lambda0_nm)
    together = (
        "; lambda0 was read on the same axis with the same laser and moves along" if shared else ""
    )
    laser = BudgetTerm.from_input(
        "laser wavelength",
        "systematic",
        sensitivity=sensitivity,
        u=axis.laser_sigma_nm,
        unit="nm",
        note=f"of {axis.laser_nm:g} nm in air, from which the axis was reckoned; the line moves by "
        f"{axis.nm_per_laser_nm(line_nm):.2f} nm per nm{together}",
    )
    if axis.convention != "unknown":
        stated = f"the shift is stated to be of wavelengths in {axis.convention}"
        return laser, BudgetTerm("air or vacuum", "systematic", 0.0, stated)
    here, there = (
        scale.pressure_gpa(scale.argument(*pair))
        for pair in ((line_nm, lambda0_nm), (axis.if_of_vacuum(line_nm), moved_nm))
    )
    # the pressure stands at one end of the rectangle, so the full width over sqrt(3)
    width_gpa = there - here if math.isfinite(there) else 0.0
    air = BudgetTerm(
        "air or vacuum",
        "systematic",
        abs(width_gpa) / math.sqrt(3.0),
        "the shift is taken to be of wavelengths in air, as the laser's is; of those in vacuum it "
        f"would put the line {axis.if_of_vacuum(line_nm) - line_nm:+.3f} nm away{together}",
        between_gpa=(min(width_gpa, 0.0), max(width_gpa, 0.0)),
    )
    return laser, air
