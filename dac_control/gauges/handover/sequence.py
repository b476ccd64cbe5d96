"""Which gauge is in charge at a pressure, and what each measurement rests on."""

from dataclasses import dataclass
from typing import Any

from dac_control.gauges.handover.result import HandOver, HandOverRefused
from dac_control.gauges.measurement import PressureMeasurement

__all__ = ["GaugeSequence", "Tagged"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Tagged:
    """A measurement with the hand-overs that it rests on."""

    measurement: PressureMeasurement
    in_charge: bool
    """True where its gauge is the one to quote at this pressure."""
    rests_on: tuple[HandOver, ...]
    """From the first gauge of the run up to that of the measurement; empty for the first."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        return {
            **self.measurement.to_dict(),
            "in_charge": self.in_charge,
            "rests_on": [step.to_dict() for step in self.rests_on],
        }


class GaugeSequence:
    """Which gauge is in charge at a pressure, and by which hand-overs it came to be.

    The earlier gauge keeps the last word to the end of the overlap; beyond, the later one has it.

    Parameters
    ----------
    first_gauge : str
        The gauge that the run starts with.
    """

    def __init__(self, first_gauge: str) -> None:
        self._first = first_gauge
        self._steps: tuple[HandOver, ...] = ()

    def __repr__(self) -> str:
        return f"<GaugeSequence {' -> '.join(self.gauges)}>"

    @property
    def gauges(self) -> tuple[str, ...]:
        """The gauges in the order in which they take over."""
        return (self._first, *(step.second_gauge for step in self._steps))

    @property
    def hand_overs(self) -> tuple[HandOver, ...]:
        """All hand-overs, one less than there are gauges."""
        return self._steps

    def add(self, step: HandOver) -> None:
        """Let the next gauge take over.

        Raises
        ------
        HandOverRefused
            The gauges contradict each other and nobody accepted that, the hand-over starts from
            another gauge than the last one, or lies below the one before it.
        """
        last = self.gauges[-1]
        if not step.granted:
            raise HandOverRefused(
                f"{step.sentence} Find out why, or accept the hand-over with a reason."
            )
        if step.first_gauge != last or step.second_gauge in self.gauges:
            raise HandOverRefused(
                f"The hand-over leads from {step.first_gauge} to {step.second_gauge}, and the "
                f"sequence {' -> '.join(self.gauges)} goes on from {last} to a new gauge."
            )
        if self._steps and step.overlap_gpa[1] <= self._steps[-1].overlap_gpa[1]:
            raise HandOverRefused(
                f"The overlap of {step.first_gauge} and {step.second_gauge} ends at "
                f"{step.overlap_gpa[1]:.1f} GPa, where {last} is not yet in charge; it takes over "
                f"at {self._steps[-1].overlap_gpa[1]:.1f} GPa."
            )
        self._steps = (*self._steps, step)

    def in_charge(self, pressure_gpa: float) -> str:
        """Name the gauge to quote at a pressure in GPa."""
        gauge = self._first
        for step in self._steps:
            if pressure_gpa > step.overlap_gpa[1]:
                gauge = step.second_gauge
        return gauge

    def tag(self, measurement: PressureMeasurement) -> Tagged:
        """Say what a measurement rests on.

        Raises
        ------
        HandOverRefused
            No hand-over leads to its gauge.
        """
        gauges = self.gauges
        if measurement.gauge not in gauges:
            raise HandOverRefused(
                f"No hand-over leads from {' -> '.join(gauges)} to {measurement.gauge}; measure "
                "both gauges over a common interval first."
            )
        quoted = measurement.measured and (
            self.in_charge(measurement.pressure_gpa) == measurement.gauge
        )
        rests_on = self._steps[: gauges.index(measurement.gauge)]
        return Tagged(measurement=measurement, in_charge=quoted, rests_on=rests_on)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        return {
            "gauges": list(self.gauges),
            "hand_overs": [step.to_dict() for step in self._steps],
        }
