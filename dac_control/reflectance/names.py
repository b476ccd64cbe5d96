"""Words beside a reflectance, kept from saying what it cannot show."""

from collections.abc import Mapping
from typing import Any, Final

from dac_control.errors import ConfigurationError

__all__ = ["FORBIDDEN_WORD", "checked_name", "claims_in", "refuse_claim", "says_more"]

FORBIDDEN_WORD: Final = "metal"
"""No sentence on reflectance alone contains it, in any form and from any source."""


def says_more(text: str) -> bool:
    """Whether a text says what reflectance alone cannot show."""
    return FORBIDDEN_WORD in text.lower()


def claims_in(stated: Mapping[str, Any]) -> dict[str, str]:
    """Texts of a document that say more than reflectance can show, by their dotted keys."""
    found: dict[str, str] = {}
    for key, value in stated.items():
        inside = dict(enumerate(value)) if isinstance(value, list | tuple) else value
        if isinstance(inside, Mapping):
            nested = claims_in({str(name): each for name, each in inside.items()})
            found |= {f"{key}.{name}": text for name, text in nested.items()}
        elif isinstance(inside, str) and says_more(inside):
            found[key] = inside
    return found


def refuse_claim(text: str, where: str = "") -> None:
    """Refuse a text that would stand on the page of a reflectance.

    Parameters
    ----------
    text : str
        What somebody wrote.
    where : str
        Where it stands, in brackets after a space.

    Raises
    ------
    ConfigurationError
        It says more than reflectance can show.
    """
    if says_more(text):
        raise ConfigurationError(
            f"{text!r}{where} says more than reflectance alone can show, and would stand on its "
            "page; name what was loaded, for example 'hydrogen'. Nothing was lit."
        )


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
    if says_more(name):
        raise ConfigurationError(
            f"The name of the {what} says more than reflectance alone can show; name it by what "
            "was loaded, for example 'hydrogen' or 'rhenium'."
        )
    return name
