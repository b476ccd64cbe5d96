"""What a worker of queueserver imports: the session of a station, and the one plan there is.

The station file's path is in the environment. The session is built as everywhere, so the station's
lock, the journals and the handlers of signals are the same. The supervisor is its guardian, as that
of a single run is: it hears what the instruments read and that the RunEngine's loop turns, and may
ask for a hold; the worker's own lock tells it that the process lives.
"""

import atexit
import os
from pathlib import Path
from typing import Any

from dac_control.app.guardian.channel import knock
from dac_control.app.hands import IN_A_QUEUE
from dac_control.app.queue.place import Place
from dac_control.app.queue.startup_variable import STATION_VARIABLE
from dac_control.app.queue.tickets import begin, end
from dac_control.app.run_file import load_run_file
from dac_control.app.run_plan import plan_of
from dac_control.app.session import build_session
from dac_control.app.station_lock import StationLock
from dac_control.app.toml_file import read_text
from dac_control.app.worker.guardian_link import GuardianLink
from dac_control.errors import ConfigurationError, LimitError

__all__ = ["RE", "run_file"]

_wire = knock()
if _wire is None:
    raise ConfigurationError(
        "This worker has no supervisor; end the queue and begin it anew with `dac-control queue "
        "start STATION`."
    )
# an idle worker without its supervisor begins nothing, see below; queueserver ends it
_link = GuardianLink(_wire, leave=lambda: None)
atexit.register(_link.farewell, 0)
_session = build_session(Path(os.environ[STATION_VARIABLE]))
atexit.register(_session.close)
_place = Place(_session.station.storage.state)
_alive = StationLock(_place.worker)
RE = _session.engine
# the first fit compiles for seconds, which is not for the RunEngine's thread
_session.wait_until_warm()
_attended = _link.attend(_session)
_attended.__enter__()
_link.wait()


def run_file(ticket: str, title: str) -> Any:
    """Carry out a run file that was handed in; once.

    Parameters
    ----------
    ticket : str
        Under which it was handed in.
    title : str
        What it was called.

    Raises
    ------
    LimitError
        If nobody watches over this process, or the ticket was begun before; nothing moves then.
    """
    if not _link.guarded:
        raise LimitError(
            "The supervisor of this queue is gone, so nothing is begun. End this queue's processes "
            "and start it anew with `dac-control queue start STATION`."
        )
    path = _place.tickets / f"{ticket}.toml"
    run = load_run_file(path, _session.station, unanswered=IN_A_QUEUE)
    _session.require_ready()
    begin(_place.ledger, ticket, title)
    _link.begin()
    before = _session.recorder.folder
    _session.attachments["run.toml"] = read_text(path)
    failure = "ended early"
    try:
        yield from plan_of(run, _session.instruments, {"ticket": ticket})
        failure = ""
    except Exception as error:
        failure = str(error)
        raise
    finally:
        _session.attachments.pop("run.toml", None)
        folder = _session.recorder.folder
        mine = "" if folder is None or folder == before else str(folder)
        end(_place.ledger, ticket, folder=mine, failure=failure)
        _link.wait()
