"""A ramp whose screw a person turns, in real time: the real drive, a RunEngine, who is asked."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dac_control.app.commands.resume import _resumption
from dac_control.app.findings import summarise_findings
from dac_control.app.session import Session
from dac_control.errors import PositionUnknown, RampHeld
from dac_control.records import open_run
from devices.drivers.asked_person import Withdrawn
from devices.drivers.manual_drive import ManualDrive, remembered_turns
from devices.screw_drive import ScrewDrive
from plans.gauge_settings import RubySettings
from plans.instruments import Instruments
from plans.pressure_ramp import pressure_ramp
from plans.settings import DwellSettings, RampSettings, StepSettings, Targets

DIVISIONS = 360
TARGETS = Targets.gpa([5, 9])
QUICK = RampSettings(
    dwell=DwellSettings(
        drift_limit_gpa_per_h=3.0,
        window_s=120,
        interval_s=20,
        min_dwell_s=60,
        max_dwell_s=400,
        min_readings=4,
    ),
    ruby=RubySettings(exposure_s=0.5, attempts=2, longest_exposure_s=4.0),
    step=StepSettings(probe_turns=0.01, tolerance_gpa=0.5),
)


@dataclass
class Person:
    """Turns the screw of the twin to the mark that was asked for, and says which that is."""

    bench: Any
    journal: Any
    asked_turns: list[float] = field(default_factory=list)
    last_kinds: list[tuple[str, float]] = field(default_factory=list)
    """What the journal ended with when each question was put."""
    before_answer: Callable[[Callable[[], bool]], None] = lambda wanted: None

    def __call__(self, question: str, wanted: Callable[[], bool]) -> str:
        found = re.search(r"to (-?[\d.]+) turns, then type", question)
        assert found is not None, question
        last = self.journal.read()[-1]
        self.last_kinds.append((last["kind"], last["to_turns"]))
        mark = round(float(found[1]) * DIVISIONS) / DIVISIONS
        self.asked_turns.append(mark)
        self.bench.twin.turn_to(mark)
        self.before_answer(wanted)
        if not wanted():
            raise Withdrawn
        return f"{mark:.5f} turns"


@dataclass
class Hand:
    """A station whose screw is in a person's hands; each session has a drive of its own."""

    laboratory: Any
    person: Person
    made: list[ScrewDrive] = field(default_factory=list)

    def session(self) -> Session:
        """As a new process finds it: what is known of the screw is in the journal."""
        bench = self.laboratory
        driver = ManualDrive(
            self.person,
            min_turns=bench.instruments.limits.min_turns,
            max_turns=bench.instruments.limits.max_turns,
            divisions=DIVISIONS,
            remembered=lambda: remembered_turns(bench.journal.read()),
        )
        drive = ScrewDrive(
            driver=driver,
            name="drive",
            journal=bench.journal,
            limits=bench.instruments.limits,
            clock=bench.clock,
            tolerance_turns=0.5 / DIVISIONS,
            move_timeout_s=7 * 24 * 3600.0,
            read_period_s=0.005,
            reply_timeout_s=5.0,
        )
        self.made.append(drive)
        drive.connect()
        storage = SimpleNamespace(state=bench.folder / "state")
        return Session(
            station=SimpleNamespace(storage=storage),  # type: ignore[arg-type]
            clock=bench.clock,
            engine=bench.engine,
            instruments=replace(bench.instruments, drive=drive),
            recorder=bench.recorder,
            metadata={},
        )

    def name_run(self, name: str, doc: dict[str, Any]) -> None:
        """As a session does."""
        if name in ("start", "stop"):
            self.made[-1].run_uid = doc["uid"] if name == "start" else None


@pytest.fixture
def hand(laboratory):
    # the motor's driver turns the twin back to where it stands
    laboratory.instruments.drive.destroy()
    made = Hand(laboratory, Person(laboratory, laboratory.journal))
    laboratory.engine.subscribe(made.name_run)
    yield made
    for drive in made.made:
        drive.destroy()


def steps_of(folder: Path) -> list[dict[str, Any]]:
    return summarise_findings(open_run(folder))["steps"]


def ramp(instruments: Instruments, **how: Any) -> Any:
    return pressure_ramp(instruments, TARGETS, settings=QUICK, **how)


def test_every_turn_is_asked_for_journalled_first_and_measured(laboratory, hand) -> None:
    session = hand.session()
    session.instruments.drive.declare(0.0, "the mark is at the top")
    laboratory.engine(ramp(session.instruments))
    found = summarise_findings(open_run(laboratory.recorder.folder))
    steps, asked = found["steps"], hand.person.asked_turns
    assert found["exit_status"] == "success" and steps[-1]["pressure_gpa"] >= 8.5
    assert all(step["measured"] for step in steps)
    assert [step["turns"] for step in steps] == pytest.approx([0.0, *asked], abs=1e-5)
    assert all(0 < b - a <= 0.05 + 1e-9 for a, b in pairwise([0.0, *asked]))
    assert [kind for kind, _ in hand.person.last_kinds] == ["intent"] * len(asked)
    aims = [turns for _, turns in hand.person.last_kinds]
    assert aims == pytest.approx(asked, abs=1e-9), "whole divisions are asked for"
    done = [record["turns"] for record in laboratory.intents("done")]
    assert done == pytest.approx(asked, abs=1e-5) and len(laboratory.intents()) == len(done)
    assert laboratory.intents("failed") == []
    (curve,) = found["load_curve"]["branches"]
    assert curve["branch"] == "load" and curve["turns"] == pytest.approx([0.0, *asked], abs=1e-5)


def test_a_stop_during_a_question_holds_and_the_rest_waits_for_a_declaration(
    laboratory, hand
) -> None:
    session = hand.session()
    person, first = hand.person, session.instruments.drive
    first.declare(0.0, "the mark is at the top")

    def stop_at_the_third(wanted: Callable[[], bool]) -> None:
        if len(person.asked_turns) == 3:
            first.stop()
            deadline_s = time.monotonic() + 10.0
            while wanted() and time.monotonic() < deadline_s:
                time.sleep(0.005)

    person.before_answer = stop_at_the_third
    with pytest.raises(RampHeld, match="a stop came while the screw was in a person's hands"):
        laboratory.engine(ramp(session.instruments))
    past = open_run(laboratory.recorder.folder)
    assert past.exit_status == "fail" and len(steps_of(past.folder)) == 3
    assert laboratory.intents("failed")[-1]["doubtful"]
    first.destroy()

    # the person had turned the screw before the stop, and did not come to say so
    session = hand.session()
    with pytest.raises(PositionUnknown, match=r"unknown: .*Nothing was moved.*drive declare"):
        session.require_ready()
    with pytest.raises(RampHeld, match="drive declare"):
        laboratory.engine(ramp(session.instruments))
    assert len(person.asked_turns) == 3, "nobody is asked to turn what stands nobody knows where"
    session.instruments.drive.declare(person.asked_turns[-1], "looked at the mark")
    session.require_ready()
    resumption = _resumption(past, session)
    assert resumption.ways == (1,)
    laboratory.engine(ramp(session.instruments, resumption=resumption))
    later = steps_of(laboratory.recorder.folder)
    assert laboratory.stop_doc()["exit_status"] == "success"
    assert later[0]["turns"] == pytest.approx(person.asked_turns[2], abs=1e-5)
    assert later[-1]["pressure_gpa"] >= 8.5 and all(step["measured"] for step in later)
    assert all(b > a for a, b in pairwise(person.asked_turns)), "no turn is asked for twice"
    assert len(person.asked_turns) == 3 + len(later) - 1
