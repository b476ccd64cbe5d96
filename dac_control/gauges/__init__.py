"""Gauges: arrays in, lines and pressures with their uncertainty out; no device is known here."""

from dac_control.gauges.lineshape import LineModel, evaluate_ruby
from dac_control.gauges.measurement import BudgetTerm, Lambda0, PressureMeasurement
from dac_control.gauges.ruby_fit import fit_ruby
from dac_control.gauges.ruby_gauge import RubyGauge
from dac_control.gauges.ruby_result import DISQUALIFYING, RUBY_FLAGS, RubyFit
from dac_control.gauges.scale import Coefficient, Scale
from dac_control.gauges.scales import SCALES, get_scale
from dac_control.gauges.spectrum import PhotonNoise, Spectrum
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
    "PhotonNoise",
    "PressureMeasurement",
    "RubyFit",
    "RubyGauge",
    "Scale",
    "Spectrum",
    "TemperatureCorrection",
    "evaluate_ruby",
    "fit_ruby",
    "get_correction",
    "get_scale",
]
