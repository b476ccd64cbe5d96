"""Plan stubs: parts of a step, for use inside a run that is open."""

from plans.stubs.dwell import DwellResult, dwell
from plans.stubs.expose import expose
from plans.stubs.hold import wait_while_held
from plans.stubs.light import arm_laser, lit
from plans.stubs.look import look
from plans.stubs.measure_dark import measure_dark
from plans.stubs.measure_pressure import GaugeReading, measure_pressure
from plans.stubs.measure_ruby import measure_ruby
from plans.stubs.turn_to import turn_to
from plans.stubs.waiting import wait_lab, wait_until

__all__ = [
    "DwellResult",
    "GaugeReading",
    "arm_laser",
    "dwell",
    "expose",
    "lit",
    "look",
    "measure_dark",
    "measure_pressure",
    "measure_ruby",
    "turn_to",
    "wait_lab",
    "wait_until",
    "wait_while_held",
]
