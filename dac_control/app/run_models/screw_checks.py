"""What drive, limits and scales of a station say to run files that turn the screw."""

from collections.abc import Sequence

from dac_control.app.device_tables import ManualScrew
from dac_control.app.run_models.base import Impossible
from dac_control.app.station import Station
from dac_control.errors import LimitError
from plans.gauge_ranges import check_ranges
from plans.route import Leg
from plans.settings import StepSettings

__all__ = ["check_placing", "check_scales", "check_targets"]


def check_scales(station: Station, gauges: Sequence[str], legs: Sequence[Leg], key: str) -> None:
    """Raise `Impossible` for what the gauges in charge have no scales for."""
    try:
        check_ranges(station.scale_spans_gpa, gauges, legs)
    except LimitError as error:
        raise Impossible(key, str(error)) from None


def check_placing(station: Station, step: StepSettings) -> None:
    """Raise `Impossible` where a person is asked for less than a division of the key's scale."""
    drive = station.devices.drive
    if not isinstance(drive, ManualScrew):
        return
    division = 1.0 / drive.divisions
    for key, turns in (
        ("step.probe_turns", step.probe_turns),
        ("limits.max_step_turns", station.limits.max_step_turns),
    ):
        if turns < division * (1.0 - 1e-3):
            where = "" if key.startswith("step") else " of the station"
            raise Impossible(
                key,
                f"{key}{where} ({turns:g}) is finer than a division of the key's scale "
                f"({division:.4g} turns, {drive.divisions} to a turn). Write "
                f"{division * 1.0005:.4f} or more if the cell stands that at once, or use a "
                "finer scale.",
            )


def check_targets(
    station: Station, unit: str, values: tuple[float, ...], name: str, table: str = "targets"
) -> None:
    """Raise `Impossible` for a target beyond the station's limits; by the file's key."""
    try:
        station.limits.check_targets(unit, list(values))
    except LimitError as error:
        raise Impossible(f"{table}.{name}", str(error)) from None
