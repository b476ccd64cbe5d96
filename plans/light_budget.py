"""Whether a plan can make its exposures, and has the light for them left. Lights nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dac_control.errors import LimitError
from dac_control.safety.light import Exposures, Spot
from devices.laser import Laser
from devices.spectrometer import Spectrometer
from plans.gauge_settings import REFERENCE
from plans.instruments import Instruments
from plans.looks import LAMP, LAMP_BEHIND, LINE_LAMP, LookRules, Looks

__all__ = [
    "LightOf",
    "check_budget",
    "check_looks",
    "check_spectrometers",
    "exposures_of",
    "rules_of",
]


@dataclass(frozen=True, kw_only=True)
class LightOf:
    """The light of a gauge, or a lamp, as the account of light knows it."""

    light: str
    """Its label."""
    power_mw: float
    """At the head."""
    home: str = ""
    """Where it falls unless the plan says otherwise."""


def exposures_of(
    looks: Iterable[Looks], lights: Mapping[str, LightOf]
) -> dict[Spot, tuple[Exposures, ...]]:
    """Add up looks by light and spot, what needs most light first: a refusal then names that.

    Parameters
    ----------
    looks : iterable of Looks
        Of one plan, or of several that follow each other.
    lights : mapping
        By gauge or lamp; what has no light that is accounted for is left out.
    """
    alike: dict[Spot, dict[tuple[float, float], list[Looks]]] = {}
    for each in looks:
        light = lights.get(each.by)
        if light is not None:
            rows = alike.setdefault((light.light, each.spot or light.home), {})
            rows.setdefault((light.power_mw, each.open_s), []).append(each)
    found = {
        spot: tuple(
            Exposures(
                power_mw=power_mw,
                exposure_s=open_s,
                count=sum(each.count for each in like),
                fewer_by=tuple(dict.fromkeys(each.fewer_by for each in like if each.fewer_by)),
            )
            for (power_mw, open_s), like in rows.items()
        )
        for spot, rows in alike.items()
    }
    return dict(sorted(found.items(), key=lambda item: -sum(map(_head_mj, item[1]))))


def _head_mj(exposures: Exposures) -> float:
    """Energy at the head."""
    return exposures.power_mw * exposures.exposure_s * exposures.count


def check_looks(instruments: Instruments, looks: Iterable[Looks]) -> None:
    """Refuse a plan whose exposures its spectrometers cannot make, or the budget does not allow.

    Raises
    ------
    LimitError
        Saying what can be asked for or is left, and what would make it possible.
    """
    wanted = list(looks)
    check_spectrometers(instruments, wanted)
    check_budget(instruments, wanted)


def check_spectrometers(instruments: Instruments, looks: Iterable[Looks]) -> None:
    """Raise `LimitError` for an exposure that the spectrometer it is for cannot make."""
    for each in looks:
        try:
            _spectrometer_of(instruments, each).check_exposure(each.exposure_s)
        except LimitError as error:
            where = f", {each.key} of the station file" if each.of_station else ""
            raise LimitError(
                f"{each.by}{where}: {error}", key=each.key, of_station=each.of_station
            ) from None


def _spectrometer_of(instruments: Instruments, look: Looks) -> Spectrometer:
    if look.by in (LAMP, LAMP_BEHIND, LINE_LAMP) and not look.seen_by:
        return instruments.white_spectrometer
    return instruments.gauge(look.seen_by or look.by).spectrometer


def check_budget(
    instruments: Instruments, looks: Iterable[Looks], *, as_seen: bool = False
) -> None:
    """Raise `LimitError` for looks whose light the budget does not allow.

    With `as_seen` each opening counts for as long as those before it on the same spot: a light is
    open for longer than it exposes.
    """
    wanted = list(looks)
    sources = _sources(instruments) if wanted else {}
    needed = [each for each in wanted if each.by in sources]
    lights = {
        name: LightOf(light=light.label, power_mw=float(light.next_power_mw.get()), home=home)
        for name, (light, home) in sources.items()
    }
    for name in {each.by for each in needed}:
        sources[name][0].check_power(lights[name].power_mw)
    for (label, spot), rows in exposures_of(needed, lights).items():
        # all lights of a station share one account
        account = sources[needed[0].by][0].account
        late_s = account.dose(label, spot).later_by_s if as_seen else 0.0
        account.check(label, spot, *(replace(each, late_s=late_s) for each in rows))


def rules_of(instruments: Instruments) -> LookRules:
    """Return what of these instruments adds to the looks of every plan."""
    light: Any = instruments.light
    last = instruments.cryostat.last
    rules = LookRules(
        limits=instruments.limits,
        reference=REFERENCE in instruments.further_gauges,
        cell_k=None if last is None else last.cell_temperature_k,
        rate_k_per_min=instruments.cryostat.rate_k_per_min,
    )
    if not isinstance(light, Laser) or "reflectance" not in light.account.arming.needs:
        return rules
    return replace(
        rules,
        armed_by=instruments.reflectance,
        armed_from_gpa=light.account.arming.above_gpa,
    )


def _sources(instruments: Instruments) -> dict[str, tuple[Laser, str]]:
    """Lights with an account, and where they fall, by gauge or lamp."""
    found: dict[str, tuple[Any, str]] = {
        name: (optics.light, optics.spot) for name, optics in instruments.gauges.items()
    }
    found |= {
        LAMP: (instruments.lamp, ""),
        LAMP_BEHIND: (instruments.lamp_behind, ""),
        LINE_LAMP: (instruments.line_lamp, ""),
    }
    return {name: each for name, each in found.items() if isinstance(each[0], Laser)}
