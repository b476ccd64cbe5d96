"""A run file made of run files: stages, each a plan with its own keys."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial, reduce
from operator import or_
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Field, GetPydanticSchema, Tag

from dac_control.app.light_budget import LightPart
from dac_control.app.run_models.base import Metadata, Plan, RunFile
from dac_control.app.run_models.reflectance import ReflectanceFile, check_words
from dac_control.app.run_models.screw import ScrewFile
from dac_control.app.run_models.single import SINGLE_PLANS
from dac_control.app.station import Station
from dac_control.errors import Disagreement
from plans.full_experiment import Stage, full_experiment
from plans.instruments import Instruments
from plans.light_budget import rules_of
from plans.looks import LookRules, Looks
from plans.resumption import Resumption
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
    def parts(self) -> tuple[RunFile, ...]:
        """The stages."""
        return self.stages

    def read_for(self, station: Station | None, path: Path, text: str, before: str = "") -> None:
        """Let each stage know where it stands, too."""
        super().read_for(station, path, text, before)
        for number, stage in enumerate(self.stages):
            stage.read_for(station, path, text, f"stages.{number}.")

    def looks(self, rules: LookRules) -> tuple[Looks, ...]:
        """Those of all stages together."""
        return tuple(each for looks in _looks_of(self.stages, rules) for each in looks)

    def light_parts(self, station: Station, *, whole: bool = True) -> tuple[LightPart, ...]:
        """The experiment, and each stage under limits of its own, after those before it."""
        parts = list(super().light_parts(station, whole=whole))
        before: tuple[Looks, ...] = ()
        of_each = _looks_of(self.stages, station.look_rules)
        for number, (stage, looks) in enumerate(zip(self.stages, of_each, strict=True)):
            own = looks if whole else ()
            table, limits = f"stages.{number}.light", stage.light.limits
            parts.append(LightPart(limits=limits, looks=own, before=before, table=table))
            before = (*before, *own)
        return tuple(parts)

    def check(self, station: Station) -> None:
        """Check every stage before anything moves."""
        if any(isinstance(stage, ReflectanceFile) for stage in self.stages):
            check_words("purpose", self.purpose)
        # how warm the first finds the cell is seen when it begins
        rules = replace(station.look_rules, cell_k=None)
        for stage in self.stages:
            with stage.lines():
                stage.check(station)
                stage.check_after(rules)
            rules = stage.rules_after(rules)

    def make(self, instruments: Instruments, md: Metadata) -> Plan:
        """Make the experiment."""
        stages = _stages(self.stages, instruments, rules_of(instruments))
        return full_experiment(instruments, stages, md=md)

    @property
    def instead_of_resuming(self) -> str:
        """Nothing: it goes on at the stage that held, if that can be."""
        return ""

    def resume(self, instruments: Instruments, md: Metadata, resumption: Resumption) -> Plan:
        """Make the stage that held, or what is left of it, and those after it.

        Raises
        ------
        Disagreement
            If the run was no stage of this file, or one that turns the screw and cannot be taken
            up.
        """
        place, own = md.get("experiment") or {}, {k: v for k, v in md.items() if k in _ITS_OWN}
        number = int(place.get("number", 0))
        if list(place.get("stages", ())) != [stage.plan for stage in self.stages]:
            raise Disagreement(
                "The run that held is no stage of this experiment, so nobody knows where to go on; "
                "write a run file with the stages that are left."
            )
        first, *later = self.stages[number - 1 :]
        if isinstance(first, ScrewFile) and first.instead_of_resuming:
            raise Disagreement(
                f"A stage of the plan {first.plan!r} is not taken up again. "
                f"{first.instead_of_resuming} Put the stages after it into a run file, too."
            )
        rest = _stages(later, instruments, first.rules_after(rules_of(instruments)))
        begun = Stage(name=first.plan, make=partial(_go_on, first, instruments, own, resumption))
        shared = {key: value for key, value in md.items() if key not in _ITS_OWN}
        return full_experiment(instruments, [begun, *rest], taken_up=place, md=shared)


_ITS_OWN = ("continues",)
"""What belongs into the start document of the stage that is taken up, and of no later one."""


def _looks_of(stages: Iterable[RunFile], rules: LookRules) -> Iterator[tuple[Looks, ...]]:
    """Looks of each stage, weighed by what those before it leave."""
    for stage in stages:
        yield stage.looks(rules)
        rules = stage.rules_after(rules)


def _stages(stages: Sequence[RunFile], instruments: Instruments, rules: LookRules) -> list[Stage]:
    return [
        Stage(name=stage.plan, make=partial(_make, stage, instruments), looks=looks)
        for stage, looks in zip(stages, _looks_of(stages, rules), strict=True)
    ]


def _make(stage: RunFile, instruments: Instruments, md: Metadata) -> Plan:
    plan = stage.make(instruments, {**md, **_purpose(stage)})
    return stage.as_written(instruments, plan)


def _go_on(
    stage: RunFile, instruments: Instruments, own: Metadata, resumption: Resumption, md: Metadata
) -> Plan:
    document = {**md, **own, **_purpose(stage)}
    if stage.instead_of_resuming:  # it turns nothing
        return stage.as_written(instruments, stage.make(instruments, document))
    return stage.as_written(instruments, stage.resume(instruments, document, resumption))


def _purpose(stage: RunFile) -> dict[str, str]:
    return {"purpose": stage.purpose} if stage.purpose else {}
