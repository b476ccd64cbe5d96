"""Which plans a run file may name, and each stage of an experiment."""

from dac_control.app.run_models.models import PlanModels

__all__ = ["SINGLE_PLANS"]

SINGLE_PLANS = PlanModels(
    {
        "pressure_ramp": "screw.RampFile",
        "control_run": "screw.ControlFile",
        "repeatability": "screw.RepeatFile",
        "cooldown": "watching.TemperatureFile",
        "warmup": "watching.TemperatureFile",
        "hold": "watching.HoldFile",
        "measure_lambda0": "calibrations.LambdaZeroFile",
        "measure_reference_ruby": "calibrations.ReferenceFile",
        "calibrate_axis": "calibrations.AxisFile",
        "measure_gain": "calibrations.GainFile",
        "measure_edge": "optics.EdgeFile",
        "measure_vibron": "optics.VibronFile",
        "pressure_map": "optics.MapFile",
        "measure_reflectance": "reflectance.ReflectanceFile",
        "close_and_seal": "optics.ClosingFile",
    }
)
"""Model of each plan's run file."""
