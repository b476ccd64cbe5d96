"""Light is a budget: doses over a specimen's whole life, limits, arming, the next exposure."""

from dac_control.safety.light.account import LightAccount
from dac_control.safety.light.arming import LAMP, LaserArming
from dac_control.safety.light.beam import Beam, Charge, area_of_spot_um2, charge
from dac_control.safety.light.budget import (
    Allowance,
    Exposures,
    LightBudget,
    LightLimits,
    check_exposures,
)
from dac_control.safety.light.exposure import ExposureLimits, exposure_for
from dac_control.safety.light.ledger import SHUT, Dose, LightBook, Moment, Spot
from dac_control.safety.light.specimen_ledger import Ledger

__all__ = [
    "LAMP",
    "SHUT",
    "Allowance",
    "Beam",
    "Charge",
    "Dose",
    "ExposureLimits",
    "Exposures",
    "LaserArming",
    "Ledger",
    "LightAccount",
    "LightBook",
    "LightBudget",
    "LightLimits",
    "Moment",
    "Spot",
    "area_of_spot_um2",
    "charge",
    "check_exposures",
    "exposure_for",
]
