"""Errors that the budget does not model, each as a change of the settings of a twin."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from simulators.twin import TwinSettings
from simulators.twin.port_settings import RubyShapeSettings

__all__ = ["FAMILIES", "MODELLED", "Family"]

MODELLED: Final = "modelled"
"""Only what the budget states."""

Change = Callable[[TwinSettings, np.random.Generator], TwinSettings]


@dataclass(frozen=True)
class Family:
    """A kind of error."""

    says: str
    change: Change
    gauges: tuple[str, ...] = ("ruby", "edge")
    """Those that feel it."""


def _unmodelled(**sigmas: float) -> Change:
    return lambda settings, _: replace(settings, unmodelled=replace(settings.unmodelled, **sigmas))


def _disturbed(**values: float) -> Change:
    return lambda settings, _: replace(
        settings, disturbance=replace(settings.disturbance, **values)
    )


def _anvil_light(settings: TwinSettings, _: np.random.Generator) -> TwinSettings:
    return replace(settings, anvil=replace(settings.anvil, luminescence=True))


def _heavy_tails(settings: TwinSettings, rng: np.random.Generator) -> TwinSettings:
    """Student's t with 2 degrees of freedom in units of the stated sigma, drawn once a ramp."""
    ruby, t = settings.ruby, rng.standard_t(2, 3)
    changed: dict[str, Any] = {
        "a_gpa": ruby.a_gpa + ruby.a_sigma_gpa * float(np.clip(t[0], -30.0, 30.0)),
        "c": ruby.c + ruby.c_sigma * float(np.clip(t[1], -30.0, 30.0)),
        "a_sigma_gpa": 0.0,
        "c_sigma": 0.0,
    }
    spectrometer = replace(
        settings.spectrometer,
        axis_drift_sigma_nm=settings.spectrometer.axis_drift_sigma_nm * abs(float(t[2])),
    )
    return replace(settings, ruby=replace(ruby, **changed), spectrometer=spectrometer)


def _other_shift(settings: TwinSettings, _: np.random.Generator) -> TwinSettings:
    return replace(settings, ruby=replace(settings.ruby, shift_sigma_nm=0.06))


def _real_lines(settings: TwinSettings, _: np.random.Generator) -> TwinSettings:
    return replace(settings, shape=RubyShapeSettings(real=True))


FAMILIES: Final[dict[str, Family]] = {
    MODELLED: Family("what the budget states", lambda settings, _: settings),
    "heavy-tails": Family("scale and axis: Student t, 2 degrees", _heavy_tails, ("ruby",)),
    "gradient": Family("chip 1 % off the sample", _unmodelled(gradient_part=0.01), ("ruby",)),
    "uniaxial": Family("uniaxial stress, 10 % of P", _unmodelled(uniaxial_part=0.1), ("ruby",)),
    "scale-form": Family(
        "form of the scale, 2 % at 100 GPa", _unmodelled(scale_bend=0.02), ("ruby",)
    ),
    "axis-bend": Family("axis bent, 0.05 nm at 50 nm", _unmodelled(axis_bend_nm=0.05), ("ruby",)),
    "axis-drift": Family(
        "axis drifts, 0.01 nm/h", _unmodelled(axis_drift_nm_per_h=0.01), ("ruby",)
    ),
    "other-shift": Family("shift with temperature, 0.06 nm", _other_shift, ("ruby",)),
    "warm-chip": Family(
        "light warms the chip, 10 K/mW", _unmodelled(heating_k_per_mw=10.0), ("ruby",)
    ),
    "sensor-offset": Family("sensor off by 5 K", _unmodelled(sensor_offset_k=5.0), ("ruby",)),
    "etalon": Family("fringes of 3 %", _disturbed(etalon=0.03)),
    "flicker": Family("laser flickers by 2 %", _disturbed(flicker=0.02)),
    "real-lines": Family("lines with tails, wings, N lines", _real_lines, ("ruby",)),
    "anvil-light": Family("light of the anvils over the ruby", _anvil_light, ("ruby",)),
    "edge-stress": Family(
        "edge of another stress, 3 %", _unmodelled(edge_stress_part=0.03), ("edge",)
    ),
}
