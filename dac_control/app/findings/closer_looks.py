"""What plans found that look at several places, or closely at one: their results, in sentences."""

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dac_control.app.findings.text import duration, number
from dac_control.errors import RecordError
from dac_control.records import Run, open_run

__all__ = ["CloserLooks", "read_closer_looks", "seen_at_stages"]

logger = logging.getLogger(__name__)

_SHORT: Final = ("kind", "reasons", "pressure", "statement", "left_out")
"""Of a reflectance: what a summary holds; the numbers stay in the record."""


@dataclass(frozen=True, kw_only=True)
class CloserLooks:
    """Results of a run by their stream; what it did not look for is not there."""

    results: Mapping[str, Mapping[str, Any]]
    sentences_of: Mapping[str, tuple[str, ...]]

    @property
    def sentences(self) -> tuple[str, ...]:
        """All of it for people."""
        return tuple(line for lines in self.sentences_of.values() for line in lines)

    @property
    def specimen_seen(self) -> bool | None:
        """Whether the line of the specimen was seen; None where nobody looked."""
        found = self.results.get("last_seen")
        return None if found is None else bool(found["seen"])

    def to_dict(self) -> dict[str, Any]:
        """As ``show --json`` prints it."""
        found = {name: dict(result) for name, result in self.results.items()}
        if "reflectance_result" in found:
            whole = found["reflectance_result"]
            found["reflectance_result"] = {key: whole[key] for key in _SHORT if key in whole}
        return found


def read_closer_looks(run: Run) -> CloserLooks:
    """Read what the run worked out, where it did."""
    results: dict[str, Mapping[str, Any]] = {}
    for stream in _IN_WORDS:
        texts = run.table(stream).get("workbench_result") if stream in run.streams else None
        if texts is not None and len(texts):
            results[stream] = json.loads(str(texts[-1]))
    told = {stream: tuple(_IN_WORDS[stream](found)) for stream, found in results.items()}
    return CloserLooks(results=results, sentences_of=told)


def seen_at_stages(runs: Iterable[tuple[int, Path]]) -> tuple[int, ...]:
    """Numbers of the stages, given with their folders, that saw the line of the specimen."""
    found: list[int] = []
    for stage, folder in runs:
        try:
            seen = read_closer_looks(open_run(folder)).specimen_seen
        except RecordError as error:
            logger.warning("the stage in %s cannot be read: %s", folder.name, error)
            continue
        found += [stage] if seen else []
    return tuple(found)


def _seen(found: Mapping[str, Any]) -> list[str]:
    looked = f"{found['readings_with_line']} of {found['readings']} readings"
    if found["seen"]:
        line = ""
        if found["line_cm1"] is not None:
            line = f", at {number(found['line_cm1'], 1)} cm⁻¹"
        return [f"The Raman line of the specimen ({found['gauge']}) was seen in {looked}{line}."]
    last = found["last_seen"]
    if last is None:
        return [f"The Raman line of the specimen ({found['gauge']}) was not seen, nor ever before."]
    gpa = last["ruby_pressure_gpa"]
    at = "" if gpa is None else f", with the ruby at {number(gpa, 1)} GPa"
    return [
        f"The Raman line of the specimen ({found['gauge']}) was not seen. It was seen last at "
        f"{last['time']}{at}; what is in the cell since is not shown."
    ]


_HELD_BY_A_DIFFERENCE: Final = {
    "ruby": "One lambda0 served all chips: a difference holds that between theirs.",
    "diamond_edge": "Some light of the other anvil is in each spectrum and pulls the edges towards "
    "each other: two anvils may differ by more than is stated.",
}


def _map(found: Mapping[str, Any]) -> list[str]:
    first, *others = found["places"]
    lines = [
        f"{each['place']} against {first['place']}: {each['difference_gpa']:+.2f} ± "
        f"{each['sigma_gpa']:.2f} GPa (statistical, {each['readings']} readings of the "
        f"{found['gauge']})."
        for each in others
    ]
    drift = (
        f"Meanwhile the cell drifted by {found['drift_gpa_per_h']:+.2f} ± "
        f"{found['drift_sigma_gpa_per_h']:.2f} GPa/h, which is taken out of that."
    )
    held = _HELD_BY_A_DIFFERENCE.get(found["gauge"])
    return [*lines, drift, *([held] if held else [])]


def _seal(found: Mapping[str, Any]) -> list[str]:
    hole = ""
    if found["hole_um"] is not None and found["hole_at_start_um"] is not None:
        hole = (
            f" The hole measured {number(found['hole_at_start_um'], 1)} µm at the start and "
            f"{number(found['hole_um'], 1)} µm then."
        )
    return [
        f"The pressure followed the screw from {number(found['sealed_at_turns'], 4)} turns on "
        f"({number(found['pressure_gpa'], 2)} GPa), and fell by {number(found['fell_gpa'], 2)} GPa "
        f"in the {duration(found['watched_s'])} after.{hole}"
    ]


def _reflectance(found: Mapping[str, Any]) -> list[str]:
    kept = "What passes these anvils without load is now on record, for later readings."
    # records of earlier versions said so before anybody could know
    said = [line for line in found["statement"] if not line.startswith("There is no control run")]
    return [*said, *([kept] if found.get("unstressed_kept") else [])]


_IN_WORDS: Final[Mapping[str, Callable[[Mapping[str, Any]], list[str]]]] = {
    "last_seen": _seen,
    "map": _map,
    "seal": _seal,
    "reflectance_result": _reflectance,
}
