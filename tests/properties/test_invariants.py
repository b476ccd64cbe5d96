"""Whatever is asked and whatever breaks: what must hold in every run does.

Random run files of all plans meet random faults on the twin, behind the real devices, rules and
RunEngine. ``DAC_CONTROL_EXAMPLES=2000 pytest tests/properties`` searches longer, and elsewhere.
"""

import copy
import math
import os
import re
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest
from event_model import DocumentNames, schema_validators
from fault_schedules import OF_THE_CELL, Fault, fault_schedules
from hypothesis import HealthCheck, event, given, note, settings
from hypothesis import strategies as st
from run_files import damaged, further_up, run_files, to_toml, two_gauges

from dac_control.app.rehearsal.rehearsal import rehearse_once
from dac_control.app.rehearsal.twin_settings import settings_of
from dac_control.app.rehearsal.virtual_laboratory import VirtualLaboratory
from dac_control.app.run_file import load_run_file
from dac_control.app.station import Station, load_station
from dac_control.errors import ConfigurationError, DacError

EXAMPLES = os.environ.get("DAC_CONTROL_EXAMPLES")
HOW = settings(
    deadline=None,
    derandomize=EXAMPLES is None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
BUDGET_MJ = 60.0
FURTHER = f"""
[edge]
nu0_cm1 = 1332.5
nu0_sigma_cm1 = 3.0
nu0_source = "the table of this anvil"
laser_nm = 532.0
laser_sigma_nm = 0.02

[devices.raman]
driver = "ocean"
name = "raman"
model = "QE Pro"
serial = "QEP00124"
gain_e_per_count = 1.5
read_noise_e = 5.0
dark_counts = 600

[devices.spots]
driver = "manual"
places = ["chip", "chip 2", "sample", "gasket", "anvil near", "anvil far"]

[devices.laser]
driver = "cobolt06"
address = "COM5"
wavelength_nm = 532.0
max_power_mw = 20.0
power_mw = 5.0

[light.beams.532nm]
spot_um = 20.0
transmission = 0.2

[[light.limits]]
light = "532nm"
max_energy_mj = {BUDGET_MJ}
"""

DRIVE = re.compile(r"^\[devices\.drive\]\n.*?\n\n", re.DOTALL | re.MULTILINE)
BY_HAND = """[devices.drive]
driver = "manual"
divisions = 360

"""
LOADED_GPA = 36.0
"""Where the edge of the anvil is one: beside the ruby, and able to take over."""
STIFFER = 4.0
"""Pressure that a turn adds to that cell, in those that it adds to the cell of the example."""
BEVELLED = {
    'type = "four-pin, screw-driven"': 'type = "bevelled"\nbevel = "8 degrees to 300 um"',
    "max_turns = 0.15": "max_turns = 1.0",
    "max_step_turns = 0.03": "max_step_turns = 0.1",
    "max_step_gpa = 4.0": "max_step_gpa = 12.0",
    "pressure_limit_gpa = 50.0": "pressure_limit_gpa = 90.0",
}
PLAIN, EQUIPPED, HANDS, LOADED = KINDS = ("plain", "equipped", "by hand", "loaded")


@pytest.fixture(scope="module")
def stations(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Station]:
    """The example's station; with a laser, its budget, a stage and an edge; so with a key, too;
    and around a cell that is loaded already."""
    text = (Path(__file__).parents[2] / "examples" / "overnight_station.toml").read_text()
    # soon reached by a cell that leaks
    text = changed(text, {"max_turns = 0.8": "max_turns = 0.15"})
    by_hand, replaced = DRIVE.subn(BY_HAND, text)
    assert replaced == 1
    texts = {
        PLAIN: text,
        EQUIPPED: text + FURTHER,
        HANDS: by_hand + FURTHER,
        LOADED: changed(text, BEVELLED) + FURTHER,
    }
    found = {}
    for kind in KINDS:
        path = tmp_path_factory.mktemp("station") / "station.toml"
        path.write_text(texts[kind])
        found[kind] = load_station(path)
    return found


def changed(text: str, changes: dict[str, str]) -> str:
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new, 1)
    return text


