"""Are the four packages ours? `devices` and `plans` are names that other projects use, too."""

import importlib.util
from pathlib import Path

from dac_control.errors import ConfigurationError

__all__ = ["check_neighbours"]

_NEIGHBOURS = ("devices", "plans", "simulators")


def check_neighbours() -> None:
    """Raise `ConfigurationError` if another package of the same name would be imported."""
    home = Path(__file__).resolve().parents[2]
    for name in _NEIGHBOURS:
        spec = importlib.util.find_spec(name)
        origin = None if spec is None or spec.origin is None else Path(spec.origin).resolve()
        if origin is None:
            raise ConfigurationError(
                f"The package {name!r} of dac-control is missing beside {home / 'dac_control'}; "
                "install dac-control again, into an environment of its own."
            )
        if origin.parent.parent != home:
            raise ConfigurationError(
                f"Another package called {name!r} is in the way: {origin}. Install dac-control "
                "into an environment of its own, or start it from another folder."
            )
