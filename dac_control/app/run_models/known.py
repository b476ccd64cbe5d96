"""Which plans a run file may name."""

from dac_control.app.run_models.base import RunFile
from dac_control.app.run_models.experiment import ExperimentFile
from dac_control.app.run_models.single import SINGLE_PLANS

__all__ = ["PLANS"]

PLANS: dict[str, type[RunFile]] = {**SINGLE_PLANS, "full_experiment": ExperimentFile}
"""Model of each plan's run file."""
