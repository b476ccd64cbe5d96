"""The run file: a plan and its parameters."""

from pathlib import Path
from typing import Annotated, Literal

from dac_control.app.station import Station, Strict
from dac_control.app.toml_file import NumbersOnly, load_toml
from dac_control.errors import ConfigurationError, LimitError
from plans.settings import DwellSettings, RampSettings, RubySettings, StepSettings, Targets

__all__ = ["RunFile", "load_run_file"]


class RunFile(Strict):
    """A whole run file. Tables map one to one onto the settings of the plan."""

    plan: Literal["pressure_ramp"]
    targets: Annotated[Targets, NumbersOnly]
    dwell: Annotated[DwellSettings, NumbersOnly] = DwellSettings()
    ruby: Annotated[RubySettings, NumbersOnly] = RubySettings()
    step: Annotated[StepSettings, NumbersOnly] = StepSettings()
    purpose: str = ""
    """One line on why, for the record."""

    @property
    def settings(self) -> RampSettings:
        """Settings of the ramp."""
        return RampSettings(dwell=self.dwell, ruby=self.ruby, step=self.step)


def load_run_file(path: Path, station: Station | None = None) -> RunFile:
    """Read a run file and, with a station, check its targets against the limits.

    Raises
    ------
    ConfigurationError
        Naming file, line and key of each mistake, or the target that is out of bounds.
    """
    run = load_toml(path, RunFile)
    if station is not None:
        targets = run.targets
        try:
            station.limits.check_targets(targets.unit, [*targets.load, *targets.unload])
        except LimitError as error:
            raise ConfigurationError(f"{path}: targets: {error}") from None
    return run
