"""Which plans a run file may name."""

from dac_control.app.run_models.base import RunFile
from dac_control.app.run_models.calibrations import AxisFile, GainFile, LambdaZeroFile
from dac_control.app.run_models.screw import ControlFile, RampFile, RepeatFile
from dac_control.app.run_models.watching import HoldFile, TemperatureFile

__all__ = ["PLANS"]

PLANS: dict[str, type[RunFile]] = {
    "pressure_ramp": RampFile,
    "control_run": ControlFile,
    "repeatability": RepeatFile,
    "cooldown": TemperatureFile,
    "warmup": TemperatureFile,
    "hold": HoldFile,
    "measure_lambda0": LambdaZeroFile,
    "calibrate_axis": AxisFile,
    "measure_gain": GainFile,
}
"""Model of each plan's run file."""
