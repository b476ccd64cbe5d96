"""Was the ruby as warm as the sensor says? The lines themselves tell, where they can."""

import numpy as np

from dac_control.app.findings.evidence import Check, Evidence
from dac_control.app.findings.text import number

__all__ = ["ruby_temperature"]

HOT_SIGMAS = 3.0
"""Standard deviations beyond which the ruby is said to be warmer than the sensor."""

_CLAUSE = "temperature of the ruby itself"
_TAKEN = "The ruby was taken to be as warm as the sensor at the cell."


def ruby_temperature(evidence: Evidence) -> Check:
    """Compare the chip's temperature from R2/R1 with the sensor, step by step."""
    steps = evidence.steps
    rows = steps.measured & np.isfinite(steps.chip_temperature_sigma_k)
    if not np.any(rows):
        text = (
            f"{_TAKEN} Its temperature was not measured, and its heating by the light that excites "
            "it was not tested."
        )
        return Check(_CLAUSE, False, text)
    excess_k = (steps.chip_temperature_k - steps.ruby_temperature_k)[rows]
    sigma_k = steps.chip_temperature_sigma_k[rows]
    largest = int(np.argmax(excess_k / sigma_k))
    text = (
        f"{_TAKEN} Its own lines (R2/R1, {np.count_nonzero(rows)} of "
        f"{np.count_nonzero(steps.measured)} measured steps) put it at most "
        f"{number(float(excess_k[largest]), 1)} ± {number(float(sigma_k[largest]), 1)} K above it"
    )
    if excess_k[largest] > HOT_SIGMAS * sigma_k[largest]:
        words = "the light heats it, or the strength ratio of the chip is wrong."
        return Check(_CLAUSE, False, f"{text}: {words}")
    return Check(_CLAUSE, True, f"{text}: no heating beyond that uncertainty.")
