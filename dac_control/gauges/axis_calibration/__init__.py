"""Where the wavelength axis really is: lamp lines, found, named and fitted."""

from dac_control.gauges.axis_calibration.calibration import AxisCalibration, CalibrationLine
from dac_control.gauges.axis_calibration.fit import calibrate_axis
from dac_control.gauges.axis_calibration.lamp_lines import LAMPS, LampLine, lamp_lines
from dac_control.gauges.axis_calibration.peaks import LampPeak, find_lamp_peaks

__all__ = [
    "LAMPS",
    "AxisCalibration",
    "CalibrationLine",
    "LampLine",
    "LampPeak",
    "calibrate_axis",
    "find_lamp_peaks",
    "lamp_lines",
]
