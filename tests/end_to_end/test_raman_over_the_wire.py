"""Edge of the anvil and vibron of the specimen over the wire, by a second spectrometer."""

import json
from pathlib import Path

from dac_control.app.run_file import load_run_file
from dac_control.app.run_plan import plan_of
from dac_control.app.session import build_session
from dac_control.app.simulated_station import station_toml
from dac_control.app.station import load_station
from dac_control.records import open_run
from simulators.laboratory import Laboratory
from simulators.twin.anvil import vibron_cm1

SPEED = 500.0
SCALES = Path(__file__).parents[2] / "examples" / "vibron_scale.toml"
VIBRON = f"""
[vibron]
scale_file = '{SCALES}'
scale = "invented"
expected_cm1 = [4100.0, 4280.0]
laser_nm = 532.0
laser_sigma_nm = 0.02
"""
RUN = """
plan = "full_experiment"
[[stages]]
plan = "measure_edge"
readings = 1
[stages.edge]
exposure_s = 9
[[stages]]
plan = "measure_vibron"
readings = 1
[stages.vibron]
exposure_s = 9
"""


def test_edge_and_vibron_are_seen_beside_the_ruby(tmp_path: Path) -> None:
    truth, path = tmp_path / "truth.jsonl", tmp_path / "station.toml"
    (tmp_path / "run.toml").write_text(RUN)
    with Laboratory(1, SPEED, tmp_path / "camera", truth=truth) as laboratory:
        laboratory.twin.turn_to(0.5)  # by hand, before anybody came
        text = station_toml(laboratory.endpoints, laboratory.certificates, speed=SPEED, seed=1)
        path.write_text(text + VIBRON)
        run = load_run_file(tmp_path / "run.toml", load_station(path))
        with build_session(path) as session:
            session.require_ready()
            session.run(plan_of(run, session.instruments))
            doses = session.instruments.light.account.doses()
    edge, vibron = (open_run(folder) for folder in sorted((tmp_path / "runs").iterdir()))
    shown = [json.loads(line) for line in truth.read_text().splitlines()[1:]]
    seen = {(each["port"], each["spot"]) for each in shown if each["light_on"]}
    assert seen == {("raman", "sample"), ("ruby", "chip")}, "each with a place of its own"
    assert set(doses) == {("532nm", spot) for spot in ("anvil near", "sample", "chip")}
    assert doses["532nm", "sample"].open_s >= 9.0
    true_gpa = shown[-1]["pressure_gpa"]
    said = {key: values[0] for key, values in edge.table("diamond_edge").items()}
    # within what the edge states, which holds the spread of its scales
    away_gpa = said["diamond_edge_pressure_gpa"] - true_gpa
    assert abs(away_gpa) < said["diamond_edge_pressure_half_width_95_gpa"]
    assert abs(edge.table("primary")["ruby_pressure_gpa"][0] - true_gpa) < 3.0
    line_cm1 = vibron.table("h2_vibron")["h2_vibron_line_cm1"][0]
    assert abs(line_cm1 - vibron_cm1(true_gpa)) < 3.0
