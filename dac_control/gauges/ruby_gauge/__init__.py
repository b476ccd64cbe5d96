"""The ruby gauge: from the line to a pressure with its budget, lambda0 and chip temperature."""

from dac_control.gauges.ruby_gauge.gauge import RubyGauge
from dac_control.gauges.ruby_gauge.settings import ruby_gauge_from, ruby_settings
from dac_control.gauges.ruby_gauge.thermometer import (
    ChipTemperature,
    RubyThermometer,
    StrengthRatio,
    strength_from_ratio,
)
from dac_control.gauges.ruby_gauge.uncertainties import RubyUncertainties

__all__ = [
    "ChipTemperature",
    "RubyGauge",
    "RubyThermometer",
    "RubyUncertainties",
    "StrengthRatio",
    "ruby_gauge_from",
    "ruby_settings",
    "strength_from_ratio",
]
