"""A day as people give it: read from an option, and not one that is yet to come."""

import datetime

from dac_control.errors import ConfigurationError

__all__ = ["lambda0_day_given", "refuse_day_to_come"]


def lambda0_day_given(text: str) -> datetime.date:
    """Read ``--lambda0-date``, a day such as 2026-11-22.

    Raises
    ------
    ConfigurationError
        It is none, or nobody can have measured on it yet.
    """
    option = "--lambda0-date"
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"{option} is '{text}'; give a day such as 2026-11-22.") from None
    refuse_day_to_come(f"{option}: lambda0", day, datetime.datetime.now(tz=datetime.UTC).date())
    return day


def refuse_day_to_come(what: str, day: datetime.date, today: datetime.date) -> None:
    """Raise `ConfigurationError` for a lambda0 that nobody can have measured yet.

    Parameters
    ----------
    what : str
        Which one, and where it stands, for the message.
    day : datetime.date
        Of the measurement.
    today : datetime.date
        On which it is used, in UTC.
    """
    # a day more: the date may be that of another time zone
    if day > today + datetime.timedelta(days=1):
        raise ConfigurationError(
            f"{what} is of {day}, which has not come yet on {today}; write the day it was "
            "measured on."
        )
