"""Whatever is asked and whatever breaks: what must hold in every run does.

Random run files of all plans meet random faults on the twin, behind the real devices, rules and
RunEngine. ``DAC_CONTROL_EXAMPLES=2000 pytest tests/properties`` searches longer, and elsewhere.
"""

import os
import re
from pathlib import Path
from typing import Any, TypeVar

import pytest
from fault_schedules import OF_THE_CELL, Fault, fault_schedules
from hypothesis import HealthCheck, event, given, note, settings
from hypothesis import strategies as st
from invariants import everything_holds
from kinds_of_station import EQUIPPED, KINDS, LOADED, Kind, load_kinds
from run_files import PLANS, damaged, files_of, run_files, to_toml, two_gauges
from told import carried_out

from dac_control.app.rehearsal.virtual_laboratory import virtual_laboratory
from dac_control.app.run_file import load_run_file
from dac_control.app.run_models import PLANS as KNOWN_PLANS
from dac_control.app.run_plan import plan_of
from dac_control.errors import ConfigurationError, DacError

Drawn = TypeVar("Drawn")
EXAMPLES = os.environ.get("DAC_CONTROL_EXAMPLES")
HOW = settings(
    deadline=None,
    derandomize=EXAMPLES is None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
        HealthCheck.large_base_example,
    ],
    print_blob=True,
)
CARRIED_OUT = "carried out"


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Kind]:
    """Stations, and how far their cells are loaded."""
    return load_kinds(tmp_path_factory.mktemp("stations"))


@given(
    table=run_files(),
    faults=fault_schedules(),
    seed=st.integers(0, 999),
    kind=st.sampled_from(KINDS),
)
@settings(HOW, max_examples=int(EXAMPLES or 40))
@pytest.mark.timeout(900)  # shrinking what was found takes its time
def test_what_must_hold_in_every_run_does(
    kinds: dict[str, Kind],
    tmp_path_factory: pytest.TempPathFactory,
    table: dict[str, Any],
    faults: list[Fault],
    seed: int,
    kind: str,
) -> None:
    note(to_toml(kinds[kind].suited(table)))
    done = must_hold(kinds[kind], tmp_path_factory.mktemp("run"), table, faults, seed)
    event(f"{done}: {table['plan']}")


@given(
    table=two_gauges(),
    lost_s=st.floats(600.0, 1800.0),
    faults=fault_schedules(),
    seed=st.integers(0, 999),
)
@settings(HOW, max_examples=int(EXAMPLES or 12))
@pytest.mark.timeout(900)
def test_it_does_where_the_ruby_is_lost_and_the_edge_may_take_over(
    kinds: dict[str, Kind],
    tmp_path_factory: pytest.TempPathFactory,
    table: dict[str, Any],
    lost_s: float,
    faults: list[Fault],
    seed: int,
) -> None:
    note(to_toml(kinds[LOADED].suited(table)))
    faults = [Fault("chip_lost", round(lost_s, 1)), *faults[:1]]
    event(must_hold(kinds[LOADED], tmp_path_factory.mktemp("run"), table, faults, seed))


@pytest.mark.parametrize("plan", PLANS)
def test_every_plan_is_carried_out_by_some_of_its_files(
    kinds: dict[str, Kind], tmp_path_factory: pytest.TempPathFactory, plan: str
) -> None:
    # of one that is always refused everything holds
    tried = (
        must_hold(kinds[EQUIPPED], tmp_path_factory.mktemp("run"), table, [], seed=1)
        for table in drawn(files_of(plan), 12)
    )
    assert any(done.startswith(CARRIED_OUT) for done in tried)


def test_a_third_of_all_files_and_more_open_a_run(kinds: dict[str, Kind], tmp_path: Path) -> None:
    pairs = drawn(st.tuples(run_files(), st.sampled_from(KINDS)), 60)
    opened = [opens_a_run(kinds[kind], tmp_path / "run.toml", table) for table, kind in pairs]
    assert sum(opened) >= len(opened) / 3


def test_files_are_drawn_of_every_plan_that_there_is() -> None:
    assert set(PLANS) == set(KNOWN_PLANS)


def drawn(strategy: st.SearchStrategy[Drawn], count: int) -> list[Drawn]:
    """So many examples, the same ones each time."""
    found: list[Drawn] = []

    @settings(HOW, derandomize=True, max_examples=count)
    @given(strategy)
    def draw(example: Drawn) -> None:
        found.append(example)

    draw()
    return found


def opens_a_run(kind: Kind, path: Path, table: dict[str, Any]) -> bool:
    """Whether file and plan are accepted; nothing is carried out."""
    path.write_text(to_toml(kind.suited(table)), encoding="utf-8")
    try:
        run = load_run_file(path, kind.station)
        with virtual_laboratory(
            kind.station, 0, settings=kind.settings(run), run=run
        ) as laboratory:
            messages = plan_of(run, laboratory.session.instruments)
            return any(message.command == "open_run" for message in messages)
    except DacError:
        return False


def must_hold(
    kind: Kind, folder: Path, table: dict[str, Any], faults: list[Fault], seed: int
) -> str:
    """Carry a run file out and ask what must hold of what it left; return what became of it."""
    path = folder / "run.toml"
    table = kind.suited(table)
    path.write_text(to_toml(table), encoding="utf-8")
    try:
        run = load_run_file(path, kind.station)
    except ConfigurationError as error:
        is_refused_in_a_sentence(error, path)
        return "refused as a file"
    told = carried_out(kind, run, seed, faults)
    if not told.named("start"):
        assert told.refusal.endswith("."), told.refusal
        assert not told.intents and not told.was_sent_something and not told.documents
        return "refused as a plan"
    everything_holds(told, kind.station, table)
    # faults that a timer brings are ordered from another thread, and fall between other messages
    if seed % 4 == 0 and all(fault.kind in OF_THE_CELL for fault in faults):
        assert carried_out(kind, run, seed, faults).as_bytes() == told.as_bytes()
    taken_over = any(doc["name"] == "hand_over" for doc in told.named("descriptor"))
    return f"{CARRIED_OUT}, and a gauge took over" if taken_over else CARRIED_OUT


def is_refused_in_a_sentence(error: ConfigurationError, path: Path) -> None:
    """Named by file and line, its own or the station's, and nothing was written."""
    assert re.match(rf"({re.escape(str(path))}|\S+station\.toml):\d+: ", str(error)), error
    assert "Traceback" not in str(error)
    assert [each.name for each in path.parent.iterdir()] == ["run.toml"]


@given(file=damaged(), kind=st.sampled_from(KINDS))
@settings(HOW, max_examples=int(EXAMPLES or 100))
def test_a_damaged_file_is_refused_with_its_line_or_means_something_else(
    kinds: dict[str, Kind],
    tmp_path_factory: pytest.TempPathFactory,
    file: tuple[dict[str, Any], str],
    kind: str,
) -> None:
    table, how = file
    path = tmp_path_factory.mktemp("run") / "run.toml"
    path.write_text(to_toml(table), encoding="utf-8")
    note(path.read_text(encoding="utf-8"))
    try:
        load_run_file(path, kinds[kind].station)
    except ConfigurationError as error:
        is_refused_in_a_sentence(error, path)
    else:
        # a word may be a name, a sign a place, and what is missing have a default
        assert how in ("word", "negative", "missing")
