"""What a run asks of people: refused before anything moves or is lit where nobody can answer."""

from collections.abc import Iterator

from dac_control.app.device_tables import ManualScrew
from dac_control.app.run_models.base import Impossible, RunFile
from dac_control.app.station import Station
from devices.drivers.spot_role import home_of
from plans.looks import LAMP, LAMP_BEHIND, LINE_LAMP

__all__ = ["IN_A_QUEUE", "check_hands"]

IN_A_QUEUE = "a run in a queue has no terminal"
"""Why nobody can answer a question there."""
_WISHES = {
    "drive": "turn the screw",
    "spots": "point the optics",
    LAMP: "switch the white lamp",
    LAMP_BEHIND: "switch the lamp behind the cell",
    LINE_LAMP: "switch the calibration lamp",
}
_INSTEAD = {
    "drive": "a motor on the screw",
    "spots": "optics that stay where they are, and no [devices.spots]",
}
"""What a run needs that is to do without a person."""


def check_hands(station: Station, run: RunFile, unanswered: str) -> None:
    """Raise `Impossible` for a plan that cannot do without a person; nothing is asked.

    Parameters
    ----------
    station : Station
        Where a person has the screw, the stage or a lamp in hand.
    run : RunFile
        One plan.
    unanswered : str
        Why nobody can answer, a clause.
    """
    roles = tuple(_in_hand(station, run))
    if not roles:
        return
    wishes = " and to ".join(
        f"{_WISHES[role]} ({station.where(f'devices.{role}.driver')})" for role in roles
    )
    instead = " and ".join(_INSTEAD.get(role, "") for role in roles)
    unattended = f" Unattended it takes {instead}." if all(map(_INSTEAD.get, roles)) else ""
    raise Impossible(
        "plan",
        f"a {run.plan} asks a person to {wishes}, and {unanswered}, so nobody could answer. "
        "Nothing was lit or moved. Start it from a terminal at which somebody stays, with "
        f"`dac-control run` or `resume`.{unattended}",
    )


def _in_hand(station: Station, run: RunFile) -> Iterator[str]:
    """Roles that a person has in hand and a plan needs: those of the looks it must take, too."""
    devices, looks = station.devices, run.looks(station.look_rules)
    if run.turns_the_screw and isinstance(devices.drive, ManualScrew):
        yield "drive"
    # nobody knows where optics in somebody's hands look when a run begins
    places = () if devices.spots is None else devices.spots.places
    if any((look.spot or home_of(look.by)) in places for look in looks):
        yield "spots"
    for role in (LAMP, LAMP_BEHIND, LINE_LAMP):
        if getattr(devices, role) is not None and any(look.by == role for look in looks):
            yield role
