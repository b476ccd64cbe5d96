"""What is said of a Status that failed."""

from bluesky.utils import FailedStatus
from ophyd.status import Status

from dac_control.errors import InstrumentError
from plans.failures import cause_of


def failed(text: str) -> FailedStatus:
    status = Status()
    status.set_exception(InstrumentError(text))
    assert isinstance(status.exception(timeout=5.0), InstrumentError)
    return FailedStatus(status)


def test_the_first_failure_is_named_where_a_second_one_followed() -> None:
    first, second = failed("The lamp does not answer."), failed("The lamp still does not answer.")
    try:
        raise first from second
    except FailedStatus as error:
        assert str(cause_of(error)) == "The lamp does not answer."
