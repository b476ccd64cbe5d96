import subprocess
import sys
from pathlib import Path

import pytest

from dac_control.app.station_lock import StationLock
from dac_control.errors import ConfigurationError


def test_a_second_holder_is_refused_with_the_name_of_the_first(tmp_path: Path) -> None:
    lock = StationLock(tmp_path)
    with pytest.raises(ConfigurationError, match="in use by process"):
        StationLock(tmp_path)
    lock.release()
    lock.release()
    StationLock(tmp_path).release()


def test_another_process_is_refused_and_a_dead_one_lets_go(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from dac_control.app.station_lock import StationLock\n"
        "lock = StationLock(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        with pytest.raises(ConfigurationError, match=str(process.pid)):
            StationLock(tmp_path)
        process.kill()
        process.wait(10)
    StationLock(tmp_path).release()
