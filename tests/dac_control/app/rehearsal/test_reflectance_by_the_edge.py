"""A reflectance where the ruby is lost: the edge says at which pressure, and a control matches."""

from pathlib import Path

import pytest

from dac_control.app.findings import gather, summarise_findings
from dac_control.app.findings.reflectances import result_of
from dac_control.app.rehearsal.virtual_laboratory import virtual_laboratory
from dac_control.app.report import render_report
from dac_control.app.run_file import load_run_file
from dac_control.app.run_plan import plan_of
from dac_control.app.station import load_station
from dac_control.errors import ConfigurationError, NotMeasured
from dac_control.records import Run, open_run
from dac_control.reflectance import compare_with_control

BEVELLED = (
    ('type = "four-pin, screw-driven"', 'type = "bevelled"\nbevel = "8 degrees to 300 um"'),
    ("pressure_limit_gpa = 50.0", "pressure_limit_gpa = 300.0"),
    ("[cell]\n", '[cell]\nfoil_u = 0.05\nfoil_source = "five pieces, run 3"\n'),
)
RUN = """
plan = "measure_reflectance"
sample = "{sample}"
gauge = "{gauge}"
[ruby]
attempts = 1
[edge]
exposure_s = 30
attempts = 1
"""
BURIED_TURNS = 0.6


class Cell:
    """Runs on one cell in virtual time, and what they leave."""

    def __init__(self, optics_station: Path, folder: Path, specimen: str, material: str) -> None:
        text = optics_station.read_text()
        for old, new in (
            *BEVELLED,
            ('id = "2026-11-A"', f'id = "{specimen}"'),
            ('material = "hydrogen"', f'material = "{material}"'),
        ):
            assert old in text, old
            text = text.replace(old, new, 1)
        path = optics_station.with_name(f"{specimen}.toml")
        path.write_text(text)
        self.station, self.folder = load_station(path), folder
        self.sample = material

    def runs(self, *readings: tuple[float, str], **md: str) -> list[Run]:
        """One run for each pair of turns and gauge."""
        found: list[Run] = []
        with virtual_laboratory(self.station, 3, keep=self.folder) as laboratory:
            laboratory.session.require_ready()
            for turns, gauge in readings:
                laboratory.twin.turn_to(turns)
                file = self.folder.parent / "run.toml"
                file.write_text(RUN.format(sample=self.sample, gauge=gauge))
                run = load_run_file(file, self.station)
                laboratory.session.run(plan_of(run, laboratory.session.instruments, md))
                folder = laboratory.session.recorder.folder
                assert folder is not None
                found.append(open_run(folder))
        return found


@pytest.fixture(scope="module")
def cells(optics_station: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Run], ...]:
    """Hydrogen by ruby and by edge, and its control by the edge on both sides of that pressure."""
    folder = tmp_path_factory.mktemp("by_the_edge") / "runs"
    folder.mkdir()
    hydrogen = Cell(optics_station, folder, "hydrogen-1", "hydrogen")
    sample = hydrogen.runs((BURIED_TURNS, "ruby"), (BURIED_TURNS, "diamond_edge"))
    alumina = Cell(optics_station, folder, "control-1", "alumina")
    control = alumina.runs(
        (BURIED_TURNS - 0.01, "diamond_edge"),
        (BURIED_TURNS + 0.01, "diamond_edge"),
        controls=sample[1].uid,
    )
    return sample, control


def test_the_edge_says_at_which_pressure(cells: tuple[list[Run], ...]) -> None:
    by_ruby, by_edge = cells[0]
    lost = summarise_findings(by_ruby)
    assert lost["looks"]["reflectance_result"]["pressure"]["pressure_gpa"] is None
    assert "gauge_in_charge" not in by_ruby.start and "gauge" not in by_ruby.start["plan_args"]
    assert by_edge.start["gauge_in_charge"] == "diamond_edge"
    assert by_edge.start["plan_args"]["gauge_settings"]["exposure_s"] == 30
    (event,) = by_edge.table("diamond_edge")["diamond_edge_pressure_gpa"]
    said = summarise_findings(by_edge)
    pressure = said["looks"]["reflectance_result"]["pressure"]
    assert pressure["measured"] and pressure["scale"] == "akahama2006"
    assert pressure["pressure_gpa"] == event > 200.0
    assert pressure["sigma_sys_gpa"] > pressure["sigma_stat_gpa"] > 0.0
    # the step has that pressure, and shows that the ruby gave none
    (step,) = said["steps"]
    assert (step["gauge"], step["pressure_gpa"]) == ("diamond_edge", event)
    assert step["pressure_half_width_95_gpa"] > 0.0 and step["outcome"] == "measured"
    assert step["gauges"]["ruby"]["taken"] and not step["gauges"]["ruby"]["measured"]
    assert "diamond edge on akahama2006" in render_report(by_edge)


def test_a_control_at_equal_pressure_is_matched(cells: tuple[list[Run], ...]) -> None:
    (by_ruby, by_edge), control = cells
    results = [result_of(run) for run in control]
    nowhere = result_of(by_ruby)
    assert nowhere is not None and None not in results
    with pytest.raises(NotMeasured):
        compare_with_control([nowhere], [each for each in results if each is not None])
    found = gather(by_edge).reflectances.comparison
    assert found is not None and found.p_value is not None
    own = result_of(by_edge)
    assert own is not None
    assert list(found.pressure_gpa) == [own.pressure.pressure_gpa]
    # the run whose ruby was lost lies beside it, and matches nothing
    assert [line for line in found.unmatched if "no measured pressure" in line]
    low, high = (each.pressure.pressure_gpa for each in results if each is not None)
    assert low < own.pressure.pressure_gpa < high


@pytest.mark.parametrize(
    ("gauge", "said"),
    [
        ("raman", r"run.toml:4: gauge: this station has no gauge 'raman', it has ruby, diamond_ed"),
        ("reference_ruby", r"run.toml:4: gauge: this station has no gauge 'reference_ruby'"),
    ],
)
def test_a_gauge_that_the_station_lacks_is_refused_with_its_line(
    optics_station: Path, tmp_path: Path, gauge: str, said: str
) -> None:
    (tmp_path / "run.toml").write_text(RUN.format(sample="hydrogen", gauge=gauge))
    with pytest.raises(ConfigurationError, match=said):
        load_run_file(tmp_path / "run.toml", load_station(optics_station))
