"""Limits of a Lake Shore 336 that are parts of longer settings: heater current, setpoint.

Source: Lake Shore Model 336 User's Manual, commands HTRSET, INCRV and CRVHDR. The 336 has no
setpoint limit of its own (as CLIMIT of the 340 is): a setpoint is bounded by the limit in the
header of the curve of the input that controls. Headers of the standard curves cannot be written.
"""

from dataclasses import dataclass, replace
from typing import Self

from dac_control.errors import InstrumentError, ProtocolError, UncertainWrite
from devices.drivers.lakeshore_ascii import parse_codes, parse_integer, parse_number
from devices.drivers.lakeshore_line import AcknowledgedLine

__all__ = ["CurveHeader", "HeaterSetup", "read_curve_of", "write_curve", "write_heater"]

PRESETS_A = {1: 0.707, 2: 1.0, 3: 1.141, 4: 2.0}
"""Maximum current by its number in HTRSET; 0 stands for the user's own."""
USERS_OWN = 0
FIRST_USER_CURVE = 21
CURRENT_TOLERANCE_A = 0.0006
"""HTRSET? answers with three decimals."""
LIMIT_TOLERANCE_K = 0.06
"""CRVHDR? answers with at least one decimal."""


@dataclass(frozen=True, kw_only=True)
class HeaterSetup:
    """The answer to ``HTRSET?``: resistance, maximum current, what the display shows."""

    resistance: int
    max_current: int
    user_current_a: float
    display: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse it; raises ProtocolError if it is something else."""
        fields = text.split(",")
        if len(fields) != 4:
            raise ProtocolError(
                f"The temperature controller sent {text!r} where a heater's setup was due."
            )
        return cls(
            resistance=parse_integer(fields[0]),
            max_current=parse_integer(fields[1]),
            user_current_a=parse_number(fields[2]),
            display=parse_integer(fields[3]),
        )

    @property
    def current_a(self) -> float:
        """Highest current of the output in A; infinite if its number is not in the manual."""
        if self.max_current == USERS_OWN:
            return self.user_current_a
        return PRESETS_A.get(self.max_current, float("inf"))


@dataclass(frozen=True, kw_only=True)
class CurveHeader:
    """The curve of an input, and the answer to its ``CRVHDR?``."""

    number: int
    name: str
    serial: str
    style: int
    limit_k: float
    coefficient: int

    @property
    def writable(self) -> bool:
        """False for the standard curves."""
        return self.number >= FIRST_USER_CURVE


def read_curve_of(line: AcknowledgedLine, letter: str) -> CurveHeader | None:
    """Read the header of the curve of an input; None if the input has no curve.

    Raises
    ------
    ProtocolError
        If the answer is no header.
    """
    number = parse_integer(line.query(f"INCRV? {letter}")[0])
    if number == 0:
        return None
    return _header(number, line.query(f"CRVHDR? {number}")[0])


def write_curve(line: AcknowledgedLine, header: CurveHeader, limit_k: float) -> None:
    """Change the limit of a user curve, nothing else, and read it back.

    Raises
    ------
    InstrumentError
        If the header reads back otherwise.
    UncertainWrite
        If the answer was lost, and reading back does not show the limit.
    """
    wanted = replace(header, limit_k=limit_k)
    number = header.number
    command = (
        f"CRVHDR {number},{wanted.name},{wanted.serial},{wanted.style},{limit_k:.3f},"
        f"{wanted.coefficient}"
    )
    fields, lost = line.command(command, (f"CRVHDR? {number}",))
    found = _header(number, fields[0])
    if abs(found.limit_k - limit_k) <= LIMIT_TOLERANCE_K and (
        replace(found, limit_k=limit_k) == wanted
    ):
        return
    if lost is not None:
        raise UncertainWrite(f"{lost} Read back: CRVHDR? {number} {fields[0]}.") from lost
    raise InstrumentError(
        f"{line.address} was told {command!r}, but CRVHDR? {number} reads back as {fields[0]}."
    )


def write_heater(line: AcknowledgedLine, output: int, setup: HeaterSetup, current_a: float) -> None:
    """Bound the current of an output, and read back that and that its range is as before.

    Raises
    ------
    InstrumentError
        If the current does not read back, or the heater's range is another than before.
    UncertainWrite
        If the answer was lost, and reading back does not show the current.
    """
    queries = (f"HTRSET? {output}", f"RANGE? {output}")
    before = line.query(queries[1])[0]
    command = f"HTRSET {output},{setup.resistance},{USERS_OWN},{current_a:.3f},{setup.display}"
    fields, lost = line.command(command, queries)
    found = HeaterSetup.parse(fields[0])
    if found.current_a > current_a + CURRENT_TOLERANCE_A or found.resistance != setup.resistance:
        if lost is not None:
            raise UncertainWrite(f"{lost} Read back: {queries[0]} {fields[0]}.") from lost
        raise InstrumentError(
            f"{line.address} was told {command!r}, but {queries[0]} reads back as {fields[0]}."
        )
    if fields[1] != before:
        raise InstrumentError(
            f"The heater of {line.address} went from range {before} to {fields[1]} when its "
            "current was bounded; set the range on the instrument, and begin again."
        )


def _header(number: int, text: str) -> CurveHeader:
    fields = text.split(",")
    if len(fields) != 5:
        raise ProtocolError(
            f"The temperature controller sent {text!r} where the header of curve {number} was due."
        )
    style, coefficient = parse_codes(f"{fields[2]},{fields[4]}")
    return CurveHeader(
        number=number,
        name=fields[0].strip(),
        serial=fields[1].strip(),
        style=style,
        limit_k=parse_number(fields[3]),
        coefficient=coefficient,
    )
