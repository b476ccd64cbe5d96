"""Runs that belong to this one: controls, others on the specimen, others of the experiment."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dac_control.app.findings.same_temperature import compare_temperatures
from dac_control.errors import RecordError
from dac_control.records import Run, RunInfo, list_runs

__all__ = ["LinkedRun", "LinkedRuns", "find_linked"]

logger = logging.getLogger(__name__)

Relation = Literal["controls_this", "controlled_by_this"]

# What must be the same for a control to be one: (words, path in the start document).
_SAME = (
    ("targets", ("targets",)),
    ("settings of the plan", ("plan_args", "settings")),
    ("gauges", ("gauge",)),
    # not its lambda0 or its chip: those of another cell are another chip's
    ("scale", ("scale",)),
    ("temperature correction", ("temperature_correction",)),
    ("scales of further gauges", ("gauge_scales",)),
    ("limits", ("limits",)),
)


@dataclass(frozen=True, kw_only=True)
class LinkedRun:
    """A run that is named as a control."""

    relation: Relation
    """``controls_this``: it was made to control this one; ``controlled_by_this``: the other way."""
    uid: str
    found: bool
    """True where it lies beside this run."""
    folder: str = ""
    contents: str = ""
    """What was in its cell, as it says."""
    exit_status: str = ""
    simulated: bool = False
    differs: tuple[str, ...] = ()
    """What was not the same in both runs and should be."""
    temperatures: str = ""
    """Of both cells at their steps, in words."""
    temperature_difference_k: float | None = None
    """Between them; None where it is not known."""

    def to_dict(self) -> dict[str, Any]:
        """As ``show --json`` prints it."""
        return {**vars(self), "differs": list(self.differs)}


@dataclass(frozen=True, kw_only=True)
class LinkedRuns:
    """Runs beside this one that matter for what it shows."""

    controls: tuple[LinkedRun, ...]
    """Runs that control this one."""
    controlled: tuple[LinkedRun, ...]
    """Runs that this one was made to control."""
    same_specimen: tuple[str, ...]
    """Names of the folders of other runs on the same specimen that moved the screw."""
    same_experiment: tuple[str, ...] = ()
    """Names of the folders of the other runs of the experiment that this one is a stage of."""
    vibron_of_experiment: tuple[tuple[int, Path], ...] = ()
    """Stages of that experiment that looked for the specimen's line, by their number."""
    reflectance_of_sample: tuple[Path, ...] = ()
    """Folders of the runs that took the reflectance of the specimen that was controlled."""
    reflectance_of_control: tuple[Path, ...] = ()
    """The same of what was in the cell of its controls."""

    def to_dict(self) -> dict[str, Any]:
        """As ``show --json`` prints it, under ``controls``."""
        return {
            "controls_of_this_run": [each.to_dict() for each in self.controls],
            "runs_that_this_controls": [each.to_dict() for each in self.controlled],
            "other_runs_on_the_specimen": list(self.same_specimen),
            "other_runs_of_the_experiment": list(self.same_experiment),
        }


def find_linked(run: Run) -> LinkedRuns:
    """Look through the runs that lie beside this one."""
    try:
        beside = [info for info in list_runs(run.folder.resolve().parent) if info.uid != run.uid]
    except RecordError as error:
        logger.warning("the runs beside %s cannot be listed: %s", run.folder.name, error)
        beside = []
    by_uid = {info.uid: info for info in beside}
    claimed = sorted(info.uid for info in beside if _is_of(_controls(info.start), run.uid))
    named = [str(run.start["control_run"])] if run.start.get("control_run") else []
    controls = dict.fromkeys([*named, *claimed])
    target = _controls(run.start)
    stages = _same_experiment(run, beside)
    return LinkedRuns(
        controls=tuple(_link(run, uid, by_uid, "controls_this") for uid in controls),
        controlled=(_link(run, target, by_uid, "controlled_by_this"),) if target else (),
        same_specimen=_same_specimen(run, beside),
        same_experiment=tuple(info.folder.name for info in stages),
        vibron_of_experiment=tuple(
            (_number(info.start), info.folder) for info in stages if info.plan == "measure_vibron"
        ),
        **_reflectances(run, beside),
    )


