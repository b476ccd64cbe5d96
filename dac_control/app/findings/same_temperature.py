"""Whether two runs were carried out at one temperature, by what their cells read at the steps."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dac_control.app.findings.text import number
from dac_control.errors import RecordError
from dac_control.records import Run, open_run
from dac_control.records.gauge_series import device_of, numbers_of
from dac_control.safety.limits import StepLimits

__all__ = ["Temperatures", "compare_temperatures"]

logger = logging.getLogger(__name__)

Span = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Temperatures:
    """Lowest and highest cell temperature at the steps of two runs; None where not recorded."""

    here_k: Span | None
    there_k: Span | None
    allowed_k: float
    """``limits.max_temperature_change_k`` of this run, or what it is where nobody states it: by
    more than this a ramp lets no cell change, since its pressure then goes its own way."""

    @property
    def difference_k(self) -> float | None:
        """Between the two lowest or the two highest, the larger; None where one is not known."""
        if self.here_k is None or self.there_k is None:
            return None
        return max(abs(a - b) for a, b in zip(self.here_k, self.there_k, strict=True))

    @property
    def same(self) -> bool:
        """True where both are known and differ by no more than is allowed."""
        return self.difference_k is not None and self.difference_k <= self.allowed_k

    @property
    def words(self) -> str:
        """Both temperatures, and what is allowed between them."""
        return (
            f"{_words(self.here_k)} here and {_words(self.there_k)} there; "
            f"limits.max_temperature_change_k is {self.allowed_k:g} K"
        )


def compare_temperatures(run: Run, other: Path) -> Temperatures:
    """Compare the cell temperatures at the steps of a run and of the one in a folder."""
    limits = run.start.get("limits")
    stated = limits.get("max_temperature_change_k") if isinstance(limits, Mapping) else None
    conventional_k = StepLimits.max_temperature_change_k
    return Temperatures(
        here_k=_span_k(run),
        there_k=_span_beside_k(other),
        allowed_k=float(stated) if isinstance(stated, (int, float)) else conventional_k,
    )


def _span_k(run: Run) -> Span | None:
    key = f"{device_of(run, 'cryostat')}_cell_temperature_k"
    read = numbers_of(run.table("primary"), key, 0)
    read = read[np.isfinite(read)]
    return (float(read.min()), float(read.max())) if read.size else None


def _span_beside_k(folder: Path) -> Span | None:
    try:
        return _span_k(open_run(folder))
    except RecordError as error:
        logger.warning("the temperatures of %s cannot be read: %s", folder.name, error)
        return None


def _words(span_k: Span | None) -> str:
    if span_k is None:
        return "not recorded"
    low, high = (number(each, 1) for each in span_k)
    return f"{low} K" if low == high else f"{low} to {high} K"
