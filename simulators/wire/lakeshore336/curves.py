"""Temperature curves of the Lake Shore 336: kelvin to sensor units and back.

Standard curve 1 is the DT-470 silicon diode and stands for all standard curves; user curves
21 and 22 hold a typical Cernox CX-1050 and belong to inputs A and B. The points are rounded
values of the sensors' data sheets: a simulated sensor needs a plausible reading in V or ohm,
and the same way back, not a calibration.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulators.wire.lakeshore336.fields import (
    CommandError,
    Integer,
    Real,
    Text,
    ValueRefusedError,
    six_digits,
    split_fields,
)

__all__ = ["Curve", "CurveMemory"]

# Temperature in K, forward voltage in V at 10 uA.
DT470 = (
    (1.4, 1.6981),
    (4.2, 1.6262),
    (10.0, 1.4201),
    (20.0, 1.2144),
    (30.0, 1.1070),
    (77.35, 1.0203),
    (100.0, 0.9755),
    (200.0, 0.7555),
    (305.0, 0.5069),
    (475.0, 0.0906),
)
# Temperature in K, resistance in ohm.
CX1050 = (
    (1.4, 26566.0),
    (4.2, 3507.2),
    (10.0, 1313.5),
    (20.0, 692.81),
    (77.35, 205.67),
    (300.0, 59.467),
    (420.0, 45.03),
)
HEADER = (Text(15), Text(10), Integer(1, 4, 2), Real(0, 9999, 375.0), Integer(1, 2, 1))
LOG_OHM_PER_K = 4


@dataclass
class Curve:
    """One curve with its header.

    Attributes
    ----------
    header : list
        Name, serial number, format (2 V/K, 3 ohm/K, 4 log ohm/K), limit in K, coefficient.
    points : dict
        Sensor units and temperature in K by breakpoint index, 1 to 200.
    """

    header: list[int | float | str] = field(default_factory=lambda: [f.default for f in HEADER])
    points: dict[int, tuple[float, float]] = field(default_factory=dict)

    @property
    def limit_k(self) -> float:
        """Highest temperature of the curve."""
        return float(self.header[3])

    def sensor_units(self, temperature_k: float) -> float:
        """Convert kelvin to V or ohm; 0 without at least two breakpoints."""
        if len(self.points) < 2:
            return 0.0
        units, kelvin = self._sorted_by_kelvin()
        value = float(np.interp(np.log(max(temperature_k, 1e-3)), np.log(kelvin), units))
        return 10.0**value if self.header[2] == LOG_OHM_PER_K else value

    def kelvin(self, sensor_units: float) -> float:
        """Convert V or ohm to kelvin; 0 without at least two breakpoints."""
        if len(self.points) < 2:
            return 0.0
        units, kelvin = self._sorted_by_kelvin()
        if self.header[2] == LOG_OHM_PER_K:
            sensor_units = float(np.log10(max(sensor_units, 1e-3)))
        order = np.argsort(units)
        return float(np.exp(np.interp(sensor_units, units[order], np.log(kelvin[order]))))

    def _sorted_by_kelvin(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        table = np.array(sorted(self.points.values(), key=lambda point: point[1]))
        return table[:, 0], np.maximum(table[:, 1], 1e-3)


def _curve(
    name: str, serial: str, style: int, limit_k: float, points: tuple[tuple[float, float], ...]
) -> Curve:
    logarithmic = style == LOG_OHM_PER_K
    table = [(float(np.log10(unit)) if logarithmic else unit, kelvin) for kelvin, unit in points]
    return Curve(
        [name, serial, style, limit_k, 1],
        dict(enumerate(reversed(table), start=1)),
    )


class CurveMemory:
    """Curves 1 to 59 and their commands CRVHDR, CRVPT and CRVDEL."""

    def __init__(self) -> None:
        self._curves = {number: Curve() for number in range(1, 60)}
        self._curves[1] = _curve("DT-470", "STANDARD C", 2, 475.0, DT470)
        self._curves[21] = _curve("CX-1050-STAGE", "X10001", LOG_OHM_PER_K, 420.0, CX1050)
        self._curves[22] = _curve("CX-1050-CELL", "X10002", LOG_OHM_PER_K, 420.0, CX1050)

    def __getitem__(self, number: int) -> Curve:
        """Return curve 1 to 59."""
        return self._curves[number]

    def header_query(self, text: str) -> str:
        """Answer ``CRVHDR? curve``."""
        curve = self._curves[_curve_number(text, 1)]
        return ",".join(f.write(v) for f, v in zip(HEADER, curve.header, strict=True))

    def header_command(self, text: str) -> None:
        """Carry out ``CRVHDR curve,name,serial,format,limit,coefficient`` on a user curve."""
        number, *news = split_fields(text) or [""]
        curve = self._curves[_curve_number(number, 21)]
        if not news or len(news) > len(HEADER):
            raise CommandError("CRVHDR takes six parameters")
        curve.header = [
            f.read(new) if new else old
            for f, new, old in zip(
                HEADER, news + [""] * (len(HEADER) - len(news)), curve.header, strict=True
            )
        ]

    def point_query(self, text: str) -> str:
        """Answer ``CRVPT? curve,index``; an unused breakpoint is zero."""
        texts = split_fields(text)
        if len(texts) != 2:
            raise CommandError("CRVPT? takes two parameters")
        curve = self._curves[_curve_number(texts[0], 1)]
        units, kelvin = curve.points.get(Integer(1, 200).read(texts[1]), (0.0, 0.0))
        return f"{_fine(units)},{_fine(kelvin)}"

    def point_command(self, text: str) -> None:
        """Carry out ``CRVPT curve,index,units,kelvin`` on a user curve; two zeros delete it."""
        texts = split_fields(text)
        if len(texts) not in (4, 5):
            raise CommandError("CRVPT takes four parameters")
        curve = self._curves[_curve_number(texts[0], 21)]
        index = Integer(1, 200).read(texts[1])
        point = (Real(-1e5, 1e6).read(texts[2]), Real(0, 9999).read(texts[3]))
        if point == (0.0, 0.0):
            curve.points.pop(index, None)
        else:
            curve.points[index] = point

    def delete(self, text: str) -> None:
        """Carry out ``CRVDEL curve`` on a user curve."""
        self._curves[_curve_number(text, 21)] = Curve()


def _curve_number(text: str, low: int) -> int:
    if not text.strip():
        raise CommandError("a curve number is missing")
    try:
        return Integer(low, 59).read(text)
    except ValueRefusedError:
        raise ValueRefusedError(f"no curve {text}") from None


def _fine(number: float) -> str:
    """Format a breakpoint: six digits with as many decimals as fit."""
    return f"{number:+.5f}" if abs(number) < 10 else six_digits(number)
