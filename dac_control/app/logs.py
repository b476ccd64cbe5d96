"""Where log messages go: to a file in the station's state folder, never over the live table."""

import logging
import logging.handlers
from pathlib import Path

__all__ = ["close_log", "log_to_file", "quiet"]

# The four packages of the project, and the two whose tracebacks would bury its sentences.
_LOGGERS = ("dac_control", "devices", "plans", "simulators", "bluesky", "ophyd")


def quiet() -> None:
    """Keep library tracebacks off the terminal; errors reach the user as sentences."""
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.propagate = False
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())


def log_to_file(folder: Path, level: int = logging.INFO) -> logging.Handler:
    """Append messages of all packages to ``dac-control.log`` in `folder`; return the handler."""
    folder.mkdir(parents=True, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(
        folder / "dac-control.log", maxBytes=5_000_000, backupCount=3, encoding="utf-8"
    )
    handler.setFormatter(
        logging.Formatter("%(asctime)s %(levelname)s %(name)s [%(threadName)s] %(message)s")
    )
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(level)
    return handler


def close_log(handler: logging.Handler) -> None:
    """Detach and close a handler of `log_to_file`."""
    for name in _LOGGERS:
        logging.getLogger(name).removeHandler(handler)
    handler.close()
