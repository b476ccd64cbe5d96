"""How much liquid helium a flow cryostat uses up; pure."""

from collections.abc import Sequence

import numpy as np

from simulators.twin.thermal import cooler_w

__all__ = ["helium_litres"]

LATENT_J_PER_KG = 20.7e3
GAS_J_PER_KG_K = 5.19e3
KG_PER_LITRE = 0.125
"""Helium at 4.2 K and 1 bar: heat of evaporation, heat of the gas, density of the liquid; NIST
Chemistry WebBook (SRD 69), rounded."""
BOILING_K = 4.2


def helium_litres(times_s: Sequence[float], stage_k: Sequence[float]) -> float:
    """Liquid that evaporates while the stage has these temperatures.

    The heat that the twin's cooler lifts at a temperature is taken up by helium that leaves at
    that temperature: its evaporation, and the warming of its gas. Transfer losses, often as
    much again, are not in it.

    Parameters
    ----------
    times_s, stage_k : sequence of float, shape (n,)
        Laboratory times, increasing, and temperatures of the stage.

    Returns
    -------
    float
        Litres of liquid; 0 for fewer than two readings.
    """
    if len(times_s) < 2:
        return 0.0
    stage = np.asarray(stage_k, float)
    lifted_w = np.array([max(cooler_w(float(each))[0], 0.0) for each in stage])
    j_per_kg = LATENT_J_PER_KG + GAS_J_PER_KG_K * np.maximum(stage - BOILING_K, 0.0)
    litres_per_s = lifted_w / j_per_kg / KG_PER_LITRE
    return float(np.trapezoid(litres_per_s, np.asarray(times_s, float)))
