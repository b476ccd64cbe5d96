"""The edge of the anvil over the wire: a second spectrometer beside the ruby's, one laser."""

import json
from pathlib import Path

from dac_control.app.run_file import load_run_file
from dac_control.app.run_plan import plan_of
from dac_control.app.session import build_session
from dac_control.app.simulated_station import station_toml
from dac_control.app.station import load_station
from dac_control.records import open_run
from simulators.laboratory import Laboratory

SPEED = 500.0
EDGE = 'plan = "measure_edge"\nreadings = 1\n[edge]\nexposure_s = 9\naverages = 2\n'


def test_the_edge_is_seen_at_the_anvil_and_the_ruby_at_its_chip(tmp_path: Path) -> None:
    truth, path = tmp_path / "truth.jsonl", tmp_path / "station.toml"
    (tmp_path / "run.toml").write_text(EDGE)
    with Laboratory(1, SPEED, tmp_path / "camera", truth=truth) as laboratory:
        laboratory.twin.turn_to(0.5)  # by hand, before anybody came
        path.write_text(
            station_toml(laboratory.endpoints, laboratory.certificates, speed=SPEED, seed=1)
        )
        run = load_run_file(tmp_path / "run.toml", load_station(path))
        with build_session(path) as session:
            session.require_ready()
            session.run(plan_of(run, session.instruments))
            folder = session.recorder.folder
            doses = session.instruments.light.account.doses()
    assert folder is not None
    found = open_run(folder)
    assert found.exit_status == "success", found.reason
    edge, lit = found.table("diamond_edge"), found.table("primary")
    shown = [json.loads(line) for line in truth.read_text().splitlines()[1:]]
    seen = {(each["port"], each["spot"]) for each in shown if each["light_on"]}
    assert seen == {("raman", "anvil near"), ("ruby", "chip")}
    assert set(doses) == {("532nm", "anvil near"), ("532nm", "chip")}
    assert doses["532nm", "anvil near"].open_s >= 18.0
    # within what the edge states, which holds the spread of the scales
    away_gpa = edge["diamond_edge_pressure_gpa"][0] - shown[-1]["pressure_gpa"]
    assert abs(away_gpa) < edge["diamond_edge_pressure_half_width_95_gpa"][0]
    assert abs(lit["ruby_pressure_gpa"][0] - shown[-1]["pressure_gpa"]) < 3.0
