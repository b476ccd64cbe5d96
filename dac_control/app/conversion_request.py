"""What ``pressure`` is asked, and which questions it refuses."""

import math
from dataclasses import dataclass
from typing import Final

from dac_control.errors import ConfigurationError
from dac_control.gauges.scales import Scale
from dac_control.gauges.scales.diamond_edge import EDGE_LIMITS_CM1

__all__ = ["Request", "check_request"]

_PLAUSIBLE: Final = {
    "ruby": (690.0, 800.0, "R1 of ruby", "nm"),
    "srb4o7": (684.0, 735.0, "the 0-0 line of Sm:SrB4O7", "nm"),
    "diamond_edge": (*EDGE_LIMITS_CM1, "the Raman edge of an anvil", "cm-1"),
}

_NO_DEFAULT: Final = {"ruby": "published values spread by 0.13 nm, which is 0.35 GPa"}
_OWN_AXIS: Final = "every spectrometer has an axis of its own"


@dataclass(frozen=True, kw_only=True)
class Request:
    """What was asked; None is "not given"."""

    gauge: str = "ruby"
    scale: str | None = None
    observable: float | None = None
    pressure_gpa: float | None = None
    lambda0_nm: float | None = None
    nu0_cm1: float | None = None
    temperature_k: float | None = None
    lambda0_temperature_k: float | None = None
    correction: str | None = None


def check_request(request: Request, scale: Scale) -> None:
    """Refuse what is missing, contradictory, or cannot be what it is said to be.

    Raises
    ------
    ConfigurationError
        In one sentence, with the option.
    """
    if (request.observable is None) == (request.pressure_gpa is None):
        raise ConfigurationError("Give --observable or --pressure-gpa, one of them.")
    if request.pressure_gpa is not None and not math.isfinite(request.pressure_gpa):
        raise ConfigurationError(f"--pressure-gpa is {request.pressure_gpa}, which is no pressure.")
    _check_observable(request.observable, scale)
    _check_temperatures(request)
    _check_reference(request, scale)


def _check_observable(observable: float | None, scale: Scale) -> None:
    if observable is None:
        return
    where = "give a finite number"
    good = math.isfinite(observable)
    if scale.gauge in _PLAUSIBLE:
        low, high, what, unit = _PLAUSIBLE[scale.gauge]
        where, good = f"{what} lies between {low:g} and {high:g} {unit}", low <= observable <= high
    if not good:
        raise ConfigurationError(f"--observable is {observable:g} {scale.unit}; {where}.")


def _check_temperatures(request: Request) -> None:
    for option, kelvin in (
        ("--temperature-k", request.temperature_k),
        ("--lambda0-temperature-k", request.lambda0_temperature_k),
    ):
        if kelvin is not None and not 0.0 < kelvin < math.inf:
            raise ConfigurationError(f"{option} is {kelvin}, which is no temperature above 0 K.")
    if request.gauge != "ruby" and (
        request.lambda0_temperature_k is not None or request.correction is not None
    ):
        raise ConfigurationError(
            f"The gauge {request.gauge} has no temperature correction here; leave out "
            "--lambda0-temperature-k and --correction, and give the reference at the "
            "temperature of the line."
        )


def _check_reference(request: Request, scale: Scale) -> None:
    wrong, right = ("--nu0-cm1", "--lambda0-nm")
    given, other = request.lambda0_nm, request.nu0_cm1
    if scale.unit == "cm-1":
        wrong, right, given, other = right, wrong, other, given
    if other is not None:
        raise ConfigurationError(
            f"The observable of the gauge {scale.gauge} is in {scale.unit}: "
            f"give {right} instead of {wrong}."
        )
    if given is not None and not 0.0 < given < math.inf:
        raise ConfigurationError(f"{right} is {given}, which is no {scale.unit} value above 0.")
    # a gauge of the user's own may count from the reference that its file states, as in fit
    stated = scale.gauge not in _PLAUSIBLE and scale.reference is not None
    needs = scale.unit == "nm" and scale.form.argument != "absolute"
    if given is None and needs and not stated:
        raise ConfigurationError(
            f"--lambda0-nm is missing: the line of {scale.gauge} without pressure on the same "
            f"spectrometer. It has no default: {_NO_DEFAULT.get(scale.gauge, _OWN_AXIS)}."
        )
