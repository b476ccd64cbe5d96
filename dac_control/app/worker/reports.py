"""What a guardian is told of a session, and what is done to the session at its request.

No thread and no line: a worker sends the one over a wire and hears the other from it, a rehearsal
has both in one process.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from dac_control.app.progress import TimeLeft
from dac_control.app.session import Session
from dac_control.app.worker.published import Published
from dac_control.errors import DacError

__all__ = ["Reports", "carry_out"]


class Reports:
    """Messages about a session.

    Parameters
    ----------
    session : Session
        What is reported on.
    wall_time : callable, optional
        Seconds since 1970, as the time stamps of its devices have them.
    """

    def __init__(self, session: Session, wall_time: Callable[[], float] = time.time) -> None:
        self._session = session
        self._wall_time = wall_time
        self._published = Published(session.instruments)
        self._streams: dict[str, str] = {}
        self._time_left = TimeLeft()

    def of_document(self, name: str, doc: Mapping[str, Any]) -> dict[str, Any] | None:
        """Say what is to be known of a document; None where that is nothing."""
        self._time_left(name, doc)
        if name == "start":
            folder = str(self._session.recorder.folder)
            return {"kind": "run", "uid": doc["uid"], "folder": folder}
        if name == "descriptor":
            self._streams[doc["uid"]] = doc["name"]
        elif name == "event" and self._streams.get(doc["descriptor"]) == "primary":
            return {"kind": "step", "number": doc["seq_num"]}
        elif name == "stop":
            reason = doc.get("reason", "")
            return {"kind": "stop", "exit_status": doc["exit_status"], "reason": reason}
        return None

    def of_devices(self) -> dict[str, Any]:
        """Say how the devices stand; a beat carries it."""
        session, lab_time_s = self._session, self._session.clock.now()
        readings = self._published.news(self._wall_time())
        left_s = self._time_left.left_s(lab_time_s)
        if left_s is not None:
            readings["time_left_s"] = (left_s, lab_time_s)
        return {
            "kind": "beat",
            "lab_time_s": lab_time_s,
            "in_a_move": session.instruments.drive.in_a_move,
            "setpoint_moving": session.instruments.cryostat.settling,
            "held": session.hold.reason,
            "readings": readings,
        }


def carry_out(
    session: Session,
    kind: str,
    reason: str,
    *,
    end: Callable[[str], None],
    tell: Callable[[dict[str, Any]], None],
) -> None:
    """Do what a guardian asks.

    Parameters
    ----------
    session : Session
        To which it is done.
    kind : str
        ``hold``, ``release``, ``end`` or ``heater_off``; anything else is let be.
    reason : str
        For a person.
    end : callable
        Ends the run in hold, given the reason.
    tell : callable
        Takes what the guardian is to hear of it.
    """
    match kind:
        case "hold":
            session.hold.hold(reason)
        case "release":
            session.hold.release(reason)
        case "end":
            end(reason)
        case "heater_off":
            error = ""
            try:
                session.instruments.cryostat.heater_off()
            except DacError as failure:
                error = str(failure)
            tell({"kind": "heater", "reason": reason, "off": not error, "error": error})
            end(reason)
