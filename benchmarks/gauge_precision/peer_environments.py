"""Environments of other programs: the running one where it has them, else one of their own."""

import importlib.util
import json
import subprocess
import sys
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

__all__ = ["PEERS", "Peer", "PeerMissing", "ask", "python_for"]

_RUNNERS: Final = Path(__file__).parent / "peer_runners"
_INSTALL_S: Final = 900
_RUN_S: Final = 3600


class PeerMissing(Exception):
    """A program could not be installed or did not run."""


@dataclass(frozen=True, kw_only=True)
class Peer:
    """Another program."""

    name: str
    module: str
    """What is imported."""
    runner: str
    requirements: tuple[str, ...]
    """For pip, one call after the other."""


PEERS: Final = (
    # its metadata are invalid for pip from 24.1 on
    Peer(
        name="pRuby",
        module="pruby",
        runner="pruby_runner.py",
        requirements=("pip<24.1", "pRuby==0.1.3"),
    ),
    Peer(
        name="Rubycond",
        module="rubycond",
        runner="rubycond_runner.py",
        requirements=("rubycond==0.2.2",),
    ),
    Peer(name="rampy", module="rampy", runner="rampy_runner.py", requirements=("rampy==0.6.4",)),
    Peer(name="lmfit", module="lmfit", runner="lmfit_runner.py", requirements=("lmfit",)),
)


def python_for(peer: Peer, folder: Path) -> Path:
    """Interpreter that can import the program; installs it below `folder` where needed.

    Raises
    ------
    PeerMissing
        It cannot be installed here.
    """
    if importlib.util.find_spec(peer.module) is not None:
        return Path(sys.executable)
    place = folder / peer.module
    python = place / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if python.exists() and _imports(python, peer.module):
        return python
    venv.create(place, with_pip=True, clear=True)
    for requirement in peer.requirements:
        _run([str(python), "-m", "pip", "install", "--quiet", requirement], _INSTALL_S)
    if not _imports(python, peer.module):
        raise PeerMissing(f"{peer.name} is installed and cannot be imported.")
    return python


def ask(peer: Peer, python: Path, data: Mapping[str, Any], scratch: Path) -> dict[str, Any]:
    """Let a program fit; its answer as described in `peer_runners/README.md`.

    Raises
    ------
    PeerMissing
        It did not come to an end.
    """
    given, answer = scratch / f"{peer.module}.npz", scratch / f"{peer.module}.json"
    np.savez(given, **data)
    _run([str(python), str(_RUNNERS / peer.runner), str(given), str(answer)], _RUN_S)
    return json.loads(answer.read_text(encoding="utf-8"))


def _imports(python: Path, module: str) -> bool:
    words = [
        str(python),
        "-c",
        f"import importlib.util as u; exit(u.find_spec('{module}') is None)",
    ]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def _run(words: list[str], limit_s: float) -> None:
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=limit_s, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PeerMissing(f"{words[-1]}: {error}") from error
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise PeerMissing(f"{Path(words[-1]).name}: {last}")
