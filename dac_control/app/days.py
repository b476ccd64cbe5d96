"""A day as people give it to an option."""

import datetime

from dac_control.errors import ConfigurationError

__all__ = ["day_given"]


def day_given(option: str, text: str) -> datetime.date:
    """Read a day such as 2026-11-22.

    Raises
    ------
    ConfigurationError
        It is none; `option` is named.
    """
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"{option} is '{text}'; give a day such as 2026-11-22.") from None
