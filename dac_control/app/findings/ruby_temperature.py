"""Was the ruby as warm as the sensor says? The lines themselves tell, where they can."""

import numpy as np

from dac_control.app.findings.evidence import Check, Evidence
from dac_control.app.findings.text import listed, number

__all__ = ["ruby_temperature"]

HOT_SIGMAS = 3.0
"""Standard deviations beyond which the ruby is said to be warmer than the sensor."""

_CLAUSE = "temperature of the ruby itself"
_TAKEN = "The ruby was taken to be as warm as the sensor at the cell."


def ruby_temperature(evidence: Evidence) -> Check:
    """Compare the chip's temperature from R2/R1 with the sensor, step by step.

    In the logarithm of R2/R1, which has the Gaussian error (`dac_control.gauges.ruby_gauge.
    thermometer`): in kelvin the error grows with the square of the temperature, and the hottest
    chip would look the least certain.
    """
    steps = evidence.steps
    rows = steps.measured & np.isfinite(steps.chip_temperature_sigma_k)
    if not np.any(rows):
        text = (
            f"{_TAKEN} Its temperature was not measured, and its heating by the light that excites "
            "it was not tested."
        )
        return Check(_CLAUSE, False, text)
    chip_k, sensor_k = steps.chip_temperature_k[rows], steps.ruby_temperature_k[rows]
    sigma_k = steps.chip_temperature_sigma_k[rows]
    # 1/T is proportional to the logarithm: its difference over its own first-order error
    pull = chip_k * (chip_k - sensor_k) / (sensor_k * sigma_k)
    largest = int(np.argmax(pull))
    text = (
        f"{_TAKEN} Its own lines (R2/R1, {np.count_nonzero(rows)} of "
        f"{np.count_nonzero(steps.measured)} measured steps) put it at most "
        f"{number(float(chip_k[largest] - sensor_k[largest]), 1)} ± "
        f"{number(float(sigma_k[largest]), 1)} K above it"
    )
    if pull[largest] > HOT_SIGMAS:
        deviations = f"{number(float(pull[largest]), 1)} standard deviations of ln(R2/R1)"
        words = f"that is {deviations}: the light heats it, or the strength ratio is wrong."
        return Check(_CLAUSE, False, f"{text}; {words}")
    endless = steps.measured & ~rows & (steps.ratio > steps.ratio_sigma)
    if np.any(endless):
        where = listed(steps.step[endless])
        words = f"at step {where} R2 is too strong for R2/R1 to say that it is not far hotter."
        return Check(_CLAUSE, False, f"{text}; {words}")
    return Check(_CLAUSE, True, f"{text}: no heating beyond that uncertainty.")
