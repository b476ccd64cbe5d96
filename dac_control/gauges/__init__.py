"""Gauges: arrays in, lines and pressures with their uncertainty out; no device is known here."""

from dac_control.gauges.budget import BudgetTerm, quadrature
from dac_control.gauges.lambda0 import Lambda0, ReferenceLine, ReferenceRuby
from dac_control.gauges.measurement import OnScale, PressureMeasurement
from dac_control.gauges.photon_noise import PhotonNoise
from dac_control.gauges.ruby import (
    DISQUALIFYING,
    RUBY_FLAGS,
    LineModel,
    RubyFit,
    RubyFits,
    evaluate_ruby,
    fit_ruby,
    fit_ruby_many,
)
from dac_control.gauges.ruby_gauge.gauge import RubyGauge
from dac_control.gauges.scales import (
    SCALES,
    Coefficient,
    Scale,
    get_scale,
    load_scales,
    scales_of,
)
from dac_control.gauges.spectrum import Spectrum, SpectrumStack
from dac_control.gauges.srb4o7 import SrB4O7Gauge
from dac_control.gauges.temperature import CORRECTIONS, TemperatureCorrection, get_correction

__all__ = [
    "CORRECTIONS",
    "DISQUALIFYING",
    "RUBY_FLAGS",
    "SCALES",
    "BudgetTerm",
    "Coefficient",
    "Lambda0",
    "LineModel",
    "OnScale",
    "PhotonNoise",
    "PressureMeasurement",
    "ReferenceLine",
    "ReferenceRuby",
    "RubyFit",
    "RubyFits",
    "RubyGauge",
    "Scale",
    "Spectrum",
    "SpectrumStack",
    "SrB4O7Gauge",
    "TemperatureCorrection",
    "evaluate_ruby",
    "fit_ruby",
    "fit_ruby_many",
    "get_correction",
    "get_scale",
    "load_scales",
    "quadrature",
    "scales_of",
]
