"""Scales: published formulas from what a gauge shows to pressure, and those of a user's file."""

from dac_control.gauges.scales.forms import FORMS, Form, table_form
from dac_control.gauges.scales.registry import SCALES, gauges, get_scale, register, scales_of
from dac_control.gauges.scales.scale import ROOM_K, Coefficient, Evidence, Scale, Unit
from dac_control.gauges.scales.user_scales import load_scales

__all__ = [
    "FORMS",
    "ROOM_K",
    "SCALES",
    "Coefficient",
    "Evidence",
    "Form",
    "Scale",
    "Unit",
    "gauges",
    "get_scale",
    "load_scales",
    "register",
    "scales_of",
    "table_form",
]
