"""The steps of a run with the pressure of the gauge that was in charge at each of them."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dac_control.app.readings import Steps, read_steps
from dac_control.records import Run
from dac_control.records.gauge_series import gauges_in_charge, read_gauges

__all__ = ["steps_in_charge"]


def steps_in_charge(run: Run) -> Steps:
    """Read the steps with the pressure of the gauge that was in charge at each of them.

    Lines, widths and temperatures of the ruby stay those of the ruby.
    """
    steps, by_name = read_steps(run), {each.gauge: each for each in read_gauges(run)}
    charged = gauges_in_charge(run)
    if all(gauge == own for gauge, own in zip(charged, steps.gauge, strict=True)):
        return steps
    # a gauge in charge that left no stream measured nothing
    chosen = [by_name.get(gauge) for gauge in charged]

    def numbers(name: str) -> NDArray[np.float64]:
        return np.array(
            [np.nan if c is None else getattr(c, name)[row] for row, c in enumerate(chosen)]
        )

    return replace(
        steps,
        gauge=charged,
        scale=tuple("" if c is None else c.scale for c in chosen),
        measured=numbers("measured") == 1.0,
        pressure_gpa=numbers("pressure_gpa"),
        sigma_stat_gpa=numbers("sigma_stat_gpa"),
        sigma_sys_gpa=numbers("sigma_sys_gpa"),
        observable=numbers("observable"),
        observable_sigma=numbers("observable_sigma"),
        observable_unit=tuple("" if c is None else c.observable_unit for c in chosen),
        flags=tuple(() if c is None else c.flags[row] for row, c in enumerate(chosen)),
    )
