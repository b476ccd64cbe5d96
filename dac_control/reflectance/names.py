"""Names that sentences repeat, kept from saying what reflectance cannot show."""

from typing import Final

from dac_control.errors import ConfigurationError

__all__ = ["FORBIDDEN_WORD", "checked_name"]

FORBIDDEN_WORD: Final = "metal"
"""No sentence on reflectance alone contains it, in any form and from any source."""


def checked_name(what: str, name: str) -> str:
    """Return a name that sentences may repeat.

    Parameters
    ----------
    what : str
        What is named: "sample", "reference", ...
    name : str

    Raises
    ------
    ConfigurationError
        It is empty or claims a state that reflectance alone does not show.
    """
    if not name.strip():
        raise ConfigurationError(f"The {what} of a reflectance has no name; say what was loaded.")
    if FORBIDDEN_WORD in name.lower():
        raise ConfigurationError(
            f"The name of the {what} says more than reflectance alone can show; name it by what "
            "was loaded, for example 'hydrogen' or 'rhenium'."
        )
    return name