@dataclass
class Told:
    """All that a run left: documents, moves, what the motor was sent, light."""

    documents: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    sent_turns: list[float] = field(default_factory=list)
    refusal: str = ""
    laboratory: VirtualLaboratory | None = None

    def listen(self, name: str, doc: dict[str, Any]) -> None:
        self.documents.append((name, copy.deepcopy(dict(doc))))

    def watch(self, laboratory: VirtualLaboratory) -> None:
        """Note what the driver of the screw is sent, below the device and its journal."""
        self.laboratory = laboratory
        driver: Any = laboratory.session.instruments.drive._driver
        start = driver.start_move

        def start_move(turns: float, check_wanted: Any) -> None:
            start(turns, check_wanted)
            self.sent_turns.append(turns)

        driver.start_move = start_move

    @property
    def moves(self) -> list[dict[str, Any]]:
        assert self.laboratory is not None
        return self.laboratory.intents.read()

    @property
    def intents(self) -> list[dict[str, Any]]:
        return [record for record in self.moves if record["kind"] == "intent"]

    def named(self, name: str) -> list[dict[str, Any]]:
        return [doc for found, doc in self.documents if found == name]

    def steps(self) -> list[dict[str, Any]]:
        """Data of the events of ``primary``."""
        uids = {doc["uid"] for doc in self.named("descriptor") if doc["name"] == "primary"}
        return [doc["data"] for doc in self.named("event") if doc["descriptor"] in uids]

    def as_bytes(self) -> bytes:
        return orjson.dumps(
            [self.documents, self.moves],
            option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS,
        )


def carried_out(station: Station, kind: str, run: Any, seed: int, faults: list[Fault]) -> Told:
    told = Told()
    settings = settings_of(station, run)
    if kind == LOADED:
        screw = replace(settings.screw, preload_gpa=LOADED_GPA)
        settings = replace(settings, screw=screw)

    def prepare(laboratory: VirtualLaboratory) -> None:
        told.watch(laboratory)
        for fault in faults:
            fault.order(laboratory)

    try:
        rehearse_once(station, run, seed, settings=settings, listener=told.listen, prepare=prepare)
    except DacError as error:
        told.refusal = str(error)
    return told


def ended_as_it_says(told: Told, allowed: list[int]) -> None:
    """Valid documents; every run has its stop, with a reason unless it succeeded."""
    for name, doc in told.documents:
        schema_validators[DocumentNames[name]].validate(doc)
    starts, stops = told.named("start"), told.named("stop")
    assert [doc["uid"] for doc in starts] == [doc["run_start"] for doc in stops]
    for stop in stops:
        reason = stop.get("reason", "")
        assert stop["exit_status"] == "success" or reason.strip()
        assert not re.search(r"(?<!\.)\.\.(?!\.)", reason), f"two full stops: {reason}"
    for start in starts:
        assert start["simulated"] is True
        assert start["allow_unmeasured_steps"] in allowed


def moved_as_allowed(told: Told, station: Station, plan: str) -> None:
    """Each intent is sent once at most, within limits, one way on each branch."""
    limits, intents = station.limits, told.intents
    targets = [intent["to_turns"] for intent in intents]
    # an intent that was refused or withdrawn was not sent; none was sent twice
    left = iter(targets)
    assert all(any(math.isclose(sent, each) for each in left) for sent in told.sent_turns)
    for intent in intents:
        assert limits.min_turns - 1e-9 <= intent["to_turns"] <= limits.max_turns + 1e-9
        assert abs(intent["to_turns"] - intent["from_turns"]) <= limits.max_step_turns + 1e-9
    for first, second in pairwise(targets):
        assert first != second, "a target was repeated"
    signs = [math.copysign(1.0, i["to_turns"] - i["from_turns"]) for i in intents]
    reversals = sum(a != b for a, b in pairwise(signs))
    assert reversals <= {"repeatability": 4, "full_experiment": 4, "close_and_seal": 0}.get(plan, 1)


def moved_only_upon_a_measurement(told: Told, allowed: int) -> None:
    """Before each move a pressure, or a step without one where so many are allowed; else none."""
    steps = told.steps()
    measured_s = [s["clock_lab_time_s"] for s in steps if pressure_is_known(s)]
    unmeasured_s = [
        s["clock_lab_time_s"]
        for s, after in pairwise([*steps, {}])
        if not (pressure_is_known(s) or is_taken_over(s, after))
    ]
    broken_s = [r["lab_time_s"] for r in told.moves if r["kind"] == "failed"]
    before_s = -math.inf
    for intent in told.intents:
        at_s = intent["lab_time_s"]
        gaps_s = [s for s in unmeasured_s if s < at_s]
        assert len(gaps_s) <= allowed, "a move after a failed measurement"
        assert not any(s < at_s for s in broken_s), "a move after a failed move"
        ended = any(before_s <= s <= at_s for s in measured_s + gaps_s)
        assert measured_s and ended, "a move without a measured pressure"
        before_s = at_s


def is_taken_over(step: dict[str, Any], after: dict[str, Any]) -> bool:
    """Where one gauge was lost and another measured the same place."""
    return (
        after.get("step_gauge") not in (None, step.get("step_gauge"))
        and after["drive_turns"] == step["drive_turns"]
        and pressure_is_known(after)
    )


