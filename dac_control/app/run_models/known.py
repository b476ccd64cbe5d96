"""Which plans a run file may name."""

from dac_control.app.run_models.models import PlanModels
from dac_control.app.run_models.single import SINGLE_PLANS

__all__ = ["PLANS"]

PLANS = PlanModels({**SINGLE_PLANS.where, "full_experiment": "experiment.ExperimentFile"})
"""Model of each plan's run file."""
