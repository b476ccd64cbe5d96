"""The simulated laboratory as a process of its own, which ends with its parent."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from dac_control.errors import ConfigurationError

__all__ = ["LaboratoryProcess"]


class LaboratoryProcess:
    """``dac-control simulate`` as a child, so that drivers meet it only over the wire.

    The child ends when its standard input closes, hence also when this process is killed.

    Parameters
    ----------
    folder : Path
        Where the station file and the camera's frames go.
    arguments : list of str
        Further arguments of ``dac-control simulate``.

    Raises
    ------
    ConfigurationError
        With the child's own sentence, if it refuses to start.
    """

    def __init__(self, folder: Path, arguments: list[str]) -> None:
        command = [
            sys.executable,
            "-m",
            "dac_control.app.cli",
            "simulate",
            "--json",
            "--until-input-ends",
            "--folder",
            str(folder),
            *arguments,
        ]
        # In a group of its own, so that Ctrl-C reaches the run and not the instruments.
        new_group: dict[str, Any] = (
            {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}  # type: ignore[attr-defined]
            if sys.platform == "win32"
            else {"start_new_session": True}
        )
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            **new_group,
        )
        self.endpoints: dict[str, Any] = {}

    def wait_until_serving(self) -> Path:
        """Return the station file once every instrument serves."""
        assert self._process.stdout is not None and self._process.stderr is not None
        line = self._process.stdout.readline()
        if not line:
            said = self._process.stderr.read().strip()
            self.close()
            raise ConfigurationError(said or "The simulated laboratory ended before it served.")
        self.endpoints = json.loads(line)
        return Path(self.endpoints["station"])

    def close(self) -> None:
        """End the laboratory; idempotent."""
        process = self._process
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(10.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5.0)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()
