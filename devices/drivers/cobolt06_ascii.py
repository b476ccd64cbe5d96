"""Commands and replies of Cobolt 06 lasers (MLD and DPL); pure.

A command is one line that ends with CR, and every command gets one line back that ends with CR LF:
``OK``, a value, or ``Syntax error: ...``. Nothing in a reply names its command.

Sources, for each command that is used here:

- *SDK*: the maker's own Python package (github.com/cobolt-lasers/pycobolt, MIT): ``sn? glm? gfv?
  l? l0 p p? pa? ilk? f? cp gam? gom? hrs? @cob1``, the faults 0, 1, 3, 4 and the states 0 to 6;
  the power is in W in ``p``, ``p?`` and ``pa?``.
- *pyLabLib* (github.com/AlexShkarin/pyLabLib, tested with an 06-01 on USB): ``gsn? gmlp?`` (mW),
  ``@cobas?``, ``l1``, 115200 baud, replies that end with CR LF.
- *QMI* (github.com/QMI, TU Delft/TNO): ``@cobas 0|1`` is not in the manual; the manual's reply
  terminator CR is really CR LF; ``p`` with six decimals.
- *DCC-Lab* (github.com/DCC-Lab/PyHardwareLibrary, measured on a laser): ``l1`` is answered with
  ``Syntax error`` while autostart is on.
- pycobolt issue 6: ``@cob1`` and ``l1`` may be answered ``OK`` by a laser that then waits for its
  key and stays dark; so ``l?`` has to be asked.
"""

import math
import re

from dac_control.errors import InstrumentError, ProtocolError

__all__ = [
    "CONSTANT_POWER",
    "FAULTS",
    "STATES",
    "answers_ok",
    "answers_with",
    "fault_text",
    "format_power",
    "is_refusal",
    "parse_flag",
    "parse_integer",
    "parse_number",
    "refuse",
    "wavelength_of",
]

CONSTANT_POWER = 1
"""Operating mode (``gam?``) in which the setpoint of the power counts."""

FAULTS = {
    0: "",
    1: "temperature error",
    3: "the interlock is or was open",
    4: "it did not reach its power in time",
}
"""Faults (``f?``): SDK."""

STATES = {
    0: "off",
    1: "waiting for its key switch",
    2: "on, continuous",
    3: "on/off modulation",
    4: "modulation",
    5: "fault",
    6: "aborted",
}
"""States (``gom?``): SDK. Newer firmware has been seen to use other numbers, so these are only
words for people; no decision rests on them."""

_REFUSED = "syntax error"
_SHAPES = {
    "flag": re.compile(r"[01]"),
    "integer": re.compile(r"\d{1,4}"),
    # a power or hours always comes with a point, which tells it from a flag or a number of a fault
    "number": re.compile(r"-?\d{1,7}\.\d{1,9}"),
    "hours": re.compile(r"\d{1,7}(\.\d{1,6})?"),
    "text": re.compile(r"[ -~]{1,80}"),
}
_MODEL = re.compile(r"(\d{4})-06-.+")


def is_refusal(line: str) -> bool:
    """True if the laser says that it did not take the command."""
    return line.lower().startswith(_REFUSED)


def answers_with(shape: str, command: str, line: str) -> bool:
    """Judge a line that came after a query.

    Parameters
    ----------
    shape : str
        What is due: ``flag`` (0 or 1), ``integer``, ``number`` (with a point), ``hours`` or
        ``text``.
    command : str
        The query.
    line : str
        What came.

    Returns
    -------
    bool
        False for an echo of the query, which is passed over.

    Raises
    ------
    ProtocolError
        If it is neither a refusal nor of that shape.
    """
    text = line.strip()
    if text == command:
        return False
    if is_refusal(text):
        return True
    if text == "OK" or _SHAPES[shape].fullmatch(text) is None:
        raise ProtocolError(f"The laser sent {line!r} where a {shape} was due after {command!r}.")
    return True


def answers_ok(command: str, line: str) -> bool:
    """Judge a line that came after a command; as `answers_with`."""
    text = line.strip()
    if text == command:
        return False
    if text != "OK" and not is_refusal(text):
        raise ProtocolError(f"The laser sent {line!r} where OK was due after {command!r}.")
    return True


def refuse(address: str, command: str, line: str) -> None:
    """Raise `InstrumentError` if a reply is a refusal."""
    if is_refusal(line.strip()):
        raise InstrumentError(
            f"The laser at {address} refused {command!r}: {line.strip()}. Look at its key switch, "
            "its interlock and its operating mode."
        )


def parse_flag(line: str) -> bool:
    """Parse a reply of the shape ``flag``."""
    return line.strip() == "1"


def parse_integer(line: str) -> int:
    """Parse a reply of the shape ``integer``."""
    return int(line)


def parse_number(line: str) -> float:
    """Parse a reply of the shape ``number``."""
    return float(line)


def fault_text(code: int) -> str:
    """Put a fault into words; empty if there is none."""
    return FAULTS.get(code, f"fault {code}, which is not in the documentation")


def format_power(power_mw: float) -> str:
    """Make the command that sets the power, which it wants in W."""
    if not math.isfinite(power_mw):
        raise ProtocolError(f"A power of {power_mw} mW cannot be sent.")
    return f"p {power_mw / 1e3:.6f}"


def wavelength_of(model: str) -> float:
    """Wavelength in nm of an 06 laser from its model number, e.g. ``0532-06-91-0100-100``.

    Raises
    ------
    ProtocolError
        If it is no model number of that family.
    """
    match = _MODEL.fullmatch(model.strip())
    if match is None:
        raise ProtocolError(f"The laser says it is {model!r}, which is no model of Cobolt 06.")
    return float(match[1])
