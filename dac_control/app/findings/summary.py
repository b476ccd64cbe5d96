"""What ``show --json`` says of a run beyond its steps: findings, as strict JSON."""

from typing import Any

from dac_control.app.findings.checks import run_checks
from dac_control.app.findings.consistency import hand_overs
from dac_control.app.findings.curve_json import describe_curves
from dac_control.app.findings.evidence import Evidence
from dac_control.app.findings.gather import gather
from dac_control.records import Run, summarise
from dac_control.records.summary import plain

__all__ = ["summarise_findings"]


def summarise_findings(run: Run, evidence: Evidence | None = None) -> dict[str, Any]:
    """Summarise a run with everything that was found in it.

    Parameters
    ----------
    run : Run
        Also an unfinished or killed one.
    evidence : Evidence, optional
        As `gather` returned it, where somebody has it already.

    Returns
    -------
    dict
        `dac_control.records.summarise`, and ``moves``, ``load_curve``, ``evolution``,
        ``consistency``, ``hand_overs``, ``edge_on_scales``, ``looks``, ``reflectance``,
        ``experiment``, ``dose``, ``controls``, ``limitations``
        (sentences) and ``checks`` (every clause with its verdict).
    """
    found = gather(run) if evidence is None else evidence
    checks = run_checks(found)
    return summarise(run) | {
        "allow_unmeasured_steps": plain(run.start.get("allow_unmeasured_steps")),
        "moves": found.moves.to_dict(),
        "load_curve": describe_curves(found.curves),
        "evolution": found.evolution.to_dict(),
        "consistency": [overlap.to_dict() for overlap in found.overlaps],
        "hand_overs": hand_overs(run),
        "edge_on_scales": None if found.edge is None else found.edge.to_dict(),
        "looks": found.looks.to_dict(),
        "reflectance": found.reflectances.to_dict(),
        "experiment": plain(run.start.get("experiment")),
        "dose": found.light.to_dict(),
        "controls": found.linked.to_dict(),
        "limitations": [check.text for check in checks if not check.passed],
        "checks": [vars(check) for check in checks],
    }
