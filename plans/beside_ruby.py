"""One gauge at one place, with the ruby beside it at each reading: what such plans share."""

import datetime
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bluesky.utils import MsgGenerator

from dac_control.errors import LimitError
from plans.calibrated import check_calibrations
from plans.gauge_reading import GaugeReading
from plans.gauge_settings import GaugeSettings, RubySettings
from plans.held_run import held_run
from plans.instruments import Instruments
from plans.light_budget import rules_of
from plans.looks import beside_ruby_looks
from plans.stubs.aim import check_spot
from plans.stubs.calibration import when
from plans.stubs.hold import wait_while_held
from plans.stubs.look import look
from plans.stubs.measure_pressure import measure_pressure

__all__ = ["Sighting", "gauge_beside_ruby"]


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """One reading of the gauge, with what it observed and what the ruby said beside it."""

    reading: GaugeReading
    line_cm1: float | None
    line_sigma_cm1: float | None
    ruby_pressure_gpa: float | None
    time: datetime.datetime

    @classmethod
    def of(
        cls, reading: GaugeReading, ruby: GaugeReading, device: Any, instruments: Instruments
    ) -> "Sighting":
        """Take it off readings and device, right after the reading.

        The pressure is that of the ruby's reading, never what its device holds: where an
        instrument failed, that is from before, maybe from another run.
        """
        line, sigma = (
            getattr(device, name, None) if reading.measured else None
            for name in ("line_cm1", "line_sigma_cm1")
        )
        clock = instruments.clock_reading.lab_time_s
        return cls(
            reading=reading,
            line_cm1=None if line is None else float(line.get()),
            line_sigma_cm1=None if sigma is None else float(sigma.get()),
            ruby_pressure_gpa=_finite(ruby.pressure_gpa),
            time=when(float(clock.timestamp)),
        )

    def to_dict(self) -> dict[str, Any]:
        """As the record has it; None where there is nothing."""
        return {
            "pressure_gpa": _finite(self.reading.pressure_gpa),
            "sigma_stat_gpa": _finite(self.reading.sigma_stat_gpa),
            "line_cm1": self.line_cm1,
            "line_sigma_cm1": self.line_sigma_cm1,
            "ruby_pressure_gpa": self.ruby_pressure_gpa,
        }


Conclude = Callable[[Sequence[Sighting]], MsgGenerator[None]]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def gauge_beside_ruby(
    instruments: Instruments,
    gauge: str,
    spot: str,
    readings: int,
    settings: tuple[GaugeSettings, RubySettings | None],
    about: Mapping[str, Any],
    md: Mapping[str, Any] | None,
    conclude: Conclude,
) -> MsgGenerator[Any]:
    """Open a run, take ruby and gauge as often as asked, and conclude.

    Parameters
    ----------
    instruments : Instruments
        The laboratory.
    gauge, spot : str
        Which gauge, and where it looks.
    readings : int
        How often both are taken.
    settings : pair of GaugeSettings
        Of the gauge, and of the ruby or None for the defaults.
    about : mapping
        ``plan_name``, and further arguments of the plan for the record.
    md : mapping, optional
        Added to the start document.
    conclude : callable
        Given what was seen, a plan that ends the run; it raises where that is not enough.

    Raises
    ------
    ConfigurationError, LimitError, StaleCalibration
        Before the run opens: no such gauge, or the optics cannot look there.
    """
    optics = instruments.gauge(gauge)
    check_spot(instruments, spot, optics.spot)
    if readings < 1:
        raise LimitError(f"{readings} readings measure nothing; take 1 or more.")
    of_gauge, of_ruby = settings[0], settings[1] or RubySettings()
    check_calibrations(instruments, ("ruby", gauge))
    arguments = {key: value for key, value in about.items() if key != "plan_name"}
    document = {
        "plan_name": about["plan_name"],
        "plan_args": {
            **arguments,
            "spot": spot,
            "readings": readings,
            "settings": asdict(of_gauge),
            "ruby": asdict(of_ruby),
        },
        "devices": instruments.names,
        "gauge": "ruby",
        "measured_gauge": gauge,
        **dict(md or {}),
    }
    looks = beside_ruby_looks(gauge, spot, readings, (of_gauge, of_ruby), rules_of(instruments))
    inside = _measure(instruments, gauge, spot, readings, (of_gauge, of_ruby), conclude)
    return (yield from held_run(inside, document, instruments, looks))


def _measure(
    instruments: Instruments,
    gauge: str,
    spot: str,
    readings: int,
    settings: tuple[GaugeSettings, RubySettings],
    conclude: Conclude,
) -> MsgGenerator[None]:
    device, found = instruments.gauge(gauge).device, list[Sighting]()
    for number in range(1, readings + 1):
        yield from wait_while_held(instruments)
        ruby = yield from look(instruments, settings[1], number, branch=gauge)
        reading = yield from measure_pressure(instruments, settings[0], gauge=gauge, spot=spot)
        found.append(Sighting.of(reading, ruby, device, instruments))
    yield from conclude(found)
