"""``dac-control check``: who answers, and do the limits in the instruments agree."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from dac_control.app.commands.common import console_for, print_connections, print_json
from dac_control.app.notify.opening import Trial, heading_of, try_notifiers
from dac_control.app.session import Session, build_session
from dac_control.errors import DacError

__all__ = ["check_station"]


def check_station(station: Path, *, as_json: bool, notify: bool = False) -> int:
    """Connect to everything and report; return 0, or 1 if something is amiss.

    Parameters
    ----------
    station : Path
        The station file.
    as_json : bool
        Print a document.
    notify : bool
        Also send a test notice by every channel, and a sign of life.
    """
    console = console_for(as_json)
    with build_session(station) as session:
        findings, concerns = _findings(session), _concerns(session)
        trials = _try_notifiers(session) if notify else []
        findings += [f"notify: {trial.problem}" for trial in trials if trial.problem]
        if notify and not trials:
            findings.append("notify: the station file has no [[notify.to]], so nobody is told.")
        if as_json:
            print_json(_as_document(session, findings, concerns, trials))
        else:
            print_connections(console, session.connections)
            for trial in trials:
                if not trial.problem:
                    console.print(f"notify: {trial.name} took a test notice.", soft_wrap=True)
            for concern in concerns:
                console.print(f"note: {concern}", soft_wrap=True)
            for finding in findings:
                console.print(f"[yellow]{finding}[/]", soft_wrap=True)
            if not findings and not any(c.error for c in session.connections):
                console.print("Everything answers; the drive knows where it stands.")
    return 1 if findings or any(c.error for c in session.connections) else 0


def _findings(session: Session) -> list[str]:
    """What a person should look at before a run."""
    findings: list[str] = []
    if all(c.error is None for c in session.connections if c.role == "drive"):
        verdict = session.instruments.drive.position_verdict()
        if not verdict.known:
            findings.append(
                f"drive: position unknown: {verdict.message}. Say where the screw stands with "
                "`dac-control drive declare`."
            )
    return findings


def _try_notifiers(session: Session) -> list[Trial]:
    about = session.station.station
    heading = heading_of(about.name, simulated=about.simulated)
    return try_notifiers(session.station.notify, heading=heading)


def _concerns(session: Session) -> list[str]:
    """Limits and settings inside the instruments that do not fit the station file."""
    answering = {c.role for c in session.connections if c.error is None}
    found = [f"specimen: {concern}" for concern in session.station.specimen.concerns()]
    for role, device in session.devices.items():
        if role in answering:
            try:
                found += [f"{role}: {concern}" for concern in device.concerns()]
            except DacError as error:
                found.append(f"{role}: its settings could not be read: {error}")
    return found


def _as_document(
    session: Session, findings: list[str], concerns: list[str], trials: list[Trial]
) -> dict[str, Any]:
    return {
        "station": session.station.station.name,
        "simulated": session.station.station.simulated,
        "instruments": [
            {
                "role": connection.role,
                "name": connection.name,
                "address": connection.address,
                "ok": connection.error is None,
                "identity": asdict(connection.identity) if connection.identity else None,
                "error": str(connection.error) if connection.error else None,
            }
            for connection in session.connections
        ],
        "findings": findings,
        "concerns": concerns,
        "notifiers": [
            {"name": trial.name, "ok": not trial.problem, "error": trial.problem or None}
            for trial in trials
        ],
    }
