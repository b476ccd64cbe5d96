"""Temporary: the ENGINE helper replaces this."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any


@dataclass(frozen=True)
class Engine:
    name: str
    find_lines: Callable[..., Any]
    score_windows: Callable[..., Any]


@cache
def get_engine(name: str | None = None) -> Engine:
    from dac_control.gauges.ruby.scoring_numba import score_windows
    from dac_control.gauges.ruby.search_numba import find_lines

    return Engine("numba", find_lines, score_windows)
