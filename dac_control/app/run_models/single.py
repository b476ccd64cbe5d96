"""Which plans a run file may name, and each stage of an experiment."""

from dac_control.app.run_models.base import RunFile
from dac_control.app.run_models.calibrations import (
    AxisFile,
    GainFile,
    LambdaZeroFile,
    ReferenceFile,
)
from dac_control.app.run_models.optics import ClosingFile, EdgeFile, MapFile, VibronFile
from dac_control.app.run_models.reflectance import ReflectanceFile
from dac_control.app.run_models.screw import ControlFile, RampFile, RepeatFile
from dac_control.app.run_models.watching import HoldFile, TemperatureFile

__all__ = ["SINGLE_PLANS"]

SINGLE_PLANS: dict[str, type[RunFile]] = {
    "pressure_ramp": RampFile,
    "control_run": ControlFile,
    "repeatability": RepeatFile,
    "cooldown": TemperatureFile,
    "warmup": TemperatureFile,
    "hold": HoldFile,
    "measure_lambda0": LambdaZeroFile,
    "measure_reference_ruby": ReferenceFile,
    "calibrate_axis": AxisFile,
    "measure_gain": GainFile,
    "measure_edge": EdgeFile,
    "measure_vibron": VibronFile,
    "pressure_map": MapFile,
    "measure_reflectance": ReflectanceFile,
    "close_and_seal": ClosingFile,
}
"""Model of each plan's run file."""
