"""In which unit an axis is: by words of the header, else by its values where those are sure."""

import re
from collections.abc import Sequence
from typing import Final

import numpy as np

from dac_control.spectrum_files.model import AxisUnit, Vector

__all__ = ["unit_from_text", "unit_from_values"]

_NM: Final = re.compile(
    r"\bnm\b|\bnano ?met|wavelength|\bwave\b|\bwl\b|lambda|λ|wellenl|longueurs? d.onde"
    r"|lunghezza d.onda|longitud de onda|comprimento de onda|golflengte|våglängd"
    r"|длина волны|波長|波长",
    re.IGNORECASE,
)
_CM1: Final = re.compile(
    r"cm\s?\^?\s?\(?\s?[-−–⁻]\s?[1¹]|1\s?/\s?cm|\braman|wave ?number|wellenzahl|nombres? d.onde"
    r"|numero d.onda|número de onda|golfgetal|рамановск|комбинационн|волновое число"
    r"|ラマン|波数|拉曼",
    re.IGNORECASE,
)
_PIXEL: Final = re.compile(r"\bpixels?\b|\bpx\b|\bchannels?\b|\bpixelnummer\b", re.IGNORECASE)

_NM_RANGE: Final = (180.0, 2500.0)
"""What silicon and InGaAs detectors see."""
_FINEST_RAMAN_PITCH_CM1: Final = 0.05
"""At 600 nm that is 1.8 pm a pixel; spectrometers that are used with anvils have 5 pm or more."""
_LARGEST_SHIFT_CM1: Final = 6000.0
"""The hydrogen vibron ends at 4200 cm-1, what lies beyond 6000 is an absolute wavenumber."""


def unit_from_text(text: str) -> AxisUnit | None:
    """Unit that a heading names; None where it names none or more than one.

    "Raman shift" or "cm-1" beside "wavelength" is a heading of two axes, and decides nothing.
    """
    words: tuple[tuple[AxisUnit, re.Pattern[str]], ...] = (
        ("nm", _NM),
        ("cm-1", _CM1),
        ("pixel", _PIXEL),
    )
    found: Sequence[AxisUnit] = [unit for unit, pattern in words if pattern.search(text)]
    return found[0] if len(found) == 1 else None


def unit_from_values(axis: Vector, centre_nm: float | None = None) -> AxisUnit | None:
    """Unit that the values of an axis can only be in; None where they leave a choice.

    Parameters
    ----------
    axis : ndarray
        Shape (n,).
    centre_nm : float, optional
        Wavelength that the spectrograph was set to, where the header says so: an axis that
        does not contain it is not one of wavelengths.
    """
    values = axis[np.isfinite(axis)]
    if values.size < 2:
        return None
    low, high = float(values.min()), float(values.max())
    pitch = (high - low) / (values.size - 1)
    if low in (0.0, 1.0) and np.array_equal(values, low + np.arange(values.size)):
        return "pixel"
    in_nm = _NM_RANGE[0] <= low and high <= _NM_RANGE[1]
    shift = high <= _LARGEST_SHIFT_CM1 and high > 30.0
    if in_nm and 0.0 < pitch < _FINEST_RAMAN_PITCH_CM1:
        return "nm"
    if shift and (high > _NM_RANGE[1] or low < 100.0):
        return "cm-1"
    if shift and centre_nm is not None and not low <= centre_nm <= high:
        return "cm-1"
    return None
