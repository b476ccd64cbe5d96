"""From a run to everything that page, table and checks say of it."""

from dac_control.app.findings.closer_looks import read_closer_looks, seen_at_stages
from dac_control.app.findings.consistency import compare_gauges
from dac_control.app.findings.curves import fit_curves, stated_turns
from dac_control.app.findings.dose import read_light
from dac_control.app.findings.edge_scales import edge_on_scales
from dac_control.app.findings.evidence import Evidence
from dac_control.app.findings.evolution import read_evolution
from dac_control.app.findings.frame_signs import read_frame_signs
from dac_control.app.findings.frames import exposures_s, frames_of
from dac_control.app.findings.linked_runs import find_linked
from dac_control.app.findings.moves import read_moves
from dac_control.app.findings.recompute import recompute_top
from dac_control.app.findings.reflectances import read_reflectances
from dac_control.app.readings import read_dwell, read_further, read_steps
from dac_control.app.steps_in_charge import steps_in_charge
from dac_control.records import Run

__all__ = ["gather"]


def gather(run: Run) -> Evidence:
    """Read and compute all of it; works for unfinished and killed runs, too."""
    steps, first = steps_in_charge(run), read_steps(run)
    frames = sorted(frames_of(run, steps.count))
    exposures = exposures_s(run, steps.count)
    linked = find_linked(run)
    evolution = read_evolution(run, steps, frozenset(frames))
    return Evidence(
        run=run,
        steps=steps,
        first_gauge=first,
        dwell=read_dwell(run),
        further=tuple(read_further(run, each.gauge) for each in evolution.gauges[1:]),
        moves=read_moves(run, first),
        curves=fit_curves(steps, stated_turns(run.start, "sigma_turns")),
        evolution=evolution,
        overlaps=compare_gauges(run, evolution),
        light=read_light(run),
        linked=linked,
        recomputed=recompute_top(run, first),
        edge=edge_on_scales(run, evolution),
        looks=read_closer_looks(run),
        reflectances=read_reflectances(run, linked),
        seen_at_stages=seen_at_stages(linked.vibron_of_experiment),
        frame_exposures_s=tuple(float(exposures[row]) for row in frames),
        frame_signs=read_frame_signs(run),
    )
