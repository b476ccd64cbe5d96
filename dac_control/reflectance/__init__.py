"""Reflectance: counts of sample, reference, transmission and dark to what they can show.

Arrays go in and values come out; no device is known here. `evaluate_reflectance` gives an
`AbsoluteReflectance` only where every link from count to fraction is closed, and a
`RelativeReflectance` with the reasons otherwise.
"""

from dac_control.reflectance.absorption import (
    Absorption,
    AbsorptionMeasured,
    AbsorptionUnknown,
    absorption_from_transmission,
)
from dac_control.reflectance.anvil_optics import MultipleReflections
from dac_control.reflectance.claims import (
    describe_comparison,
    describe_drude,
    describe_reflectance,
    statement,
)
from dac_control.reflectance.comparison import Comparison, compare_with_control
from dac_control.reflectance.diamond import diamond_index
from dac_control.reflectance.drude import DrudeParameters, drude_reflectance
from dac_control.reflectance.drude_fit import fit_drude
from dac_control.reflectance.drude_result import DrudeFit
from dac_control.reflectance.evidence import Link, ReflectanceEvidence
from dac_control.reflectance.identifiability import Identifiability, identifiability
from dac_control.reflectance.loading import Loading
from dac_control.reflectance.normalisation import evaluate_reflectance
from dac_control.reflectance.pressure import AtPressure
from dac_control.reflectance.reading import PIXEL_FLAGS, DarkReading, LightReading
from dac_control.reflectance.reference import ReferenceTable
from dac_control.reflectance.results import (
    AbsoluteReflectance,
    Reflectance,
    RelativeReflectance,
)

__all__ = [
    "PIXEL_FLAGS",
    "AbsoluteReflectance",
    "Absorption",
    "AbsorptionMeasured",
    "AbsorptionUnknown",
    "AtPressure",
    "Comparison",
    "DarkReading",
    "DrudeFit",
    "DrudeParameters",
    "Identifiability",
    "LightReading",
    "Link",
    "Loading",
    "MultipleReflections",
    "ReferenceTable",
    "Reflectance",
    "ReflectanceEvidence",
    "RelativeReflectance",
    "absorption_from_transmission",
    "compare_with_control",
    "describe_comparison",
    "describe_drude",
    "describe_reflectance",
    "diamond_index",
    "drude_reflectance",
    "evaluate_reflectance",
    "fit_drude",
    "identifiability",
    "statement",
]
