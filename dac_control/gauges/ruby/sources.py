"""Which sources the compiled code of this package comes from."""

from pathlib import Path
from typing import Final

from dac_control.gauges.compiled import sources_of

__all__ = ["SOURCES"]

SOURCES: Final = sources_of(Path(__file__).parent)
"""A number that changes with any of them."""
