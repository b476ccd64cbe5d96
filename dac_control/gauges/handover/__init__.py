"""Hand-over between gauges: only across an overlap, with its chi squared, and on the record."""

from dac_control.gauges.handover.consistency import FEWEST_PAIRS, INCONSISTENT_BELOW, hand_over
from dac_control.gauges.handover.result import HandOver, HandOverRefused
from dac_control.gauges.handover.sequence import GaugeSequence, Tagged

__all__ = [
    "FEWEST_PAIRS",
    "INCONSISTENT_BELOW",
    "GaugeSequence",
    "HandOver",
    "HandOverRefused",
    "Tagged",
    "hand_over",
]
