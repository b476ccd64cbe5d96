"""Single spectra in the cells of a campaign: its coverage alone, ten times sooner.

The cells, devices, gauges and budgets are those of the ramps; only the plan is left out. A cell
is turned as far as the ramps go in a few equal turns, and read once at each.
"""

import time
from typing import Any

import numpy as np

from dac_control.app.rehearsal.rehearsal import VirtualLaboratory, virtual_laboratory
from ramp_campaign.ramp import Job, row_of, twin_settings

__all__ = ["read_cell"]

_TURNS = {"ruby": (0.02, 0.36), "edge": (0.0, 0.8)}
"""Between about 8 and 150 GPa, and 100 and 480 GPa."""
_PLACES = 8
_DWELL_S = 1800.0


def read_cell(job: Job) -> dict[str, Any]:
    """Read a cell at several pressures; a result like that of `ramp.carry_out`."""
    began_s = time.process_time()
    stratum, steps = job.stratum, []
    with virtual_laboratory(stratum.station, job.seed, settings=twin_settings(job)) as laboratory:
        laboratory.session.require_ready()
        for turns in np.linspace(*_TURNS[stratum.gauge], _PLACES):
            laboratory.twin.turn_to(float(turns))
            laboratory.clock.advance(_DWELL_S)
            steps.append(_read(laboratory, job, float(turns)))
    return {
        "stratum": stratum.name,
        "family": job.key[1],
        "seed": job.seed,
        "exit": "success",
        "reason": "",
        "moves": _PLACES,
        "moves_after_failure": 0,
        "steps": steps,
        "cpu_s": round(time.process_time() - began_s, 3),
    }


def _read(laboratory: VirtualLaboratory, job: Job, turns: float) -> list[float | None]:
    found, settings = laboratory.session.instruments, job.stratum.run.settings
    taken, optics = settings.of_gauge(settings.gauge), found.gauge(settings.gauge)
    spectrometer: Any = optics.spectrometer
    device: Any = optics.device
    spectrometer.next_exposure_s.put(taken.exposure_s)
    spectrometer.next_averages.put(taken.averages)
    if settings.gauge != "ruby":
        # as the plan does from the load curve, which is known far better than this
        near = laboratory.twin.pressure_gpa()
        device.expected_gpa.put((0.85 * near, 1.15 * near))
    for each in (found.cryostat, spectrometer, device):
        each.trigger().wait(60)
    truth = (laboratory.twin.last_exposure() or {}).get("pressure_gpa")
    measured = bool(device.measured.get())
    values = [device.pressure_gpa.get() if measured else None, truth]
    for name in ("sigma_stat", "sigma_sys", "half_width_95"):
        values.append(getattr(device, f"pressure_{name}_gpa").get() if measured else None)
    return row_of(turns, *values, None, None, None, _DWELL_S)
