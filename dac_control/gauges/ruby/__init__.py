"""The ruby lines: from spectra to R1, its covariance, and what speaks against it."""

from dac_control.gauges.ruby.engine import get_engine, warm_up
from dac_control.gauges.ruby.fit import fit_ruby, fit_ruby_many
from dac_control.gauges.ruby.lineshape import LineModel, evaluate_ruby
from dac_control.gauges.ruby.result import DISQUALIFYING, RUBY_FLAGS, RubyFit, RubyFits

__all__ = [
    "DISQUALIFYING",
    "RUBY_FLAGS",
    "LineModel",
    "RubyFit",
    "RubyFits",
    "evaluate_ruby",
    "fit_ruby",
    "fit_ruby_many",
    "get_engine",
    "warm_up",
]
