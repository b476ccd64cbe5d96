"""ophyd and SciPy without what nobody asks for, and with it when somebody does."""

import subprocess
import sys

_OPHYD = """
import sys
from dac_control.app.rehearsal.lean_imports import import_ophyd
import_ophyd()
import ophyd
from ophyd import Component, Device, Signal
assert not any("areadetector" in name or name == "networkx" for name in sys.modules)
assert "ADComponent" not in vars(ophyd) and "QuadEM" not in vars(ophyd)
import_ophyd()
from ophyd import ADComponent, EpicsMCA, QuadEM, SimDetector
from ophyd.areadetector import ADComponent as same
assert ADComponent is same and issubclass(QuadEM, Device)
try:
    ophyd.nothing_of_that_name
except AttributeError as error:
    print(error)
"""


_SCIPY = """
import sys
from dac_control.app.rehearsal.lean_imports import import_scipy
import_scipy()
import numpy
from scipy.special import ndtr
assert ndtr(0.0) == 0.5
assert not {"numpy.f2py", "numpy.testing"} & {*sys.modules}
assert not {"f2py", "testing"} & {*vars(numpy)}
from scipy._lib import _array_api
assert _array_api.FunctionDoc.__module__ == "scipy._lib._docscrape"
from scipy.special import voigt_profile
assert "Voigt" in voigt_profile.__doc__
numpy.testing.assert_array_equal(numpy.f2py.get_include() != "", True)
"""

_GARBAGE = """
import gc
from dac_control.app.rehearsal.lean_imports import OBJECTS_PER_LOOK, leave_garbage
class Knot:
    def __init__(self): self.itself = self
    def __del__(self): print("looked for")
leave_garbage()
assert gc.isenabled() and gc.get_threshold()[0] == OBJECTS_PER_LOOK
Knot()
gc.collect()
Knot()
"""


def in_a_process_of_its_own(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_detectors_are_left_out_until_somebody_asks() -> None:
    assert "no attribute 'nothing_of_that_name'" in in_a_process_of_its_own(_OPHYD)


def test_numpy_copied_for_scipy_is_whole_afterwards() -> None:
    in_a_process_of_its_own(_SCIPY)


def test_garbage_is_not_looked_for_when_the_process_ends() -> None:
    assert in_a_process_of_its_own(_GARBAGE).split() == ["looked", "for"]
