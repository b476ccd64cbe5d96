"""The simulated laboratory as a process of its own, which ends with its parent."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path
from typing import Any, BinaryIO, Self

from dac_control.errors import ConfigurationError

__all__ = ["LaboratoryProcess"]

# numpy, scipy and the first frame take a second or two; a machine under load some more
_START_TIMEOUT_S = 60.0


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
        folder.mkdir(parents=True, exist_ok=True)
        # a file, not a pipe that nobody reads: a full one would freeze the laboratory
        self._log = folder / "laboratory.log"
        with self._log.open("wb") as log:
            self._process = self._start(command, log, new_group)
        self.endpoints: dict[str, Any] = {}

    @staticmethod
    def _start(
        command: list[str], log: BinaryIO, new_group: dict[str, Any]
    ) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            encoding="utf-8",
            **new_group,
        )

    def wait_until_serving(self) -> Path:
        """Return the station file once every instrument serves."""
        stdout = self._process.stdout
        assert stdout is not None
        with ThreadPoolExecutor(1) as pool:
            announced = pool.submit(stdout.readline)
            try:
                line = announced.result(_START_TIMEOUT_S)
            except FutureTimeout:
                self._process.kill()
                line = ""
        if not line:
            self.close()
            said = self._log.read_text(encoding="utf-8", errors="replace").strip()
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
        if process.stdout is not None:
            process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()
