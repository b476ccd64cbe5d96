"""What a station's instruments and its table ``[light]`` must agree on, and what follows."""

from dac_control.app.device_tables import Devices
from dac_control.app.light_tables import LightTable
from dac_control.app.toml_file import MistakeAt
from dac_control.safety.limits import StepLimits
from devices.drivers.spot_role import GASKET, SAMPLE

__all__ = ["arm_needs", "refuse_light"]

_LIGHTS = ("laser", "lamp", "lamp_behind", "line_lamp")
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
    """Raise `MistakeAt` for a light without optics, or a laser that would shoot unseen."""
    for role in _LIGHTS:
        source = getattr(devices, role)
        if source is not None and source.light not in light.beams:
            raise MistakeAt(
                f"devices.{role}",
                f"[devices.{role}] shines at {source.light}, and "
                f"[light.beams.{source.light}] is missing; state spot_um (or area_um2) and "
                "transmission there, since its light is charged to the specimen",
            )
    if "picture" in (light.arm_needs or ()) and devices.microscope is None:
        raise MistakeAt(
            "light.arm_needs", f"light.arm_needs asks for a picture, and there is no {_PICTURE}"
        )
    if "reflectance" in (light.arm_needs or ()) and not _sees_reflectance(devices):
        raise MistakeAt(
            "light.arm_needs",
            f"light.arm_needs asks for the reflectance, which needs {_REFLECTANCE}",
        )
    if devices.laser is None or light.arm_needs is not None or arm_needs(devices, light, limits):
        return
    if _comes_to_high_pressure(light, limits):
        raise MistakeAt(
            "devices.laser",
            f"this laser could shoot at {limits.pressure_limit_gpa:g} GPa "
            f"(limits.pressure_limit_gpa), and from {light.arm_above_gpa:g} GPa on "
            "(light.arm_above_gpa) what can be seen without it is seen first: a picture, which "
            f"needs {_PICTURE}, and the reflectance, which needs {_REFLECTANCE}; declare what is "
            "there, or write arm_needs = [] in [light] to let it shoot without either",
        )


def _comes_to_high_pressure(light: LightTable, limits: StepLimits) -> bool:
    return limits.pressure_limit_gpa >= light.arm_above_gpa


def _sees_reflectance(devices: Devices) -> bool:
    places = set() if devices.spots is None else set(devices.spots.places)
    return devices.lamp is not None and {GASKET, SAMPLE} <= places
