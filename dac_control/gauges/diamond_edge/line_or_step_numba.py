"""How well a step and a line explain the counts about a step, in compiled code.

The same interface and trials as `line_or_step`; a test holds them together. What all trials of
one kind share, the polynomial, is made orthonormal once and taken out of the counts once.
"""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dac_control.gauges.compiled import compilable, dot, helper, vector_helper
from dac_control.gauges.diamond_edge.line_or_step import FINER, PLACES, REACH, ROUNDS, WIDTHS
from dac_control.gauges.diamond_edge.sources import SOURCES

__all__ = ["explained"]

Array = NDArray[np.float64]

_POWERS = 4
"""Polynomials are cubic at most."""
_OWN = 3
"""Functions of their own that trials have at most."""
_MUCH = 0.01
"""Share of its square that a function must keep when others are taken out of it; it loses two
digits at most then."""
_SQRT2 = math.sqrt(2.0)
_LN2 = math.log(2.0)


def explained(d: Array, counts: Array, weight: Array) -> tuple[float, float]:
    """Least chi squared of a step and of a line; see `line_or_step`."""
    return _least_of_both(
        compilable(d), compilable(counts), compilable(weight), *PLACES, *WIDTHS, FINER
    )


def _compiled(sources: int) -> Any:
    """Compile the search; it closes over the sources it was compiled from."""

    @njit(cache=True, nogil=True)
    def least_of_both(
        d: Array, counts: Array, weight: Array, step_places: Array, line_places: Array,
        step_widths: Array, line_widths: Array, finer: Array,
    ) -> tuple[float, float]:  # fmt: skip
        least = np.empty(2)
        for kind in range(2 if sources else 0):
            places = step_places if kind == 0 else line_places
            widths = step_widths if kind == 0 else line_widths
            least[kind] = _least(kind == 0, d, counts, weight, places, widths, finer)
        return least[0], least[1]

    return least_of_both


@helper
def _least(
    is_step: bool, d: Array, counts: Array, weight: Array, places: Array, widths: Array,
    finer: Array,
) -> float:  # fmt: skip
    """Least chi squared over places and widths, on a grid that closes in on it."""
    shared = _POWERS - 1 if is_step else _POWERS
    functions, root = np.empty((shared + _OWN, d.size)), np.empty(d.size)
    left, rest, least = np.empty(d.size), np.empty(d.size), np.inf
    for i in range(d.size):
        root[i] = math.sqrt(weight[i])
        left[i] = counts[i] * root[i]
        value = root[i]
        for order in range(shared):
            functions[order, i] = value
            value *= d[i] / REACH
    for order in range(shared):
        _take_out(functions, order, left)
    place, width = places[0], widths[0]
    apart, ratio = places[1] - places[0], widths[1] / widths[0]
    for turn in range(ROUNDS):
        here, best_place, best_width = np.inf, place, width
        trials = finer.size * finer.size if turn else places.size * widths.size
        for trial in range(trials):
            if turn:
                at = place + apart * finer[trial // finer.size]
                wide = width * ratio ** finer[trial % finer.size]
            else:
                at, wide = places[trial // widths.size], widths[trial % widths.size]
            for i in range(d.size):
                rest[i] = left[i]
            count = shared + _own(is_step, d, root, at, wide, shared, functions)
            for order in range(shared, count):
                _take_out(functions, order, rest)
            chi2 = dot(rest, rest)
            if chi2 < here:
                here, best_place, best_width = chi2, at, wide
        least = min(least, here)
        if turn:
            apart, ratio = apart * (finer[1] - finer[0]), ratio ** (finer[1] - finer[0])
        place, width = best_place, best_width
    return least


@helper
def _own(
    is_step: bool, d: Array, root: Array, at: float, width: float, first: int, functions: Array
) -> int:
    """Fill the functions of one trial from row `first` on; returns how many they are."""
    if is_step:
        for i in range(d.size):
            step = root[i] * (0.5 * math.erfc((d[i] - at) / (_SQRT2 * width)))
            for order in range(_OWN):
                functions[first + order, i] = step
                step *= d[i] / REACH
        return _OWN
    for i in range(d.size):
        square = (2.0 * (d[i] - at) / width) ** 2
        functions[first, i] = root[i] * math.exp(-_LN2 * min(square, 700.0))
        functions[first + 1, i] = root[i] / (1.0 + square)
    return 2


@vector_helper
def _take_out(functions: Array, which: int, counts: Array) -> None:
    """Make a function orthonormal to those before it, and the counts orthogonal to it."""
    new = functions[which]
    square, before = dot(new, new), np.inf
    # Once leaves what rounding makes of functions that are much alike.
    while square < _MUCH * before:
        before = square
        for order in range(which):
            share = dot(functions[order], new)
            for i in range(new.size):
                new[i] -= share * functions[order, i]
        square = dot(new, new)
    size = math.sqrt(square)
    if size > 0.0:
        share = dot(new, counts) / (size * size)
        for i in range(new.size):
            counts[i] -= share * new[i]
            new[i] /= size


_least_of_both = _compiled(SOURCES)
