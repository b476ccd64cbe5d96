"""A run file made of run files: stages, each a plan with its own keys."""

from functools import partial, reduce
from itertools import takewhile
from operator import or_
from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Field, GetPydanticSchema, Tag

from dac_control.app.run_models.base import Impossible, Metadata, Plan, RunFile
from dac_control.app.run_models.calibrations import AxisFile, GainFile, LambdaZeroFile
from dac_control.app.run_models.single import SINGLE_PLANS
from dac_control.app.station import Station
from plans.full_experiment import Stage, full_experiment
from plans.instruments import Instruments
from plans.settings import RampSettings

__all__ = ["ExperimentFile"]


def _known_plan(table: Any) -> Any:
    name = table.get("plan") if isinstance(table, dict) else None
    if isinstance(table, dict) and name not in SINGLE_PLANS:
        what = "plan is missing" if name is None else f"there is no plan {name!r} for a stage"
        raise ValueError(f"{what}; there are {', '.join(SINGLE_PLANS)}")
    return table


def _tag(table: Any) -> str:
    return f"tag:{table['plan'] if isinstance(table, dict) else table.plan}"


def _any_plan(_source: Any, handler: Any) -> Any:
    every: list[Any] = [
        Annotated[model, Tag(f"tag:{name}")] for name, model in SINGLE_PLANS.items()
    ]
    return handler.generate_schema(Annotated[reduce(or_, every), Discriminator(_tag)])


_CALIBRATES = (AxisFile, GainFile, LambdaZeroFile)
StageFile = Annotated[RunFile, GetPydanticSchema(_any_plan), BeforeValidator(_known_plan)]


class ExperimentFile(RunFile):
    """``plan = "full_experiment"``."""

    stages: Annotated[tuple[StageFile, ...], Field(min_length=1)]
    """One table ``[[stages]]`` each, in order."""

    @property
    def settings(self) -> RampSettings:
        """Those of the first stage that turns the screw."""
        with_step = [stage for stage in self.stages if "step" in type(stage).model_fields]
        return with_step[0].settings if with_step else RampSettings()

    @property
    def gauges(self) -> tuple[str, ...]:
        """Those of the stages before the first that calibrates: it may bring what others need."""
        before = list(takewhile(lambda stage: not isinstance(stage, _CALIBRATES), self.stages))
        return tuple(dict.fromkeys(name for stage in before for name in stage.gauges))

    def check(self, station: Station) -> None:
        """Check every stage before anything moves."""
        for number, stage in enumerate(self.stages):
            try:
                stage.check(station)
            except Impossible as error:
                raise Impossible(f"stages.{number}.{error.key}", str(error)) from None

    def make(self, instruments: Instruments, md: Metadata) -> Plan:
        """Make the experiment."""
        stages = [
            Stage(name=stage.plan, make=partial(_make, stage, instruments)) for stage in self.stages
        ]
        return full_experiment(instruments, stages, md=md)


def _make(stage: RunFile, instruments: Instruments, md: Metadata) -> Plan:
    own = {"purpose": stage.purpose} if stage.purpose else {}
    return stage.make(instruments, {**md, **own})
