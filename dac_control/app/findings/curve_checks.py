"""Checks of what the load curves show: both ways, more than one form, both ends of a loop."""

from collections.abc import Callable

import numpy as np

from dac_control.app.findings.evidence import Check, Evidence
from dac_control.app.findings.text import number

__all__ = ["CURVE_CHECKS"]


def _unloading(evidence: Evidence) -> Check | None:
    clause = "loading and unloading"
    load, unload = (int(np.count_nonzero(evidence.steps.on(b))) for b in ("load", "unload"))
    if load and unload:
        text = f"Measured on loading ({load} steps) and on unloading ({unload} steps)."
        return Check(clause, True, text)
    if not load and not unload:
        return None
    done = "loading" if load else "unloading"
    text = f"Measured on {done} only: hysteresis and return are not shown."
    return Check(clause, False, text)


def _forms(evidence: Evidence) -> Check | None:
    legs = evidence.curves.legs
    if not legs:
        return None
    clause = "one form of the load curve"
    open_ones = [leg for leg in legs if leg.curve.rivals]
    if not open_ones:
        return Check(clause, True, "The points exclude every form of the load curve but one.")
    words = "; ".join(
        f"{leg.words}: {leg.curve.form}, and also {', '.join(r.form for r in leg.curve.rivals)}"
        for leg in open_ones
    )
    text = (
        f"The points do not tell the form of the load curve ({words}), so turns say little "
        "beyond the measured range."
    )
    return Check(clause, False, text)


def _returned(evidence: Evidence) -> Check | None:
    steps = evidence.steps
    rows = np.flatnonzero(steps.measured & np.isfinite(steps.turns))
    if not (np.any(steps.on("load")) and np.any(steps.on("unload"))) or rows.size < 2:
        return None
    first, last = rows[0], rows[-1]
    top = float(np.max(steps.pressure_gpa[rows]))
    way = top - float(steps.pressure_gpa[first])
    back = top - float(steps.pressure_gpa[last])
    clause = "loop closed"
    text = (
        f"Unloading came back by {number(back, 1)} of {number(way, 1)} GPa, to "
        f"{number(float(steps.pressure_gpa[last]), 1)} GPa"
    )
    if back < 0.9 * way:
        return Check(clause, False, f"{text}: the loop is not closed.")
    return Check(clause, True, f"{text}: the loop is closed.")


CURVE_CHECKS: tuple[Callable[[Evidence], Check | None], ...] = (_unloading, _returned, _forms)
