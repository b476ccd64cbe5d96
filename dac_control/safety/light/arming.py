"""What must be on record before a laser may shoot at high pressure. Pure.

Laser light can end a specimen (the anvils of the metallic-hydrogen cell of 2017 failed under a
low-power laser). So what can be seen without it is seen first: at every step, the picture, and
the reflectance where the station can measure it.
"""

import math

from dac_control.errors import LimitError

__all__ = ["LAMP", "LaserArming"]

LAMP = "lamp"
"""Label of a light that is no laser."""
PICTURE, REFLECTANCE = "picture", "reflectance"
_WORDS = {PICTURE: "a picture", REFLECTANCE: "the reflectance"}


class LaserArming:
    """Keeps what was taken at the present step, and says whether a laser may shoot.

    Parameters
    ----------
    above_gpa : float
        Pressure from which on the rule holds; infinite for never.
    needs : tuple of str
        Of ``"picture"`` and ``"reflectance"``: the picture alone where there is no reflectance.
    """

    def __init__(
        self, above_gpa: float = math.inf, needs: tuple[str, ...] = (PICTURE, REFLECTANCE)
    ) -> None:
        unknown = sorted(set(needs) - set(_WORDS))
        if unknown or math.isnan(above_gpa):
            raise LimitError(
                f"The rule of arming cannot ask for {', '.join(unknown) or above_gpa}; it knows "
                f"{', '.join(_WORDS)} and a pressure in GPa."
            )
        self.above_gpa = above_gpa
        self.needs = needs
        self._step: int | None = None
        self._taken: set[str] = set()

    def begin_step(self, number: int) -> None:
        """A step begins, so nothing of it is on record yet; the same number again is no step."""
        if number != self._step:
            self._step = number
            self._taken.clear()

    def note(self, what: str) -> None:
        """Say that a picture or the reflectance of the present step is on record."""
        if what not in _WORDS:
            raise LimitError(f"{what!r} arms no laser; there are {', '.join(_WORDS)}.")
        self._taken.add(what)

    @property
    def missing(self) -> tuple[str, ...]:
        """What is not on record yet at the present step."""
        return tuple(each for each in self.needs if each not in self._taken)

    def holds_at(self, pressure_gpa: float | None) -> bool:
        """True where the rule holds: from `above_gpa` on, and wherever nobody knows."""
        low = pressure_gpa is not None and pressure_gpa < self.above_gpa
        return not low and not math.isinf(self.above_gpa)

    def check(self, light: str, pressure_gpa: float | None) -> None:
        """Raise `LimitError` unless `light` may shine.

        Parameters
        ----------
        light : str
            Its label; the lamp always may.
        pressure_gpa : float or None
            Highest pressure that the cell may be at; None or NaN where nobody knows, which counts
            as high.
        """
        if light == LAMP or not self.missing or not self.holds_at(pressure_gpa):
            return
        what = " and ".join(_WORDS[each] for each in self.missing)
        where = (
            "an unknown pressure"
            if pressure_gpa is None or math.isnan(pressure_gpa)
            else f"{pressure_gpa:.1f} GPa"
        )
        raise LimitError(
            f"{light} may not shine at {where} before {what} of this step is on record (the rule "
            f"holds from {self.above_gpa:g} GPa on); nothing was lit. Take "
            f"{what} first, or change arm_above_gpa in the station file."
        )
