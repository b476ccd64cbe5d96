"""Signals that are caches: a worker thread writes them, the RunEngine only reads.

Classic ophyd signals guess their description from a value and carry no units; these state
everything. The reading store is the single source of truth: nothing here does I/O.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from ophyd import Kind, Signal
from ophyd.status import Status

from dac_control.errors import StaleReading
from devices.statuses import status_of

__all__ = ["CachedSignal", "ParameterSignal"]

_NUMPY_TYPES = {"number": "<f8", "integer": "<i8", "boolean": "|b1", "array": "<f8"}
_MISSING = object()


class CachedSignal(Signal):
    """The last reading of one quantity, with the time at which it was taken.

    Parameters
    ----------
    units : str
        Unit of the value; empty for a pure number or text.
    dtype : str
        ``number``, ``integer``, ``boolean``, ``string`` or ``array``.
    ndim : int
        Number of dimensions of an array.
    precision : int, optional
        Digits after the point that are worth showing.
    """

    def __init__(
        self,
        *,
        name: str,
        units: str = "",
        dtype: str = "number",
        ndim: int = 0,
        precision: int | None = None,
        kind: Any = Kind.normal,
        parent: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, value=_MISSING, kind=kind, parent=parent, **kwargs)
        self._units = units
        self._dtype = dtype
        self._ndim = ndim
        self._precision = precision

    def update(self, value: Any, timestamp: float | None = None) -> None:
        """Store a reading; called from the worker thread of the device."""
        super().put(value, timestamp=time.time() if timestamp is None else timestamp, force=True)

    def put(self, value: Any, **kwargs: Any) -> None:
        """Refuse: readings come from the instrument."""
        raise TypeError(f"{self.name} is a reading and cannot be written")

    def set(self, value: Any, **kwargs: Any) -> Any:
        """Refuse: readings come from the instrument."""
        raise TypeError(f"{self.name} is a reading and cannot be set")

    def get(self, **kwargs: Any) -> Any:
        """Last value; raises `StaleReading` before the first one."""
        if self._readback is _MISSING:
            raise StaleReading(f"{self.name} has no reading yet; trigger the device first.")
        return self._readback

    def describe(self) -> dict[str, dict[str, Any]]:
        """Data key with source, type, shape, units and precision; looks at no value's type."""
        key: dict[str, Any] = {
            "source": self._source(),
            "dtype": self._dtype,
            "shape": self._shape(),
        }
        if self._dtype in _NUMPY_TYPES:
            key["dtype_numpy"] = _NUMPY_TYPES[self._dtype]
        if self._dtype in ("number", "integer", "array"):
            key["units"] = self._units
        if self._precision is not None:
            key["precision"] = self._precision
        return {self.name: key}

    def _shape(self) -> list[int]:
        if self._dtype != "array":
            return []
        if self._readback is _MISSING:
            return [0] * self._ndim
        value: Any = self._readback
        return list(np.shape(value))

    def _source(self) -> str:
        address = getattr(self.parent, "address", None)
        return f"{address or self.root.name}#{self.attr_name or self.name}"


class ParameterSignal(CachedSignal):
    """A value that a plan chooses and no instrument has to be asked for.

    Parameters
    ----------
    value : Any
        Initial value.
    check : callable, optional
        Called with a new value; raises a `DacError` for one that is not allowed.
    """

    def __init__(
        self,
        *,
        name: str,
        value: Any,
        check: Callable[[Any], None] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self._check = check
        self.update(value)

    def check_value(self, value: Any, **kwargs: Any) -> None:
        """Raise where `value` is not allowed."""
        if self._check is not None:
            self._check(value)

    def put(self, value: Any, **kwargs: Any) -> None:
        """Store a checked value."""
        self.check_value(value)
        self.update(value)

    def set(self, value: Any, **kwargs: Any) -> Status:
        """Store a checked value; done at once."""
        self.put(value)
        status = status_of(self)
        status.set_finished()
        return status