def pressure_is_known(step: dict[str, Any]) -> bool:
    """Of a step of a ramp by what it took for its pressure; plans without targets just look."""
    if step.get("step_outcome") in (None, "", "measured"):
        return bool(step["ruby_measured"])
    return math.isfinite(step["step_pressure_gpa"])


def stayed_within_the_budget_of_light(told: Told) -> None:
    assert told.laboratory is not None
    light = told.laboratory.session.instruments.light
    if light is None:
        return
    for dose in light.account.doses().values():
        assert dose.energy_mj <= BUDGET_MJ * (1 + 1e-6), dose
    assert not told.laboratory.twin.light_on, "the laser is on after the run"


@given(
    table=run_files(),
    faults=fault_schedules(),
    seed=st.integers(0, 999),
    kind=st.sampled_from(KINDS),
)
@settings(HOW, max_examples=int(EXAMPLES or 40))
@pytest.mark.timeout(900)  # shrinking what was found takes its time
def test_what_must_hold_in_every_run_does(
    stations: dict[str, Station],
    tmp_path_factory: pytest.TempPathFactory,
    table: dict[str, Any],
    faults: list[Fault],
    seed: int,
    kind: str,
) -> None:
    must_hold(stations[kind], kind, tmp_path_factory.mktemp("run"), table, faults, seed)


@given(
    table=two_gauges(),
    lost_s=st.floats(600.0, 1800.0),
    faults=fault_schedules(),
    seed=st.integers(0, 999),
)
@settings(HOW, max_examples=int(EXAMPLES or 12))
@pytest.mark.timeout(900)
def test_it_does_where_the_ruby_is_lost_and_the_edge_may_take_over(
    stations: dict[str, Station],
    tmp_path_factory: pytest.TempPathFactory,
    table: dict[str, Any],
    lost_s: float,
    faults: list[Fault],
    seed: int,
) -> None:
    faults = [Fault("chip_lost", round(lost_s, 1)), *faults[:1]]
    must_hold(stations[LOADED], LOADED, tmp_path_factory.mktemp("run"), table, faults, seed)


def must_hold(
    station: Station, kind: str, folder: Path, table: dict[str, Any], faults: list[Fault], seed: int
) -> None:
    """Carry a run file out and ask what must hold of what it left."""
    path = folder / "run.toml"
    if kind == LOADED:
        table = further_up(table, LOADED_GPA, STIFFER)
    path.write_text(to_toml(table), encoding="utf-8")
    note(path.read_text(encoding="utf-8"))
    try:
        run = load_run_file(path, station)
    except ConfigurationError as error:
        event("refused: file")
        is_refused_in_a_sentence(error, path)
        return
    told = carried_out(station, kind, run, seed, faults)
    if told.laboratory is None:
        return
    if not told.named("start"):
        event("refused: plan")
        assert told.refusal.endswith("."), told.refusal
        assert not told.intents and not told.sent_turns and not told.documents
        return
    stages = table.get("stages", [table])
    allowed = [int(stage.get("allow_unmeasured_steps", 0)) for stage in stages]
    ended_as_it_says(told, allowed)
    moved_as_allowed(told, station, table["plan"])
    moved_only_upon_a_measurement(told, sum(allowed))
    stayed_within_the_budget_of_light(told)
    if any(doc["name"] == "hand_over" for doc in told.named("descriptor")):
        event("a gauge took over")
    # faults that a timer brings are ordered from another thread, and fall between other messages
    if seed % 4 == 0 and all(fault.kind in OF_THE_CELL for fault in faults):
        assert carried_out(station, kind, run, seed, faults).as_bytes() == told.as_bytes()


def is_refused_in_a_sentence(error: ConfigurationError, path: Path) -> None:
    """Named by file and line, its own or the station's, and nothing was written."""
    assert re.match(rf"({re.escape(str(path))}|\S+station\.toml):\d+: ", str(error)), error
    assert "Traceback" not in str(error)
    assert [each.name for each in path.parent.iterdir()] == ["run.toml"]


@given(file=damaged(), kind=st.sampled_from(KINDS))
@settings(HOW, max_examples=int(EXAMPLES or 100))
def test_a_damaged_file_is_refused_with_its_line_or_means_something_else(
    stations: dict[str, Station],
    tmp_path_factory: pytest.TempPathFactory,
    file: tuple[dict[str, Any], str],
    kind: str,
) -> None:
    table, how = file
    path = tmp_path_factory.mktemp("run") / "run.toml"
    path.write_text(to_toml(table), encoding="utf-8")
    note(path.read_text(encoding="utf-8"))
    try:
        load_run_file(path, stations[kind])
    except ConfigurationError as error:
        is_refused_in_a_sentence(error, path)
    else:
        # a word may be a name, a sign a place, and what is missing have a default
        assert how in ("word", "negative", "missing")
