"""What ``fit`` found: per spectrum, per file."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dac_control.app.fit.detector import Detector
from dac_control.gauges import PressureMeasurement
from dac_control.spectrum_files import FileFrame

__all__ = ["FileResult", "Reading", "SpectrumResult"]

_NAN = float("nan")


@dataclass(frozen=True, kw_only=True, eq=False)
class Reading:
    """What a gauge reads in one spectrum."""

    ok: bool
    """True where a line or edge was found and nothing disqualifies it."""
    observable: float = _NAN
    sigma: float = _NAN
    """Statistical standard uncertainty of the observable."""
    flags: tuple[str, ...] = ()
    measurement: PressureMeasurement | None = None
    """None where no pressure could be reckoned; `message` says what is missing."""
    message: str = ""
    details: dict[str, Any] = field(default_factory=dict[str, Any])
    """Of the fit, for the JSON document."""
    fit: Any = None


@dataclass(frozen=True, kw_only=True, eq=False)
class SpectrumResult:
    """One spectrum of a file."""

    frame: FileFrame
    reading: Reading
    detector: Detector | None = None
    """None where the spectrum could not be used."""
    spectrum: Any = None
    """As the gauge fitted it; kept for a picture only."""
    temperature_k: float | None = None

    @property
    def shown(self) -> bool:
        """False for the spectra between the steps of a run: hundreds, for files and no table."""
        return bool(self.frame.metadata.get("of_step", True))


@dataclass(frozen=True, kw_only=True, eq=False)
class FileResult:
    """One file; `error` where it could not be read."""

    path: Path
    kind: str = ""
    error: str = ""
    spectra: tuple[SpectrumResult, ...] = ()

    @property
    def ok(self) -> bool:
        """True where every spectrum of the file gave a line or edge."""
        return bool(self.spectra) and all(each.reading.ok for each in self.spectra)
