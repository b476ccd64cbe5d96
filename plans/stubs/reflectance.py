"""Light of the lamp from gasket and sample, and through the cell, each with the lamp off, too."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from bluesky.utils import MsgGenerator, plan

from dac_control.errors import LimitError, NotMeasured
from dac_control.reflectance import DarkReading, LightReading
from devices.drivers.spot_role import GASKET, SAMPLE
from devices.spectrometer import Spectrometer
from plans.instruments import Instruments
from plans.optics_settings import ReflectanceSettings
from plans.stubs.aim import aim_at, check_spot
from plans.stubs.white_light import in_the_dark, in_the_light

__all__ = [
    "ReflectanceReadings",
    "check_reflectance",
    "check_transmission",
    "take_reflectance",
    "take_transmission",
]

Taken = TypeVar("Taken")

SHORTER_BY = 3.0
"""Factor by which the exposure shrinks after saturation."""


@dataclass(frozen=True, kw_only=True)
class ReflectanceReadings:
    """What an evaluation needs of one step."""

    sample: LightReading
    references: tuple[LightReading, LightReading]
    """The gasket before the sample and after it, which bounds the drift of the lamp."""


def check_reflectance(instruments: Instruments) -> Spectrometer:
    """Return the spectrometer that reflectance is seen with.

    Raises
    ------
    LimitError
        If the station has no lamp that can be switched, or its optics find no gasket or sample.
    """
    if instruments.lamp is None:
        raise LimitError(
            "Reflectance needs white light that can be switched off, since without a dark "
            "spectrum nothing is known; declare [devices.lamp]. Nothing was lit."
        )
    for spot in (GASKET, SAMPLE):
        check_spot(instruments, spot, "")
    return instruments.white_spectrometer


def check_transmission(instruments: Instruments, spot: str) -> Spectrometer:
    """Return the spectrometer that light through the cell is seen with.

    Raises
    ------
    LimitError
        If no lamp shines through the cell, or the optics cannot look at `spot`.
    """
    if instruments.lamp_behind is None:
        raise LimitError(
            "The absorption of the anvils needs a lamp that shines through the cell; declare "
            "[devices.lamp_behind]. Nothing was lit."
        )
    check_spot(instruments, spot, "")
    return instruments.white_spectrometer


@plan
def take_reflectance(
    instruments: Instruments, settings: ReflectanceSettings
) -> MsgGenerator[ReflectanceReadings]:
    """Take gasket, sample and gasket again in the lamp's light, as events of ``reflectance``.

    At gasket and sample a spectrum with the lamp off comes first: the detector's dark at the one,
    the background of room and optics at the other. Each event says where the optics looked and
    whether the lamp was on. The laser stays dark.

    Parameters
    ----------
    instruments : Instruments
        The laboratory, with lamp and stage.
    settings : ReflectanceSettings
        Exposure and averages, the same for all of them.

    Raises
    ------
    LimitError
        Where the station cannot do it, or the budget of light does not allow it.
    NotMeasured
        If the detector is saturated even in the shortest of the exposures.
    """
    spectrometer = check_reflectance(instruments)
    around = partial(_around, instruments, spectrometer)
    return (yield from _less_until_it_fits(spectrometer, settings, around))


@plan
def take_transmission(
    instruments: Instruments, settings: ReflectanceSettings, spot: str
) -> MsgGenerator[LightReading]:
    """Take what of the lamp behind the cell passes it at one place, as events of ``transmission``.

    Parameters
    ----------
    instruments : Instruments
        The laboratory, with a lamp behind the cell.
    settings : ReflectanceSettings
        Exposure and averages.
    spot : str
        Where light passes: ``sample``, or a clear place beside it.

    Raises
    ------
    LimitError, NotMeasured
        As for `take_reflectance`.
    """
    spectrometer = check_transmission(instruments, spot)
    through = partial(_through, instruments, spectrometer, spot)
    return (yield from _less_until_it_fits(spectrometer, settings, through))


def _less_until_it_fits(
    spectrometer: Spectrometer,
    settings: ReflectanceSettings,
    take: Callable[[ReflectanceSettings], MsgGenerator[Taken | None]],
) -> MsgGenerator[Taken]:
    """Take something in the light of a lamp, with less exposure where that saturates."""
    now, last_s = settings, settings.exposure_s
    for _ in range(settings.attempts):
        found = yield from take(now)
        if found is not None:
            return found
        last_s, shortest_s = now.exposure_s, spectrometer.exposure_limits_s[0]
        now = replace(now, exposure_s=max(last_s / SHORTER_BY, shortest_s))
    raise NotMeasured(
        f"{spectrometer.name} is saturated by the lamp in {settings.attempts} exposures, the "
        f"shortest {last_s:.3g} s; lower exposure_s in the run file, or the lamp."
    )


def _around(
    instruments: Instruments, spectrometer: Spectrometer, taken: ReflectanceSettings
) -> MsgGenerator[ReflectanceReadings | None]:
    """The whole sequence; None as soon as a reading is saturated."""
    found: list[LightReading] = []
    darks: dict[str, DarkReading] = {}
    how = (instruments, spectrometer, taken, instruments.lamp, "reflectance")
    for spot in (GASKET, SAMPLE, GASKET):
        yield from aim_at(instruments, spot)
        if spot not in darks:
            darks[spot] = yield from in_the_dark(*how)
        reading = yield from in_the_light(*how, spot, darks[spot])
        if reading is None:
            return None
        found.append(reading)
    before, sample, after = found
    return ReflectanceReadings(sample=sample, references=(before, after))


def _through(
    instruments: Instruments, spectrometer: Spectrometer, spot: str, taken: ReflectanceSettings
) -> MsgGenerator[LightReading | None]:
    how = (instruments, spectrometer, taken, instruments.lamp_behind, "transmission")
    yield from aim_at(instruments, spot)
    dark = yield from in_the_dark(*how)
    return (yield from in_the_light(*how, spot, dark))
