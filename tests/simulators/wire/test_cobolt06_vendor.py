"""The simulated laser judged by clients that this project did not write, where they are installed.

pycobolt is the maker's own package (MIT, https://github.com/cobolt-lasers/pycobolt, not on PyPI);
pyLabLib (``pylablib-lightweight``) is under the GPL, so it runs in a process of its own.
"""

import json
import os
import subprocess
import sys

import pytest

from simulators.clock import SimulatedClock
from simulators.wire.cobolt06 import Cobolt06Simulator, HeadConstants


class Light:
    light_on = True
    light_mw = 1.0


@pytest.fixture
def laser():
    made = Cobolt06Simulator(Light(), SimulatedClock(100.0), HeadConstants(warm_up_s=0.0))
    if sys.platform == "win32":
        pytest.skip("Windows has no pseudo-terminals")
    from simulators.serving import PtyServer

    server = PtyServer(made.session)
    server.start()
    made.port = server.path
    yield made
    server.stop()


def test_the_makers_package_switches_and_reads(laser) -> None:
    pycobolt = pytest.importorskip("pycobolt", reason="pycobolt is not installed")
    with pycobolt.CoboltLaser(port=laser.port) as client:
        assert client.serialnumber == "28071" and "-06-" in client.modelnumber
        assert type(client).__name__.startswith("Cobolt06")
        assert client.is_connected() and not client.is_on()
        client.set_power(20.0)
        assert client.get_power_setpoint() == pytest.approx(20.0)
        client.constant_power()
        assert client.get_mode() == "1 - Constant Power"
        client.turn_on()
        assert client.is_on()
        assert client.get_state() == "2 - Continuous"
        assert client.get_fault() == "0 - No errors" and client.interlock() == "0"
        assert float(client.get_ophours()) > 300
        client.turn_off()
        assert not client.is_on()


_PYLABLIB = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
try:
    from pylablib.devices import Hubner
except ImportError as error:
    print(json.dumps({"missing": str(error)}))
    sys.exit()
laser = Hubner.Cobolt((sys.argv[1], 115200))
found = {"info": list(laser.get_device_info()), "hours": laser.get_work_hours()}
found["max"] = laser.get_max_output_power()
laser.set_output_power(0.02)
found["set"] = laser.get_output_power_setpoint()
laser.enable(True, autostart=False)
time.sleep(0.3)
found["on"] = laser.is_enabled()
found["power"] = laser.get_output_power()
found["mode"] = laser.get_operating_mode()
found["error"] = laser.get_error_state()
found["interlock"] = laser.get_interlock()
found["key"] = laser.get_key_switch()
found["status"] = sorted(laser.get_full_info())
laser.enable(False, autostart=False)
found["off"] = laser.is_enabled()
laser.close()
print(json.dumps(found))
"""


def test_pylablib_switches_and_reads(laser) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PYLABLIB, laser.port],
        capture_output=True,
        text=True,
        timeout=60,
        env=dict(os.environ),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    if "missing" in found:
        pytest.skip(f"pylablib is not installed ({found['missing']})")
    assert found["info"][:2] == ["28071", "0532-06-91-0100-100"]
    assert found["max"] == pytest.approx(0.1) and found["set"] == pytest.approx(0.02)
    assert found["on"] and not found["off"]
    assert found["power"] == pytest.approx(0.02, rel=0.02)
    assert (found["mode"], found["error"]) == ("continuous", "none")
    assert found["interlock"] and found["key"] and found["hours"] > 300
