"""Plan stubs: parts of a step, for use inside a run that is open."""

from plans.gauge_reading import GaugeReading
from plans.stubs.aim import aim_at
from plans.stubs.arming import arm_laser
from plans.stubs.dwell import DwellResult, dwell
from plans.stubs.expose import expose
from plans.stubs.hold import wait_while_held
from plans.stubs.light import lit
from plans.stubs.look import look, look_by
from plans.stubs.measure_dark import measure_dark
from plans.stubs.measure_pressure import measure_pressure
from plans.stubs.measure_ruby import measure_ruby
from plans.stubs.reflectance import take_reflectance
from plans.stubs.turn_to import turn_to
from plans.stubs.waiting import wait_lab, wait_until

__all__ = [
    "DwellResult",
    "GaugeReading",
    "aim_at",
    "arm_laser",
    "dwell",
    "expose",
    "lit",
    "look",
    "look_by",
    "measure_dark",
    "measure_pressure",
    "measure_ruby",
    "take_reflectance",
    "turn_to",
    "wait_lab",
    "wait_until",
    "wait_while_held",
]
