"""How temperature alone moves R1: corrections of lambda0, as published, and their spread."""

from dac_control.gauges.temperature.correction import TemperatureCorrection
from dac_control.gauges.temperature.formulas import REFERENCE_K
from dac_control.gauges.temperature.registry import (
    CORRECTIONS,
    get_correction,
    nearest_compared_k,
    spread_nm,
    spread_sources,
)

__all__ = [
    "CORRECTIONS",
    "REFERENCE_K",
    "TemperatureCorrection",
    "get_correction",
    "nearest_compared_k",
    "spread_nm",
    "spread_sources",
]
