"""What is rehearsed: gauge by temperature, as a station file, a run file and settings of twins."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

from dac_control.app.rehearsal.twin_settings import settings_of
from dac_control.app.run_file import load_run_file
from dac_control.app.run_models import RampFile
from dac_control.app.station import Station, load_station
from simulators.twin import TwinSettings
from simulators.twin.presets import preset

__all__ = ["STRATA", "Stratum", "named"]

_HERE: Final = Path(__file__).parent
_EDGE_FROM_GPA: Final = 100.0
"""Where such a cell is handed over to the edge: the ruby is about to be lost."""


@dataclass(frozen=True)
class Stratum:
    """A kind of ramp.

    Attributes
    ----------
    gauge : str
        ``ruby`` (to 150 GPa) or ``edge`` (to 500 GPa).
    temperature_k : float
        Of cell and stage throughout.
    rough : bool
        True with what makes screws and gaskets erratic: stick-slip, a kink, memory.
    """

    gauge: str
    temperature_k: float
    rough: bool = False

    @property
    def name(self) -> str:
        """As on the command line."""
        return f"{self.gauge}-{self.temperature_k:.0f}K" + ("-rough" if self.rough else "")

    @cached_property
    def station(self) -> Station:
        """The station file, at this temperature."""
        station = load_station(_HERE / f"{self.gauge}_station.toml")
        start = station.rehearsal.model_copy(update={"start_temperature_k": self.temperature_k})
        return station.model_copy(update={"rehearsal": start})

    @cached_property
    def run(self) -> RampFile:
        """The run file."""
        run = load_run_file(_HERE / f"{self.gauge}_ramp.toml", self.station)
        assert isinstance(run, RampFile)
        return run

    @property
    def top_gpa(self) -> float:
        """Pressure at which its ramps have arrived: the last target, less the tolerance."""
        return float(self.run.targets.load[-1]) - self.run.settings.step.tolerance_gpa

    def settings(self) -> TwinSettings:
        """Settings of its twins: errors that the budget states and no others, no failure.

        The anvils' own light is off: it buries the ruby of some cells before the top, and those
        that go on would be a selection.
        """
        made = settings_of(self.station)
        if self.rough:
            rough = preset(("bevelled" if self.gauge == "ruby" else "toroidal") + "_realistic")
            made = replace(made, stick_slip=rough.stick_slip, gasket=rough.gasket)
        # light warms the chip over its sensor, which no budget states: a row of the second table
        made = replace(made, ruby=replace(made.ruby, heating_k_per_mw=0.0))
        if self.gauge == "edge":
            made = replace(made, screw=replace(made.screw, preload_gpa=_EDGE_FROM_GPA))
        return replace(
            made,
            failure=replace(made.failure, hazard=False),
            anvil=replace(made.anvil, luminescence=False),
        )


STRATA: Final = tuple(
    Stratum(gauge, temperature_k, rough)
    for rough in (False, True)
    for gauge in ("ruby", "edge")
    for temperature_k in (5.0, 80.0, 300.0)
)


def named(name: str) -> Stratum:
    """Find a stratum by its name; raises `ValueError` for an unknown one."""
    for stratum in STRATA:
        if stratum.name == name:
            return stratum
    raise ValueError(f"there is no stratum {name!r}; there are {', '.join(s.name for s in STRATA)}")
