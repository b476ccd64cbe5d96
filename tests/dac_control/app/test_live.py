"""The live view over the documents of a real run, on a terminal and in a pipe."""

import io

import pytest
from bluesky.plans import count
from rich.console import Console

from dac_control.app import asking
from dac_control.app.asking import ask_at_terminal, drawn_around
from dac_control.app.live import LiveView
from plans.gauge_settings import RubySettings
from plans.pressure_ramp import pressure_ramp
from plans.settings import DwellSettings, RampSettings, Targets

QUICK = RampSettings(
    dwell=DwellSettings(
        drift_limit_gpa_per_h=5,
        window_s=100,
        interval_s=20,
        min_dwell_s=40,
        max_dwell_s=200,
        min_readings=3,
    ),
    ruby=RubySettings(exposure_s=0.5),
)


def drawn(laboratory, terminal: bool, width: int) -> str:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=terminal, width=width, legacy_windows=False)
    view = LiveView(console)
    plan = pressure_ramp(laboratory.instruments, Targets.gpa([5]), settings=QUICK)
    laboratory.engine(plan, view)
    view.close()
    return stream.getvalue()


def test_in_a_pipe_each_step_is_one_line(laboratory) -> None:
    text = drawn(laboratory, terminal=False, width=80)
    lines = text.splitlines()
    steps = len(laboratory.events("primary"))
    assert lines[0].split()[:4] == ["step", "branch", "turns", "P/GPa"]
    assert [line.split()[0] for line in lines[1:]] == [str(n + 1) for n in range(steps)]
    assert "\x1b" not in text


def test_on_a_terminal_table_and_bar_are_drawn(laboratory) -> None:
    text = drawn(laboratory, terminal=True, width=120)
    assert "P/GPa" in text and "100 %" in text


def test_a_run_that_is_no_ramp_is_passed_over(laboratory) -> None:

    view = LiveView(Console(file=io.StringIO()))
    laboratory.engine(count([laboratory.instruments.cryostat]), view)
    view.close()


def test_nothing_is_drawn_under_an_open_question(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=100, legacy_windows=False)
    view = LiveView(console)
    view("start", {"targets": {"unit": "gpa", "load": [5]}})
    drawing: list[bool] = []

    def typed(within_s: float) -> bool:
        assert view._live is not None
        drawing.append(view._live.is_started)
        return True

    def ask() -> str:
        monkeypatch.setattr("sys.stdin", io.StringIO("0.1\n"))
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        return ask_at_terminal("where? ", lambda: True)

    monkeypatch.setattr(asking, "begin_anew", lambda: None)
    monkeypatch.setattr(asking, "is_typed", typed)
    assert ask() == "0.1"
    assert drawing == [False] and view._live is not None and view._live.is_started
    monkeypatch.setattr(view, "_drawn", lambda: 1 / 0)
    assert ask() == "0.1"
    assert view._live is None, "rows that no table takes are printed"
    view("stop", {})
    assert not drawn_around
