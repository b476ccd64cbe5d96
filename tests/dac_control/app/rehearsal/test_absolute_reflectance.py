"""From station and run files to an absolute reflectance: every link, and what opens one again."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dac_control.app.rehearsal.virtual_laboratory import VirtualLaboratory, virtual_laboratory
from dac_control.app.run_file import load_run_file
from dac_control.app.run_plan import plan_of
from dac_control.app.station import load_station
from dac_control.errors import ConfigurationError, DacError
from dac_control.reflectance import AbsorptionMeasured, AbsorptionUnknown, AtPressure, LightReading
from plans.stubs.anvils import absorption_now
from simulators.twin.sample import gasket_reflectance

BEHIND = """
[devices.lamp_behind]
driver = "manual"
power_mw = 5.0
drift_u = 0.02

[gasket_reflectance]
name = "rhenium"
source = "the twin's own, as if measured"
wavelength_nm = {nm}
pressure_gpa = {gpa}
reflectance = {values}
sigma = {sigmas}
"""
REFLECTANCE = 'plan = "measure_reflectance"\nsample = "hydrogen"\nthrough = "sample"\n'


def gasket() -> str:
    """A table of the twin's gasket, as somebody would have measured it."""
    nm, gpa = np.linspace(390.0, 1100.0, 8), np.linspace(0.0, 90.0, 4)
    values = [gasket_reflectance(nm, each).round(4).tolist() for each in gpa]
    return BEHIND.format(nm=nm.tolist(), gpa=gpa.tolist(), values=values, sigmas=[[0.01] * 8] * 4)


class Bench:
    """A laboratory in virtual time, and the run files that are carried out in it."""

    def __init__(self, path: Path, folder: Path) -> None:
        self.station = load_station(path)
        self.folder = folder
        self.streams: dict[str, str] = {}
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.laboratory: VirtualLaboratory

    def listen(self, name: str, doc: Any) -> None:
        if name == "descriptor":
            self.streams[doc["uid"]] = doc["name"]
        elif name == "event":
            self.events.append((self.streams[doc["descriptor"]], dict(doc["data"])))

    def run(self, body: str) -> dict[str, Any]:
        (self.folder / "run.toml").write_text(body)
        run = load_run_file(self.folder / "run.toml", self.station)
        self.events.clear()
        self.laboratory.session.run(plan_of(run, self.laboratory.session.instruments))
        (found,) = [data for stream, data in self.events if stream == "reflectance_result"]
        return json.loads(found["workbench_result"])


@pytest.fixture
def bench(optics_station: Path, tmp_path: Path) -> Iterator[Bench]:
    path = optics_station.with_name("behind.toml")
    path.write_text(optics_station.read_text() + gasket())
    made = Bench(path, tmp_path)
    with virtual_laboratory(made.station, 0, listener=made.listen) as laboratory:
        laboratory.session.require_ready()
        made.laboratory = laboratory
        yield made


def test_with_every_link_closed_it_is_absolute_and_true(bench: Bench) -> None:
    first = bench.run(REFLECTANCE)
    assert first["kind"] == "relative"
    assert "without load was never read; measure_reflectance with unstressed = true" in str(
        first["reasons"]
    )
    assert bench.run(REFLECTANCE + "unstressed = true\n")["unstressed_kept"]
    bench.laboratory.twin.turn_to(0.3)
    with pytest.raises(DacError, match=r"without load, and the cell stands at .* GPa"):
        bench.run(REFLECTANCE + "unstressed = true\n")
    said = bench.run(REFLECTANCE + 'bounces = "all_collected"\n')
    assert said["kind"] == "absolute", said
    assert said["pressure"]["pressure_gpa"] > 20.0
    terms = {term["name"]: np.array(term["sigma"], float) for term in said["terms"]}
    assert np.all(np.abs(terms["absorption: lamp between the days"]) > 0.0)
    sigma = np.sqrt(sum(each**2 for each in terms.values()))
    # transparent hydrogen against diamond, as the twin has it
    away = (np.array(said["reflectance"], float) - 0.004) / sigma
    assert np.abs(np.mean(away)) < 2.0 and np.percentile(np.abs(away), 95.0) < 3.0
    passed = [data for stream, data in bench.events if stream == "transmission"]
    assert [(data["spots_spot"], data["lamp_behind_is_on"]) for data in passed] == [
        ("sample", False),
        ("sample", True),
    ]
    order = [stream for stream, _ in bench.events]
    assert order.index("transmission") < order.index("primary"), "all lamps before the laser"
    # the same light again, of a lamp that was set otherwise by little, and by much
    instruments = bench.laboratory.session.instruments
    (kept,) = instruments.calibrations.history("unstressed", instruments.specimen, simulated=True)
    beside = ("pressure_gpa", "lamp_power_mw")
    through = LightReading.from_dict(
        {key: value for key, value in kept.content.items() if key not in beside}
    )
    found = []
    for power_mw in (5.05, 10.0):
        instruments.lamp_behind.setpoint_mw.update(power_mw, 0.0)
        found.append(absorption_now(instruments, through, AtPressure.unknown()))
    assert isinstance(found[0], AbsorptionMeasured)
    assert found[1] == AbsorptionUnknown(
        "not measured",
        "the lamp behind the cell has another power, 10 mW, than when these anvils were read "
        "without load, 5 mW",
    )
    # as it was kept before the power was
    del kept.content["lamp_power_mw"]
    instruments.calibrations.add(
        "unstressed", instruments.specimen, kept.content, time=kept.time, run="", simulated=True
    )
    old = absorption_now(instruments, through, AtPressure.unknown())
    assert isinstance(old, AbsorptionUnknown) and "not on record" in old.reason


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('sample = "h"\nunstressed = true\n', r"run.toml:3: unstressed: .* give `through`"),
        ('sample = "h"\n[transmission]\n', r"run.toml:3: transmission: .* give `through`"),
        ('sample = "h"\nthrough = "sample"\n', r"run.toml:3: through: .*\[devices.lamp_behind\]"),
        ('sample = "h"\nbounces = "some"\n', r"run.toml:3: bounces"),
    ],
)
def test_what_a_station_cannot_do_is_refused_with_its_line(
    optics_station: Path, tmp_path: Path, body: str, said: str
) -> None:
    (tmp_path / "run.toml").write_text('plan = "measure_reflectance"\n' + body)
    with pytest.raises(ConfigurationError, match=said):
        load_run_file(tmp_path / "run.toml", load_station(optics_station))