def _controls(start: Mapping[str, Any]) -> str:
    """Uid of the run that a run was made to control; empty for none."""
    return str(start.get("controls") or start.get("control_of") or "")


def _is_of(named: str, uid: str) -> bool:
    """Whether a name, which may be the beginning of a uid, means a run."""
    return bool(named) and uid.startswith(named)


def _reflectances(run: Run, beside: Sequence[RunInfo]) -> dict[str, tuple[Path, ...]]:
    """Runs that took the reflectance of a specimen, and of what its controls had in the cell.

    A reflectance belongs to a ramp by its specimen, and a control to a specimen by the ramp that it
    controls.
    """
    alike = [info for info in beside if info.simulated == run.simulated]
    runs = [
        (run.uid, run.start, run.folder),
        *((info.uid, info.start, info.folder) for info in alike),
    ]
    pairs: set[tuple[str, str]] = set()
    for _, start, _ in runs:
        own = _specimen(start)
        for uid, other, _ in runs:
            if _is_of(_controls(start), uid):
                pairs.add((_specimen(other), own))
            if _is_of(str(start.get("control_run") or ""), uid):
                pairs.add((own, _specimen(other)))
    pairs = {pair for pair in pairs if all(pair) and pair[0] != pair[1]}
    mine = _specimen(run.start)
    subject = next((sample for sample, control in sorted(pairs) if control == mine), mine)
    controls = {control for sample, control in pairs if sample == subject}
    found: dict[bool, list[Path]] = {True: [], False: []}
    for _, start, folder in sorted(runs, key=lambda each: float(each[1].get("time") or 0.0)):
        specimen = _specimen(start)
        if start.get("plan_name") == "measure_reflectance" and specimen in {subject, *controls}:
            found[specimen == subject].append(folder)
    return {
        "reflectance_of_sample": tuple(found[True]) if controls else (),
        "reflectance_of_control": tuple(found[False]),
    }


def _link(run: Run, uid: str, by_uid: Mapping[str, RunInfo], relation: Relation) -> LinkedRun:
    info = by_uid.get(uid) or next((i for u, i in by_uid.items() if u.startswith(uid)), None)
    if info is None:
        return LinkedRun(relation=relation, uid=uid, found=False)
    control = info.start if relation == "controls_this" else run.start
    cells = compare_temperatures(run, info.folder)
    warmer = () if cells.same else (f"cell temperature ({cells.words})",)
    return LinkedRun(
        relation=relation,
        uid=info.uid,
        found=True,
        folder=info.folder.name,
        contents=contents_of(control),
        exit_status=info.exit_status,
        simulated=info.simulated,
        differs=(
            *(("instruments (one was simulated)",) if info.simulated != run.simulated else ()),
            *(words for words, path in _SAME if _at(run.start, path) != _at(info.start, path)),
            *warmer,
        ),
        temperatures=cells.words,
        temperature_difference_k=cells.difference_k,
    )


def contents_of(start: Mapping[str, Any]) -> str:
    """What a run says is in its cell; empty where it does not."""
    specimen = start.get("specimen")
    inside = specimen if isinstance(specimen, Mapping) else {}
    return str(start.get("contents") or inside.get("contents") or inside.get("material") or "")


def _same_specimen(run: Run, beside: list[RunInfo]) -> tuple[str, ...]:
    specimen = _specimen(run.start)
    if not specimen:
        return ()
    return tuple(
        sorted(
            info.folder.name
            for info in beside
            if _specimen(info.start) == specimen
            and info.plan in ("pressure_ramp", "repeatability", "close_and_seal")
            and info.simulated == run.simulated
        )
    )


def _same_experiment(run: Run, beside: list[RunInfo]) -> list[RunInfo]:
    mine = _at(run.start, ("experiment", "id"))
    if not mine:
        return []
    same = [info for info in beside if _at(info.start, ("experiment", "id")) == mine]
    return sorted(same, key=lambda info: _number(info.start))


def _number(start: Mapping[str, Any]) -> int:
    """Of a stage in its experiment; 0 for a run that is none."""
    return int(_at(start, ("experiment", "number")) or 0)


def _specimen(start: Mapping[str, Any]) -> str:
    found = start.get("specimen")
    return str((found.get("id") if isinstance(found, Mapping) else found) or "")


def _at(start: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    found: Any = start
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found
