"""``dac-control demo``: simulated laboratory, real drivers, one ramp, one report."""

import datetime
import importlib.resources
import secrets
from pathlib import Path

from dac_control.app.commands.common import console_for, only_json_on_stdout
from dac_control.app.commands.outputs import check_harmless
from dac_control.app.laboratory_process import LaboratoryProcess
from dac_control.errors import ConfigurationError

__all__ = ["run_demo"]


def run_demo(
    out: Path,
    *,
    seed: int,
    speed: float,
    truth: Path | None,
    replay: Path | None,
    as_json: bool,
) -> int:
    """Run the demo; return 0, or 1 if the run held."""
    console = console_for(as_json)
    check_harmless(out)
    if truth is not None:
        check_harmless(truth, [] if replay is None else [replay])
    folder = _new_folder(out)
    arguments = ["--seed", str(seed), "--speed", str(speed), "--runs", str(out / "runs")]
    for option, path in (("--truth", truth), ("--replay", replay)):
        if path is not None:
            arguments += [option, str(path.resolve())]
    run_toml = folder / "run.toml"
    run_toml.write_text(_run_toml(replay), encoding="utf-8")
    with LaboratoryProcess(folder, arguments) as laboratory:
        console.print(f"Simulated laboratory, seed {seed}, {speed:g} times faster than life.")
        # imported while the laboratory starts in its own process
        from dac_control.app.commands.ramp import print_outcome
        from dac_control.app.commands.run import ramp_at_station

        with only_json_on_stdout(as_json):
            outcome = ramp_at_station(run_toml, laboratory.wait_until_serving(), console)
    return print_outcome(outcome, console, as_json=as_json)


def _new_folder(out: Path) -> Path:
    """Make a folder of its own for each demo: every simulated laboratory begins anew."""
    stamp = datetime.datetime.now().strftime("%Y-%m-%d_%H%M%S")
    folder = out / "laboratories" / f"{stamp}_{secrets.token_hex(2)}"
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise ConfigurationError(
            f"The folder {folder} cannot be made: {error.strerror or error}; "
            "give another with --out."
        ) from error
    return folder.resolve()


def _run_toml(replay: Path | None) -> str:
    """Text of the demo's run file; for replayed spectra, one small turn for each of them."""
    if replay is None:
        return _packaged("demo_run.toml")
    if not replay.exists():
        raise ConfigurationError(f"--replay {replay}: there is no such file or folder.")
    spectra = 1 if replay.is_file() else sum(1 for path in replay.iterdir() if path.is_file())
    # the first spectrum is measured where the screw stands; each further one needs a turn
    turns = [round(0.005 * step, 4) for step in range(1, max(2, spectra))]
    return _packaged("replay_run.toml").replace("@TURNS@", repr(turns))


def _packaged(name: str) -> str:
    return (importlib.resources.files("dac_control.app") / "files" / name).read_text("utf-8")
