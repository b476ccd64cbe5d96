"""``dac-control shell``: IPython with the session of a station or of a simulated laboratory."""

import datetime
import secrets
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from bluesky.utils import FailedStatus, RunEngineInterrupted
from rich.console import Console

from dac_control.app.commands.common import print_connections
from dac_control.app.laboratory_process import LaboratoryProcess
from dac_control.app.live import LiveView
from dac_control.app.session import Session, build_session
from dac_control.app.terminal import PatientConsole
from dac_control.errors import DacError, RecordError
from dac_control.records import Run, RunInfo, list_runs, open_run
from plans.failures import cause_of

__all__ = ["RunList", "namespace", "run_shell"]

_BANNER = """\
dac-control: {where}
  RE(pressure_ramp(instruments, gpa(load=[4, 6])))    a ramp along pressures
  RE(pressure_ramp(instruments, turns(load=[0.02])))  a ramp along turns
  RE(count([{cryostat}]))    any bluesky plan; bp and bps hold more of them
  runs, runs[0], report(runs[0])    what was measured, newest first
  {drive}.turns.get(), instruments.limits    where the screw stands, and may
Ctrl-C ends a ramp in hold: drive stopped, temperature kept. exit leaves.
"""


class RunList:
    """The runs of the session's folder, newest first; read anew whenever it is looked at."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _infos(self) -> list[RunInfo]:
        return list_runs(self._folder)

    def __len__(self) -> int:
        return len(self._infos())

    def __getitem__(self, index: int) -> Run:
        infos = self._infos()
        if not -len(infos) <= index < len(infos):
            raise RecordError(f"There are {len(infos)} runs in {self._folder}; 0 is the newest.")
        return open_run(infos[index].folder)

    def __repr__(self) -> str:
        lines = [
            f"{number:3d}  {datetime.datetime.fromtimestamp(info.time):%Y-%m-%d %H:%M}  "
            f"{info.uid[:8]}  {info.plan:16}  {info.exit_status}"
            for number, info in enumerate(self._infos())
        ]
        return "\n".join(lines) or f"no runs yet in {self._folder}"


def namespace(session: Session) -> dict[str, Any]:
    """Names of the shell: the engine, devices under their station names, plans, stubs, runs."""
    import bluesky.plan_stubs
    import bluesky.plans

    import plans.gauge_settings
    import plans.settings
    import plans.stubs
    import plans.watching_settings

    found = session.instruments
    devices = {device.name: device for device in session.devices.values()}
    return {
        "RE": session.engine,
        "session": session,
        "instruments": found,
        **devices,
        "ruby": found.ruby,
        "clock": found.clock_reading,
        **_plans(),
        "gpa": plans.settings.Targets.gpa,
        "turns": plans.settings.Targets.turns,
        **_public(plans.gauge_settings),
        **_public(plans.settings),
        **_public(plans.watching_settings),
        **_public(plans.stubs),
        "count": bluesky.plans.count,
        "bps": bluesky.plan_stubs,
        "bp": bluesky.plans,
        "runs": RunList(session.station.storage.runs),
        "report": _write_report,
        "hold": partial(_hold, session),
        "release": partial(_release, session),
    }


def _public(module: ModuleType) -> dict[str, Any]:
    return {name: getattr(module, name) for name in module.__all__}


def _plans() -> dict[str, Any]:
    """The plans by name; ``hold`` is taken by the hold flag, so the plan is ``hold_plan``."""
    from plans.calibrate_axis import calibrate_axis_plan
    from plans.close_and_seal import close_and_seal
    from plans.control_run import control_run
    from plans.full_experiment import Stage, full_experiment
    from plans.hold import hold
    from plans.measure_edge import measure_edge
    from plans.measure_gain import measure_gain
    from plans.measure_lambda0 import measure_lambda0, measure_reference_ruby
    from plans.measure_reflectance import measure_reflectance
    from plans.measure_vibron import measure_vibron
    from plans.optics_settings import Closing, ReflectanceSettings
    from plans.pressure_map import pressure_map
    from plans.pressure_ramp import pressure_ramp
    from plans.repeatability import repeatability
    from plans.route import Repeat
    from plans.temperature_ramp import cooldown, warmup

    return {
        "pressure_ramp": pressure_ramp,
        "control_run": control_run,
        "repeatability": repeatability,
        "Repeat": Repeat,
        "cooldown": cooldown,
        "warmup": warmup,
        "hold_plan": hold,
        "calibrate_axis": calibrate_axis_plan,
        "measure_gain": measure_gain,
        "measure_lambda0": measure_lambda0,
        "measure_reference_ruby": measure_reference_ruby,
        "measure_edge": measure_edge,
        "measure_vibron": measure_vibron,
        "pressure_map": pressure_map,
        "measure_reflectance": measure_reflectance,
        "ReflectanceSettings": ReflectanceSettings,
        "close_and_seal": close_and_seal,
        "Closing": Closing,
        "full_experiment": full_experiment,
        "Stage": Stage,
    }


def _write_report(run: Run) -> Path:
    """Write the report of a run, such as ``runs[0]``, and say where it is."""
    from dac_control.app.commands.ramp import finish

    finish(run.folder, Console())
    return run.folder / "report.html"


def _hold(session: Session, reason: str = "asked for by the operator") -> None:
    """Let the step in progress end and begin no other until `release`."""
    session.hold.hold(reason)
    sys.stdout.write(f"held: {session.hold.reason}; release() goes on\n")


def _release(session: Session) -> None:
    """Let the ramp go on."""
    session.hold.release()
    sys.stdout.write("released\n")


def run_shell(station: Path | None, *, seed: int, speed: float) -> int:
    """Start IPython and, when it is left, close everything."""
    console = PatientConsole(highlight=False)
    with ExitStack() as stack:
        if station is None:
            station = _simulated(stack, seed, speed)
        session = stack.enter_context(build_session(station))
        session.warm_up()
        print_connections(console, session.connections)
        session.engine.subscribe(LiveView(console, session.hold))
        session.engine.subscribe(partial(_say_where, session, console), "stop")
        _start_ipython(session)
    console.print("Left; the instruments stay as they are.")
    return 0


def _say_where(session: Session, console: Console, name: str, stop: dict[str, Any]) -> None:
    """One line when a run is over: how it ended and where it is."""
    reason = f": {stop['reason']}" if stop.get("reason") else ""
    ended = f"{stop['exit_status']}{reason}"
    console.print(f"{ended}. Run folder {session.recorder.folder}", soft_wrap=True, markup=False)


def _simulated(stack: ExitStack, seed: int, speed: float) -> Path:
    stamp = datetime.datetime.now().strftime("%Y-%m-%d_%H%M%S")
    folder = Path("dac-control-demo") / "laboratories" / f"{stamp}_{secrets.token_hex(2)}"
    arguments = ["--seed", str(seed), "--speed", str(speed)]
    arguments += ["--runs", str(Path("dac-control-demo") / "runs")]
    return stack.enter_context(LaboratoryProcess(folder, arguments)).wait_until_serving()


def _start_ipython(session: Session) -> None:
    import IPython
    from traitlets.config import Config

    names = session.instruments.names
    config = Config()
    config.TerminalIPythonApp.display_banner = True
    config.TerminalInteractiveShell.confirm_exit = False
    config.TerminalInteractiveShell.banner1 = ""
    config.TerminalInteractiveShell.banner2 = _BANNER.format(
        where=session.station.station.name, drive=names["drive"], cryostat=names["cryostat"]
    )
    # a magic of the user's own profile must not be needed, nor one of theirs in the way
    config.TerminalIPythonApp.ignore_cwd = True
    config.InteractiveShellApp.exec_lines = []
    user_ns = namespace(session)
    user_ns["_show_errors_as_sentences"] = partial(show_errors_as_sentences, session)
    config.InteractiveShellApp.exec_lines.append(
        "_show_errors_as_sentences(get_ipython()); del _show_errors_as_sentences"
    )
    IPython.start_ipython(argv=[], config=config, user_ns=user_ns)


def show_errors_as_sentences(session: Session, shell: Any) -> None:
    """Let IPython print a foreseen error as its sentence instead of a cascade of tracebacks."""

    def show(
        self: Any, kind: type, error: BaseException, trace: Any, tb_offset: Any = None
    ) -> None:
        text = str(error)
        if isinstance(error, FailedStatus):
            text = str(cause_of(error))
        elif isinstance(error, RunEngineInterrupted) and session.engine.state == "idle":
            text = "The run was ended; nothing is left to resume."
        sys.stderr.write(f"{text}\n")

    shell.set_custom_exc((DacError, FailedStatus, RunEngineInterrupted), show)
