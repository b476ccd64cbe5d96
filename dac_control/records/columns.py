"""Values of a data key: from JSON back to what was measured, and from events to a column."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["column", "restore"]

_NUMERIC = "biuf"


def restore(value: Any, data_key: Mapping[str, Any]) -> Any:
    """Turn a journalled value back into what the device gave.

    Parameters
    ----------
    value : object
        As JSON has it: null stands for NaN (and for the infinities, which JSON lacks too).
    data_key : Mapping
        Its entry in the descriptor's ``data_keys``.

    Returns
    -------
    object
        An ndarray for dtype ``"array"``, NaN for a null number, else the value itself.
    """
    dtype = data_key.get("dtype")
    if dtype == "array":
        return _array(value, data_key.get("dtype_numpy"))
    if value is None and dtype in ("number", "integer"):
        return math.nan
    return value


def _array(value: Any, dtype_numpy: object) -> NDArray[Any]:
    # Nulls stand among numbers only, and only a float can hold a NaN.
    for dtype in (_numeric(dtype_numpy), None, np.float64):
        try:
            found = np.array(value, dtype=dtype)
        except (TypeError, ValueError, OverflowError):
            continue
        if found.dtype != object:
            return found
    return _objects(value) if isinstance(value, list) else np.array(value, dtype=object)


def _numeric(dtype_numpy: object) -> "np.dtype[Any] | None":
    """Return the dtype that a descriptor names, None if it names none for numbers."""
    if not isinstance(dtype_numpy, str):
        return None
    try:
        dtype = np.dtype(dtype_numpy)
    except TypeError:
        return None
    return dtype if dtype.kind in _NUMERIC else None


def column(values: Sequence[Any], data_key: Mapping[str, Any]) -> NDArray[Any]:
    """Put the restored values of one data key together.

    Parameters
    ----------
    values : Sequence
        One per event, as `restore` returned them; None where an event lacks the key.
    data_key : Mapping
        Its entry in the descriptor's ``data_keys``.

    Returns
    -------
    ndarray
        Shape (events,) for scalars (object dtype for text), (events, ...) for arrays of one
        shape, else (events,) of dtype object.
    """
    dtype = data_key.get("dtype")
    if dtype == "array":
        return _stack(values)
    if dtype == "boolean" and all(isinstance(value, bool) for value in values):
        return np.array(values, dtype=bool)
    if dtype == "integer" and all(isinstance(value, int) for value in values):
        return np.array(values, dtype=np.int64)
    if dtype in ("number", "integer"):
        return np.array([math.nan if value is None else value for value in values], dtype=float)
    return _objects(values)


def _stack(values: Sequence[Any]) -> NDArray[Any]:
    shapes = {np.shape(value) for value in values if value is not None}
    if len(shapes) == 1 and all(value is not None for value in values):
        return np.stack(values)
    return _objects(values)


def _objects(values: Sequence[Any]) -> NDArray[Any]:
    found = np.empty(len(values), dtype=object)
    for index, value in enumerate(values):  # np.array(values) would look into arrays and text
        found[index] = value
    return found
