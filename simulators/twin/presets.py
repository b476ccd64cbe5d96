"""Kinds of cells, as they come from the drawing board and as they behave in a laboratory.

The plain ones are quiet: what they do is screw, load curve, relaxation, thermal coupling and
drawn systematic errors. Those with "_realistic" behind their name have every disturbance on.
All numbers are model defaults, chosen so that a cell reaches what cells of its kind reach.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from simulators.twin.port_settings import DisturbanceSettings, RubyShapeSettings
from simulators.twin.settings import (
    AnvilSettings,
    CellSettings,
    FailureSettings,
    GasketSettings,
    MicroscopeSettings,
    ScrewSettings,
    SpectrometerSettings,
    StickSlipSettings,
    TwinSettings,
)

__all__ = ["PRESETS", "preset"]

LONG_AXIS = (680.0, 0.0545, -5.0e-7, 0.0)
"""680 to 790 nm: R1 up to 280 GPa and beyond."""


def _four_pin() -> TwinSettings:
    """Culets of 300 um, to about 60 GPa: the default."""
    return TwinSettings()


def _bevelled() -> TwinSettings:
    """Culets of 30 um with a bevel: 400 GPa near 2.5 turns, where they cup a second time."""
    return TwinSettings(
        cell=CellSettings(
            pmax_gpa=640.0, f0_kn=4.0, exponent=1.2, cupping_gpa=280.0, cupping_part=0.55
        ),
        screw=ScrewSettings(stiffness_kn_per_mm=13.0, stall_force_kn=14.0),
        anvil=AnvilSettings(luminescence=True),
        spectrometer=SpectrometerSettings(coefficients=LONG_AXIS),
        microscope=MicroscopeSettings(
            um_per_pixel=0.06, hole_um=18.0, blur_um=0.45, hole_shrink=0.5, hole_scale_gpa=200.0
        ),
    )


def _toroidal() -> TwinSettings:
    """A torus milled about a tip of 16 um: beyond 700 GPa."""
    bevelled = _bevelled()
    return replace(
        bevelled,
        cell=CellSettings(pmax_gpa=1150.0, f0_kn=4.9, exponent=1.15),
        microscope=replace(bevelled.microscope, um_per_pixel=0.04, hole_um=10.0, blur_um=0.40),
    )


def _realistic(base: TwinSettings, *, scale_gpa: float) -> TwinSettings:
    """Switch on whatever disturbs; `scale_gpa` is that of the failure hazard."""
    return replace(
        base,
        cosmic_rate=0.05,
        cell=replace(base.cell, thermal_hysteresis_k=20.0),
        stick_slip=StickSlipSettings(mean_part=0.005),
        gasket=GasketSettings(hole_memory=0.9, unloading_gain=0.12, yield_kn=0.4, yield_kink=0.15),
        failure=FailureSettings(hazard=True, scale_gpa=scale_gpa, light_from_gpa=3.8 * scale_gpa),
        anvil=replace(base.anvil, luminescence=True),
        shape=RubyShapeSettings(real=True),
        disturbance=DisturbanceSettings(
            flicker=0.01,
            lamp_drift=0.03,
            etalon=0.015,
            focus_um_per_k=0.15,
            focus_um_per_day=3.0,
        ),
    )


PRESETS: dict[str, Callable[[], TwinSettings]] = {
    "four_pin": _four_pin,
    "bevelled": _bevelled,
    "toroidal": _toroidal,
    "four_pin_realistic": lambda: _realistic(_four_pin(), scale_gpa=25.0),
    "bevelled_realistic": lambda: _realistic(_bevelled(), scale_gpa=79.0),
    "toroidal_realistic": lambda: _realistic(_toroidal(), scale_gpa=170.0),
}
"""Settings by name; hazards of large culets and of tori are scaled from those of 30 um culets."""


def preset(name: str, **changes: Any) -> TwinSettings:
    """Return the settings of a kind of cell, with some fields changed.

    Raises
    ------
    ValueError
        If there is no such preset.
    """
    if name not in PRESETS:
        raise ValueError(f"The twin has the presets {', '.join(PRESETS)}, not {name!r}.")
    return replace(PRESETS[name](), **changes)
