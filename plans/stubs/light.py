"""Light on the specimen: within the budget, for one plan, and off again whatever happens."""

from collections.abc import Sequence
from typing import Any

import bluesky.plan_stubs as bps
from bluesky.utils import MsgGenerator, plan

from dac_control.errors import InstrumentError, LimitError
from dac_control.safety.light import LightLimits
from devices.laser import Laser
from plans.instruments import Instruments, LightSource
from plans.stubs.aim import check_aim
from plans.stubs.parameters import choose
from plans.stubs.trigger_all import trigger_all

__all__ = ["lit", "shut_what_was_left", "within_limits"]


@plan
def lit(
    instruments: Instruments,
    inner: MsgGenerator[Any],
    spot: str,
    seconds: float,
    *,
    power_mw: float | None = None,
    pressure_gpa: float | None = None,
    light: LightSource | None = None,
) -> MsgGenerator[Any]:
    """Open the light, carry out a plan, shut the light on every exit.

    Parameters
    ----------
    instruments : Instruments
        The laboratory.
    inner : generator of messages
        What is done while the light is open. It is not begun where the light is refused.
    spot : str
        Where the light falls: ``chip``, ``sample``, ``anvil near`` ...
    seconds : float
        Laboratory time for which it is expected to be open.
    power_mw : float, optional
        At the head; by default what the light is set to.
    pressure_gpa : float, optional
        Highest pressure that the cell may be at; None where nobody knows, which counts as high.
    light : LightSource, optional
        Instead of the light of `instruments`.

    Returns
    -------
    Any
        What `inner` returned.

    Raises
    ------
    LimitError
        Before anything is lit: beyond the budget, the optics look elsewhere, or the laser is not
        armed at this pressure.
    InstrumentError
        If the light went dark before `inner` was done: what was taken meanwhile is not what it
        looks like.
    """
    source: Any = instruments.light if light is None else light
    if source is None:
        inner.close()
        raise LimitError("This station has no light that could be opened; nothing was measured.")
    # an account stands behind a laser or lamp of ours; any other light is only opened and shut
    accounted = isinstance(source, Laser)
    try:
        if accounted:
            check_aim(instruments, spot)
            yield from _ask_for(source, spot, seconds, power_mw, pressure_gpa)
    except BaseException:
        inner.close()
        raise
    try:
        result = yield from _opened(source, inner, accounted)
    except GeneratorExit:
        _stop(source)
        raise
    except BaseException as error:
        yield from _shut_after(source, error)
        raise
    yield from _shut(source)
    return result


def _ask_for(
    source: Any,
    spot: str,
    seconds: float,
    power_mw: float | None,
    pressure_gpa: float | None,
) -> MsgGenerator[None]:
    power = float(source.next_power_mw.get()) if power_mw is None else power_mw
    source.account.arming.check(source.label, pressure_gpa)
    source.check_opening(spot, power, seconds)
    yield from choose(
        (source.next_spot, spot), (source.next_power_mw, power), (source.next_open_s, seconds)
    )


def _shut_after(source: Any, error: BaseException) -> MsgGenerator[None]:
    """Shut the light; whatever that raises, an interruption stays what it was.

    A stop that came with it fails the Status of the closing, and that failure, taken for one of
    the measurement, would let the run go on.
    """
    try:
        yield from _shut(source)
    except Exception as later:
        _stop(source)
        raise error from later
    except BaseException:
        _stop(source)
        raise


def _stop(source: Any) -> None:
    # does no I/O here: it asks the device's stop lane
    if hasattr(source, "stop"):
        source.stop()


def _shut(source: Any) -> MsgGenerator[None]:
    yield from bps.abs_set(source, False, wait=True)


def _opened(source: Any, inner: MsgGenerator[Any], accounted: bool) -> MsgGenerator[Any]:
    yield from bps.abs_set(source, True, wait=True)
    result = yield from inner
    if accounted:
        # the power that belongs to what was just taken
        yield from trigger_all([source])
        if not source.is_on.get():
            raise InstrumentError(
                f"{source.name} went dark while something was measured in its light "
                f"({source.fault.get() or 'no reason given'}); that measurement does not count."
            )
    return result


def shut_what_was_left(instruments: Instruments) -> MsgGenerator[None]:
    """Have people switch off what an earlier session left to them, before anything is measured.

    A white lamp that shines on lies under every spectrum, and its light is charged to nobody.

    Raises
    ------
    FailedStatus
        If nobody says that it is off.
    """
    for light in instruments.lights:
        if isinstance(light, Laser) and light.in_doubt:
            yield from _shut(light)


@plan
def within_limits(
    instruments: Instruments, inner: MsgGenerator[Any], limits: Sequence[LightLimits]
) -> MsgGenerator[Any]:
    """Carry out a plan under limits of light of its own, beside the station's.

    Parameters
    ----------
    instruments : Instruments
        The laboratory; without a light that is accounted for there is nothing to limit.
    inner : generator of messages
        The plan.
    limits : sequence of LightLimits
        They hold until it is over.
    """
    lights = instruments.lights
    account = next((light.account for light in lights if isinstance(light, Laser)), None)
    if account is None or not limits:
        return (yield from inner)
    before = account.run_limits
    account.limit_run((*before, *limits))
    try:
        return (yield from inner)
    finally:
        account.limit_run(before)
