"""What a run file may hold: one model a plan. Tables map one to one onto the plan's settings."""

from dac_control.app.run_models.base import Impossible, RunFile
from dac_control.app.run_models.known import PLANS
from dac_control.app.run_models.screw import RampFile

__all__ = ["PLANS", "Impossible", "RampFile", "RunFile"]
