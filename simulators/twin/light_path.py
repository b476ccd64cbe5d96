"""What comes between a light and its detector, and how steady the light is."""

import math

import numpy as np

from simulators.twin.further_draws import Further
from simulators.twin.physics import Moment
from simulators.twin.port_settings import DisturbanceSettings

__all__ = ["LightPath"]


class LightPath:
    """Window, lamp and flicker of one twin.

    Parameters
    ----------
    settings : DisturbanceSettings
    further : Further
        True constants.
    rng : numpy.random.Generator
        Stream of the flicker.
    """

    def __init__(
        self, settings: DisturbanceSettings, further: Further, rng: np.random.Generator
    ) -> None:
        self._settings = settings
        self._further = further
        self._rng = rng

    def window(self, moment: Moment) -> float:
        """Light that passes the window once."""
        settings = self._settings
        return 1.0 - settings.ice_opacity * moment.condition.ice(moment.lab_s, settings.ice_s)

    def lamp(self, moment: Moment) -> float:
        """Light of the lamp that is switched on, against a new one."""
        if moment.lab_s >= moment.condition.lamp_dead_s:
            return 0.0
        turn = 2.0 * math.pi * moment.lab_s / self._settings.lamp_drift_period_s
        return 1.0 + self._settings.lamp_drift * math.sin(turn + self._further.lamp_phase)

    def flicker(self) -> float:
        """Factor on the light of one exposure."""
        flicker = self._settings.flicker
        if flicker <= 0.0:
            return 1.0
        return max(1.0 + flicker * float(self._rng.standard_normal()), 0.0)
