"""The gasket: what it keeps of the load, how thin it gets, and the hole in it."""

import math

from simulators.twin.cell import LoadCurve
from simulators.twin.settings import GasketSettings, MicroscopeSettings

__all__ = ["GasketedLoad", "gasket_um", "hole_um"]


class GasketedLoad:
    """Force to equilibrium pressure with the memory of the highest force.

    Parameters
    ----------
    curve : LoadCurve
        First loading of a gasket that flows.
    settings : GasketSettings
        Kink at yield and what a thinned gasket does on the way back.
    force_kn : float
        Force at the start.
    """

    def __init__(self, curve: LoadCurve, settings: GasketSettings, force_kn: float) -> None:
        self._curve = curve
        self._settings = settings
        self._peak_kn = force_kn

    def pressure_gpa(self, force_kn: float) -> float:
        """Equilibrium pressure in GPa; a new highest force is remembered."""
        self._peak_kn = max(self._peak_kn, force_kn)
        pressure = self._curve.pressure_gpa(self._carried(force_kn))
        if force_kn < self._peak_kn and self._settings.unloading_gain > 0.0:
            back = max(force_kn, 0.0) / self._peak_kn
            pressure *= 1.0 + self._settings.unloading_gain * (1.0 - back)
        return pressure

    def _carried(self, force_kn: float) -> float:
        """Force on the sample: before the gasket yields it takes its part, then no more."""
        settings = self._settings
        return force_kn - settings.yield_kink * min(force_kn, settings.yield_kn)


def gasket_um(settings: GasketSettings, peak_gpa: float) -> float:
    """Thickness in um after the highest pressure so far; it never grows."""
    return settings.thickness_um / (1.0 + peak_gpa / settings.thinning_gpa) ** (
        settings.thinning_exponent
    )


def hole_um(
    microscope: MicroscopeSettings,
    gasket: GasketSettings,
    open_um: float,
    pressure_gpa: float,
    peak_gpa: float,
) -> float:
    """Mean diameter of the hole in um, `open_um` at 0 GPa before the first loading."""
    counts_gpa = pressure_gpa + gasket.hole_memory * max(peak_gpa - pressure_gpa, 0.0)
    lost = microscope.hole_shrink * -math.expm1(-counts_gpa / microscope.hole_scale_gpa)
    return open_um * (1.0 - lost)
