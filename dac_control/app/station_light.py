"""What a station's instruments and its table ``[light]`` must agree on, and what follows."""

from collections.abc import Mapping, Sequence

from dac_control.app.device_tables import Devices
from dac_control.app.light_tables import LIGHT_ROLES, LightLimit, LightTable
from dac_control.errors import LimitError
from dac_control.safety.light.arming import LAMP
from dac_control.safety.light.budget import EVERY_SPOT
from dac_control.safety.limits import StepLimits
from devices.drivers.spot_role import GASKET, ON_THE_LAMP, SAMPLE, home_of

__all__ = ["arm_needs", "lit_places", "refuse_light", "refuse_limits"]

_PICTURE = "[devices.microscope]"
_REFLECTANCE = f'[devices.lamp] and the places "{GASKET}" and "{SAMPLE}" in [devices.spots]'


def arm_needs(devices: Devices, light: LightTable, limits: StepLimits) -> tuple[str, ...]:
    """What must be on record before a laser shoots at high pressure.

    What `light` states, or else everything that the station can see without its laser. Where its
    limits keep it from high pressure, a pressure that nobody knows is the only reason left: then
    the picture, which asks nobody for anything.
    """
    if light.arm_needs is not None:
        return light.arm_needs
    if devices.laser is None:
        return ()
    reflectance = _comes_to_high_pressure(light, limits) and _sees_reflectance(devices)
    taken = {"picture": devices.microscope is not None, "reflectance": reflectance}
    return tuple(what for what, can in taken.items() if can)


def refuse_light(devices: Devices, light: LightTable, limits: StepLimits) -> None:
    """Raise `LimitError` for a light without optics, or a laser that would shoot unseen."""
    for role in LIGHT_ROLES:
        source = getattr(devices, role)
        if source is not None and source.light not in light.beams:
            raise LimitError(
                f"[devices.{role}] shines at {source.light}, and "
                f"[light.beams.{source.light}] is missing; state spot_um (or area_um2) and "
                "transmission there, since its light is charged to the specimen",
                key=f"devices.{role}",
            )
    if "picture" in (light.arm_needs or ()) and devices.microscope is None:
        raise LimitError(
            f"light.arm_needs asks for a picture, and there is no {_PICTURE}",
            key="light.arm_needs",
        )
    if "reflectance" in (light.arm_needs or ()) and not _sees_reflectance(devices):
        raise LimitError(
            f"light.arm_needs asks for the reflectance, which needs {_REFLECTANCE}",
            key="light.arm_needs",
        )
    if devices.laser is None or light.arm_needs is not None or arm_needs(devices, light, limits):
        return
    if _comes_to_high_pressure(light, limits):
        raise LimitError(
            f"this laser could shoot at {limits.pressure_limit_gpa:g} GPa "
            f"(limits.pressure_limit_gpa), and from {light.arm_above_gpa:g} GPa on "
            "(light.arm_above_gpa) what can be seen without it is seen first: a picture, which "
            f"needs {_PICTURE}, and the reflectance, which needs {_REFLECTANCE}; declare what is "
            "there, or write arm_needs = [] in [light] to let it shoot without either",
            key="devices.laser",
        )


def lit_places(
    devices: Devices, light: LightTable, gauges: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Places where each light that is accounted for can fall, by its label.

    Those that somebody can find, and where the optics of each gauge look without being told; the
    lamps', where the light of calibrations falls.
    """
    found = () if devices.spots is None else devices.spots.places
    homes = tuple(home_of(gauge) for gauge in gauges)
    return {
        label: tuple(dict.fromkeys((*found, *((ON_THE_LAMP,) if label == LAMP else homes))))
        for label in light.beams
    }


def refuse_limits(
    limits: Sequence[LightLimit], lit: Mapping[str, Sequence[str]], table: str = "light"
) -> None:
    """Raise `LimitError` for a limit that no light could ever touch: it would look kept.

    Parameters
    ----------
    limits : sequence of LightLimit
        Of a station file, a run file, or a stage.
    lit : mapping
        As `lit_places` gives it.
    table : str
        Where the limits stand in their file.
    """
    for number, limit in enumerate(limits):
        places = lit.get(limit.light)
        if places is None:
            raise LimitError(
                f"this limits {limit.light}, and the station accounts for "
                f"{', '.join(lit) or 'no light'}; is it spelled right? If there is such a light, "
                "state its optics in [light.beams] of the station file",
                key=f"{table}.limits.{number}.light",
            )
        if limit.spot not in (EVERY_SPOT, *places):
            raise LimitError(
                f"this limits {limit.light} on {limit.spot!r}, and it falls on "
                f"{', '.join(places) or 'no place'}; is it spelled right? If the optics can look "
                "there, name it in places of [devices.spots] in the station file",
                key=f"{table}.limits.{number}.spot",
            )


def _comes_to_high_pressure(light: LightTable, limits: StepLimits) -> bool:
    return limits.pressure_limit_gpa >= light.arm_above_gpa


def _sees_reflectance(devices: Devices) -> bool:
    places = set() if devices.spots is None else set(devices.spots.places)
    return devices.lamp is not None and {GASKET, SAMPLE} <= places
