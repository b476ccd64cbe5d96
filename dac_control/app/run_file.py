"""Read a run file: a plan and its parameters, checked against the station before anything moves."""

import time
from pathlib import Path

from dac_control.app.calibrations import check_run
from dac_control.app.hands import check_hands
from dac_control.app.light_budget import check_light
from dac_control.app.run_models import PLANS, RunFile
from dac_control.app.station import Station
from dac_control.app.toml_file import line_of, parse_toml, plain_toml, read_text
from dac_control.errors import ConfigurationError

__all__ = ["RunFile", "load_run_file"]


def load_run_file(
    path: Path,
    station: Station | None = None,
    *,
    wall_time: float | None = None,
    held_at: int | None = None,
    unanswered: str = "",
) -> RunFile:
    """Read a run file and, with a station, refuse what it cannot do.

    Parameters
    ----------
    path : Path
    station : Station, optional
        Its limits, its gauges, and the calibrations in its state folder, which is only read.
    wall_time : float, optional
        When the run begins, in s since the epoch; by default now.
    held_at : int, optional
        Number from 1 of the part that an earlier run held in, and that is taken up: those before
        it measure nothing any more, and nobody knows what light the rest costs.
    unanswered : str
        Why nobody can answer a question while it runs, a clause; empty where somebody can, and
        for a rehearsal, which has hands of its own.

    Raises
    ------
    ConfigurationError
        Naming file, line and key of each mistake, of what is out of bounds, of the calibration
        that the station asks for and that is missing or too old, or of the plan that needs a
        person where nobody can answer.
    """
    text = read_text(path)
    named = plain_toml(text, path).get("plan")
    model = PLANS.get(named) if isinstance(named, str) else None
    if model is None:
        line = line_of(text, "plan")
        what = "this key is missing" if named is None else f"there is no plan {named!r}"
        raise ConfigurationError(f"{path}:{line}: plan: {what}; there are {', '.join(PLANS)}.")
    run = parse_toml(text, model, path)
    run.read_for(station, path, text)
    if station is not None:
        began = time.time() if wall_time is None else wall_time
        with run.lines():
            run.check(station)
            left = run.parts[(held_at or 1) - 1 :]
            for part in left if unanswered else ():
                with part.lines():
                    check_hands(station, part, unanswered)
            check_run(station, [(p.needs(station), p.brings(station)) for p in left], began)
            check_light(station, run.light_parts(station, whole=held_at is None))
    return run
