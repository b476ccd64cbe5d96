"""Importing links and drivers opens nothing and loads neither VISA nor ophyd."""

import subprocess
import sys

CODE = """
import sys
import devices.drivers.lakeshore336, devices.drivers.zaber, devices.links
from devices.links import open_link
open_link("TCPIP0::127.0.0.1::7777::SOCKET"), open_link("COM3")
print(sorted({"pyvisa", "serial", "ophyd", "bluesky", "simulators"} & set(sys.modules)))
"""


def test_import_and_construction_do_no_io():
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
