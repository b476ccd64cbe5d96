"""What a fit of one ruby spectrum does not wait for."""

import subprocess
import sys

SCRIPT = """\
import sys
from dac_control.app.commands import fit
from dac_control.app.fit.gauge_table import adapter_of
from dac_control.app.fit.options import FitOptions
adapter_of(FitOptions())
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""
HEAVY = {"scipy", "h5py", "matplotlib", "event_model", "ophyd", "bluesky"}


def test_a_fit_starts_without_what_other_fits_need() -> None:
    words = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert HEAVY.isdisjoint(done.stdout.split())
