"""Which code does the work of a fit: compiled by numba where that can be had, NumPy otherwise."""

import logging
import os
from functools import cache
from typing import Final, Literal

from dac_control.errors import ConfigurationError

logger = logging.getLogger(__name__)

__all__ = ["ENGINE_VARIABLE", "EngineName", "chosen_engine"]

EngineName = Literal["numba", "numpy"]

ENGINE_VARIABLE: Final = "DAC_CONTROL_ENGINE"
"""Environment variable that forces an engine: ``numba`` or ``numpy``."""


def chosen_engine(name: str | None = None) -> EngineName:
    """Choose an engine; numba is imported here, when first asked for.

    Parameters
    ----------
    name : "numba" or "numpy", optional
        Forces one, before the environment variable `ENGINE_VARIABLE` does.

    Raises
    ------
    ConfigurationError
        No engine has that name, or numba is asked for and cannot be imported.
    """
    origin = "asked for"
    if name is None:
        name = os.environ.get(ENGINE_VARIABLE, "").strip().lower() or None
        origin = f"set by the environment variable {ENGINE_VARIABLE}"
    if name not in (None, "numba", "numpy"):
        raise ConfigurationError(
            f"There is no engine '{name}' for the fits, as {origin}; use numba or numpy."
        )
    return "numba" if name != "numpy" and _has_numba(origin, forced=name is not None) else "numpy"


@cache
def _has_numba(origin: str, *, forced: bool) -> bool:
    """True where numba is there and gets on with this NumPy; says so where it does not."""
    try:
        import numba  # noqa: F401  # pyright: ignore[reportUnusedImport]
    except ImportError as error:
        if forced:
            raise ConfigurationError(
                f"The engine numba, {origin}, cannot be imported here ({error}); install numba or "
                "use the engine numpy."
            ) from error
        logger.info("fits take the slower NumPy engine: %s", error)
        return False
    return True
