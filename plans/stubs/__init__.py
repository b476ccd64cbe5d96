"""Plan stubs: parts of a step, for use inside a run that is open."""

from plans.stubs.dwell import DwellResult, dwell
from plans.stubs.hold import wait_while_held
from plans.stubs.measure_dark import measure_dark
from plans.stubs.measure_ruby import RubyReading, measure_ruby
from plans.stubs.turn_to import turn_to

__all__ = [
    "DwellResult",
    "RubyReading",
    "dwell",
    "measure_dark",
    "measure_ruby",
    "turn_to",
    "wait_while_held",
]
