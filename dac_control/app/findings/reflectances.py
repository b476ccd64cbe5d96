"""What reflectances of linked runs show together, and what a Drude model says of this one.

A plan cannot say it: the control is often measured after the sample, in another cell.
"""

import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dac_control.app.findings.linked_runs import LinkedRuns
from dac_control.errors import DacError, RecordError
from dac_control.records import Run, open_run
from dac_control.reflectance import (
    AbsoluteReflectance,
    Comparison,
    DrudeFit,
    Reflectance,
    RelativeReflectance,
    compare_with_control,
    describe_comparison,
    describe_drude,
    fit_drude,
)
from dac_control.reflectance.claims import NOT_SHOWN
from dac_control.reflectance.stored import reflectance_from_dict

__all__ = ["Reflectances", "read_reflectances", "result_of"]

logger = logging.getLogger(__name__)

STREAM: Final = "reflectance_result"

# Fewer are laser lines and no spectrum; `Identifiability` says what they cannot fix.
_FEWEST_WAVELENGTHS: Final = 10


@dataclass(frozen=True, kw_only=True)
class Reflectances:
    """Sample against control, and the model of this run's own reflectance."""

    own: Reflectance | None
    """What this run took itself."""
    comparison: Comparison | None
    not_compared: str
    """Why not; empty where they were, or nothing is there to compare."""
    drude: DrudeFit | None
    not_fitted: str

    @property
    def sentences(self) -> tuple[str, ...]:
        """All of it for people; ends with what reflectance does not show."""
        found: list[str] = []
        if self.comparison is not None:
            found += describe_comparison(self.comparison)
        if self.drude is not None:
            found += describe_drude(self.drude)
        found += [text for text in (self.not_compared, self.not_fitted) if text]
        return (*found, NOT_SHOWN) if found else ()

    def to_dict(self) -> dict[str, Any]:
        """As ``show --json`` prints it, under ``reflectance``."""
        return {
            "spectrum": None if self.own is None else _spectrum(self.own),
            "control": None if self.comparison is None else self.comparison.to_dict(),
            "not_compared": self.not_compared or None,
            "drude": None if self.drude is None else self.drude.to_dict(),
            "not_fitted": self.not_fitted or None,
            "statement": list(self.sentences),
        }


def read_reflectances(run: Run, linked: LinkedRuns) -> Reflectances:
    """Compare with the control where one was measured, and fit a Drude model to an absolute one."""
    own = result_of(run)
    drude, not_fitted = (None, "") if own is None else _fit(own)
    comparison, not_compared = None, ""
    if linked.reflectance_of_control and linked.reflectance_of_sample:
        comparison, not_compared = _compare(
            _results(linked.reflectance_of_sample), _results(linked.reflectance_of_control)
        )
    elif own is not None:
        not_compared = "No reflectance of a control lies beside this run to compare it with."
    return Reflectances(
        own=own,
        comparison=comparison,
        not_compared=not_compared,
        drude=drude,
        not_fitted=not_fitted,
    )


def _spectrum(own: Reflectance) -> dict[str, Any]:
    """What a reader can draw; its counts and each term of its budget are in the record."""
    return {
        "quantity": "reflectance"
        if isinstance(own, AbsoluteReflectance)
        else f"ratio to {own.evidence.reference}",
        "wavelength_nm": _rounded(own.wavelength_nm),
        "value": _rounded(own.values),
        "sigma_stat": _rounded(own.sigma_stat),
        "sigma_sys": _rounded(own.sigma_sys),
        "record": {"stream": STREAM, "key": "workbench_result"},
    }


def _rounded(values: NDArray[np.float64]) -> list[float | None]:
    return [float(f"{value:.7g}") if np.isfinite(value) else None for value in values]


def result_of(run: Run) -> Reflectance | None:
    """The reflectance that a run recorded; None where it took none, or it cannot be read."""
    texts = run.table(STREAM).get("workbench_result") if STREAM in run.streams else None
    if texts is None or not len(texts):
        return None
    try:
        return reflectance_from_dict(json.loads(str(texts[-1])))
    except DacError as error:
        logger.warning("the reflectance of %s cannot be used: %s", run.folder.name, error)
        return None


def _results(folders: Iterable[Path]) -> list[Reflectance]:
    found: list[Reflectance] = []
    for folder in folders:
        try:
            result = result_of(open_run(folder))
        except RecordError as error:
            logger.warning("the run %s cannot be read: %s", folder.name, error)
            continue
        if result is not None:
            found.append(result)
    return found


def _compare(
    sample: Sequence[Reflectance], control: Sequence[Reflectance]
) -> tuple[Comparison | None, str]:
    """Compare those of one type: absolute ones where both have them."""
    for kind in (AbsoluteReflectance, RelativeReflectance):
        both = [[each for each in side if isinstance(each, kind)] for side in (sample, control)]
        if all(both):
            try:
                return compare_with_control(both[0], both[1]), ""
            except DacError as error:
                return None, f"Sample and control cannot be compared: {error}"
    return None, (
        "Sample and control cannot be compared: the reflectance of one is absolute and that of the "
        "other relative, or one of them has none."
    )


def _fit(own: Reflectance) -> tuple[DrudeFit | None, str]:
    if not isinstance(own, AbsoluteReflectance):
        return None, "No Drude model was fitted: it needs an absolute reflectance."
    if own.usable.sum() < _FEWEST_WAVELENGTHS:
        return None, f"No Drude model was fitted to fewer than {_FEWEST_WAVELENGTHS} wavelengths."
    try:
        return fit_drude(own), ""
    except DacError as error:
        return None, f"No Drude model was fitted: {error}"
