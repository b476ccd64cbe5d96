"""What the package promises to those who install it."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from dac_control.app import neighbours
from dac_control.errors import ConfigurationError

ROOT = Path(__file__).parents[1]


def test_the_lock_names_only_the_public_default_index() -> None:
    lock = (ROOT / "uv.lock").read_text(encoding="utf-8")
    assert set(re.findall(r'registry = "([^"]*)"', lock)) == {"https://pypi.org/simple"}
    hosts = set(re.findall(r'url = "https://([^/"]*)/', lock))
    assert hosts == {"files.pythonhosted.org"}


def test_the_extras_are_those_of_the_docs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = set(project["optional-dependencies"])
    assert extras == {"basler", "ocean", "horiba", "tiled", "queue", "notify", "all", "dev"}
    assert project["license"] == "BSD-3-Clause"


def test_ci_finds_the_test_command_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    after = readme.split("<!-- test command -->", 1)[1]
    command = after.split("```sh\n", 1)[1].split("\n```", 1)[0]
    assert command.endswith("pytest -n 3") and "\n" not in command
    assert "test command" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, contextlib\n"
        "from dac_control.app.cli import app\n"
        "with contextlib.suppress(SystemExit):\n"
        "    app(['--help'])\n"
        "heavy = {'numpy', 'scipy', 'bluesky', 'ophyd', 'matplotlib', 'IPython', 'h5py'}\n"
        "loaded = heavy & set(sys.modules)\n"
        "sys.exit(f'loaded: {loaded}' if loaded else 0)\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60
    )
    assert finished.returncode == 0, finished.stderr
    for command in ("demo", "check", "shell", "simulate", "runs", "show", "drive"):
        assert command in finished.stdout


def test_links_drivers_and_records_load_neither_bluesky_nor_ophyd() -> None:
    code = (
        "import sys\n"
        "import dac_control.records, dac_control.safety.intents, dac_control.gauges\n"
        "import devices.drivers.lakeshore336, devices.drivers.zaber, devices.drivers.ocean\n"
        "import devices.drivers.basler, devices.links\n"
        "sys.exit(' '.join({'bluesky', 'ophyd'} & set(sys.modules)) or 0)\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60
    )
    assert finished.returncode == 0, finished.stderr


def test_simulators_load_nothing_of_ours() -> None:
    code = (
        "import sys\n"
        "import simulators.laboratory\n"
        "ours = {'dac_control', 'devices', 'plans', 'bluesky', 'ophyd', 'pyvisa', 'seabreeze'}\n"
        "sys.exit(' '.join(ours & set(sys.modules)) or 0)\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60
    )
    assert finished.returncode == 0, finished.stderr


def test_a_stranger_called_plans_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    neighbours.check_neighbours()
    stranger = tmp_path / "plans" / "__init__.py"
    stranger.parent.mkdir()
    stranger.write_text("")

    class Spec:
        origin = str(stranger)

    monkeypatch.setattr(neighbours.importlib.util, "find_spec", lambda name: Spec)
    with pytest.raises(ConfigurationError, match="in the way"):
        neighbours.check_neighbours()
