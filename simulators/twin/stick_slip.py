"""Force that sticks and slips: static friction above sliding friction.

The force on the anvils stays where it is until what the springs ask for is a random distance
away; then it jumps there. What is held back when the screw stands comes off after a random
time. Distances and times are drawn one after the other, so the same turns end in the same place
however a move was split and whenever anybody looked.
"""

import math

import numpy as np

from simulators.twin.specimen_settings import StickSlipSettings

__all__ = ["StickSlip"]

SMALLEST_KN = 0.05
"""Below this force a jump is no smaller."""


class StickSlip:
    """Demanded to transmitted force.

    Parameters
    ----------
    settings : StickSlipSettings
        Size and waiting time of jumps.
    force_kn : float
        Force at the start, nothing held back.
    rng : numpy.random.Generator
        Stream of the jumps, used for nothing else.
    """

    def __init__(
        self, settings: StickSlipSettings, force_kn: float, rng: np.random.Generator
    ) -> None:
        self._settings = settings
        self._rng = rng
        self._asked_kn = force_kn
        self.force_kn = force_kn
        self.jumps = 0
        self.due_s = math.inf
        """Laboratory time at which what is held back comes off."""
        self._part, self._wait_s = self._drawn()

    def pull(self, force_kn: float, lab_s: float, temperature_k: float) -> float:
        """Ask for a force, reached monotonically; return the force that is transmitted, kN."""
        if self._settings.mean_part <= 0.0:
            self.force_kn = force_kn
            return force_kn
        cold = (300.0 / max(temperature_k, 4.0)) ** self._settings.cold_exponent
        if force_kn == self._asked_kn:
            return self.force_kn
        self._asked_kn = force_kn
        while True:
            gap = force_kn - self.force_kn
            threshold = self._part * cold * max(self.force_kn, SMALLEST_KN)
            if abs(gap) < threshold:
                break
            self._slip(self.force_kn + math.copysign(threshold, gap))
        self.due_s = lab_s + self._wait_s if gap else math.inf
        return self.force_kn

    def release(self) -> float:
        """Let go of what is held back; return the force, kN."""
        if self.force_kn != self._asked_kn:
            self._slip(self._asked_kn)
        self.due_s = math.inf
        return self.force_kn

    def _slip(self, force_kn: float) -> None:
        self.force_kn = force_kn
        self.jumps += 1
        self._part, self._wait_s = self._drawn()

    def _drawn(self) -> tuple[float, float]:
        """Size of the next jump as part of the force, and how long it would wait."""
        size, wait = self._rng.standard_exponential(2)
        # never so small that a turn takes thousands of jumps
        part = self._settings.mean_part * max(float(size), 0.05)
        return part, self._settings.mean_wait_s * float(wait)
