"""A specimen that warms while a run waits: no event says so, and nothing is lit or moved then."""

from pathlib import Path

import pytest

from dac_control.app.light import account_of
from dac_control.app.rehearsal.rehearsal import rehearse_once
from dac_control.app.rehearsal.virtual_laboratory import VirtualLaboratory
from dac_control.app.run_file import load_run_file
from dac_control.app.station import load_station

LASER = """
[devices.laser]
driver = "cobolt06"
address = "COM9"
wavelength_nm = 532
max_power_mw = 20
power_mw = 2

[light.beams.532nm]
spot_um = 5
transmission = 0.5
"""
HOLD = """
plan = "hold"
duration_h = 2.0
[hold]
every_s = 3600
"""
RAMP = """
plan = "pressure_ramp"
[targets]
unit = "turns"
load = [0.02]
[dwell]
drift_limit_gpa_per_h = 50.0
window_s = 100
interval_s = 25
min_dwell_s = 50
max_dwell_s = 400
min_readings = 3
"""
LIMIT_K = 83.0
WARM_K = 84.5
"""Not yet so warm that a ramp holds because the cell has changed since it began."""


def warm_while_it_waits(laboratory: VirtualLaboratory) -> None:
    """A minute after the run began somebody holds it, for an hour in which the cell warms."""
    hold, loop = laboratory.session.hold, laboratory.session.engine.loop

    def begin() -> None:
        hold.hold("a test")
        laboratory.twin.set_loop(1, setpoint_k=WARM_K, ramp_on=True, ramp_k_per_min=2.0)
        loop.call_later(3600.0, hold.release)

    loop.call_soon_threadsafe(loop.call_later, 60.0, begin)


@pytest.mark.parametrize(
    ("plan", "further"),
    [(HOLD, LASER), (RAMP, LASER), (RAMP, "")],
    ids=["hold", "ramp", "ramp without a laser"],
)
def test_nothing_is_lit_or_turned_after_a_wait_in_which_the_specimen_became_too_warm(
    optics_station: Path, tmp_path: Path, plan: str, further: str
) -> None:
    text = optics_station.read_text().replace(
        'ptm = "argon"', f'ptm = "argon"\nmax_temperature_k = {LIMIT_K}'
    )
    path = optics_station.with_name("warm.toml")
    path.write_text(text + further)
    station = load_station(path)
    (tmp_path / "run.toml").write_text(plan)
    seen: list[VirtualLaboratory] = []

    def prepare(laboratory: VirtualLaboratory) -> None:
        seen.append(laboratory)
        warm_while_it_waits(laboratory)

    run = load_run_file(tmp_path / "run.toml", station)
    done = rehearse_once(station, run, 0, prepare=prepare)
    assert done.exit_status == "fail"
    assert f"above specimen.max_temperature_k ({LIMIT_K:g} K)" in done.reason
    (laboratory,) = seen
    assert not laboratory.intents.read()
    account = account_of(laboratory.session.instruments)
    assert account is not None
    openings = [each for each in account._ledger._ledger.read() if each["kind"] == "opening"]
    assert all(each["lab_time_s"] - openings[0]["lab_time_s"] < 3600.0 for each in openings)
