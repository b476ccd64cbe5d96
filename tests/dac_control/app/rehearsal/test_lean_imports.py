"""ophyd without its detectors, and with them when somebody asks."""

import subprocess
import sys

_IN_A_PROCESS_OF_ITS_OWN = """
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


def test_detectors_are_left_out_until_somebody_asks() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _IN_A_PROCESS_OF_ITS_OWN],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "no attribute 'nothing_of_that_name'" in done.stdout
