"""What is ordered to go wrong in a rehearsal does, at its time."""

from pathlib import Path

import pytest

from dac_control.app.rehearsal.faults import order_of
from dac_control.app.rehearsal.rehearsal import rehearse_once
from dac_control.app.run_file import load_run_file
from dac_control.app.station import load_station
from dac_control.errors import ConfigurationError

EXAMPLES = Path(__file__).parents[4] / "examples"


@pytest.mark.parametrize(
    "text", ["ice", "ice@2", "snow@2h", "ice@-1h", "ice@nanh", "ice@2h,3h", ""]
)
def test_what_is_no_order_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"such as \w+@30GPa or \w+@2h. The twin knows"):
        order_of(text)


def test_a_chip_is_lost_when_it_was_ordered() -> None:
    assert order_of("blow_out@30GPa").at_gpa == 30.0
    station = load_station(EXAMPLES / "overnight_station.toml")
    run = load_run_file(EXAMPLES / "overnight.toml", station)
    done = rehearse_once(station, run, 0, faults=[order_of("chip_lost@1.2h")])
    assert done.exit_status == "fail" and "no_line" in done.reason
    last = done.steps[-1]
    assert not last.measured and 1.2 < done.duration_s / 3600.0 < 1.8
    assert all(step.measured for step in done.steps[:-1]) and len(done.steps) >= 3
