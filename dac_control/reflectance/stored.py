"""A reflectance as it was recorded, back in its type: what `to_dict` wrote, read again."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import RecordError
from dac_control.reflectance.evidence import Link, ReflectanceEvidence
from dac_control.reflectance.loading import Loading
from dac_control.reflectance.pressure import AtPressure
from dac_control.reflectance.results import (
    AbsoluteReflectance,
    Reflectance,
    RelativeReflectance,
)
from dac_control.reflectance.uncertainty import Term

__all__ = ["reflectance_from_dict"]


def reflectance_from_dict(record: Mapping[str, Any]) -> Reflectance:
    """Return the reflectance that a run recorded.

    Which wavelengths were left out is known from their missing values; why, stands in the record
    alone, so `flags` is empty.

    Raises
    ------
    RecordError
        If the record lacks something.
    """
    try:
        common: dict[str, Any] = {
            "sample": record["sample"],
            "wavelength_nm": _array(record["wavelength_nm"]),
            "count_ratio": _array(record["count_ratio"]),
            "terms": tuple(
                Term(**{**term, "sigma": _array(term["sigma"])}) for term in record["terms"]
            ),
            "pressure": _pressure(record["pressure"]),
            "flags": {},
            "evidence": _evidence(record["evidence"]),
        }
        if record["kind"] == "relative":
            return RelativeReflectance(**common)
        slope = record.get("per_reference")  # runs of earlier versions do not say it
        return AbsoluteReflectance(
            **common,
            reflectance=_array(record["reflectance"]),
            without_bounces=_array(record["without_bounces"]),
            per_reference=None if slope is None else _array(slope),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RecordError(
            f"A recorded reflectance cannot be read ({error!r}); compare the run with its manifest."
        ) from error


def _array(values: Sequence[float | None]) -> NDArray[np.float64]:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _pressure(record: Mapping[str, Any]) -> AtPressure:
    known = record["pressure_gpa"]
    return AtPressure(**{**record, "pressure_gpa": np.nan if known is None else known})


def _evidence(record: Mapping[str, Any]) -> ReflectanceEvidence:
    names = {field.name for field in fields(ReflectanceEvidence)}
    stated = {name: value for name, value in record.items() if name in names}
    loading = record.get("loading")  # runs of earlier versions do not say it
    return ReflectanceEvidence(
        **{
            **stated,
            "links": tuple(Link(**link) for link in record["links"]),
            "loading": None if loading is None else Loading(**loading),
        }
    )
