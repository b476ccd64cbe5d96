"""What ``fit`` needs of a gauge, and what all of them share."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

from dac_control.app.fit.axes import UsableAxis
from dac_control.app.fit.detector import Detector
from dac_control.app.fit.options import FitOptions
from dac_control.app.fit.results import Reading
from dac_control.errors import ConfigurationError, DacError
from dac_control.gauges import PressureMeasurement
from dac_control.gauges.raman_axis import RamanAxis
from dac_control.spectrum_files.model import AxisUnit

if TYPE_CHECKING:
    from dac_control.app.fit.plot import FitPicture  # matplotlib, which most calls do not need

__all__ = [
    "FITTING_ERRORS",
    "GaugeAdapter",
    "fit_one_by_one",
    "flag_message",
    "or_nan",
    "refuse_options",
]

FITTING_ERRORS: Final = (ArithmeticError, ValueError, LookupError, RuntimeError)
"""What a numerical fault in a fit looks like; NumPy's LinAlgError is a ValueError."""


class GaugeAdapter(Protocol):
    """One gauge behind the command: options in, readings out.

    A new gauge is a class of this shape and a line in `gauge_table.GAUGES`.
    """

    unit: AxisUnit
    """Of axis and observable."""
    key: str
    """Of the observable in the JSON document."""
    symbol: str
    """Of the observable in tables and pictures."""
    window: tuple[float, float]
    """Where the line or edge can be, in `unit`."""
    meanings: Mapping[str, str]
    """What the flags of fit and measurement mean."""

    def __init__(self, options: FitOptions) -> None:
        """Check the options that concern this gauge; raises `ConfigurationError`."""
        ...

    def spectrum(self, axis: UsableAxis, detector: Detector) -> Any:
        """Put a spectrum together; raises `NotMeasured` where the data cannot be one."""
        ...

    def fit(self, spectra: Sequence[Any], temperatures_k: Sequence[float | None]) -> list[Any]:
        """Fit spectra, one result each; an exception in place of a result where one failed."""
        ...

    def read(
        self,
        fit: Any,
        temperature_k: float | None,
        said: Mapping[str, Any],
        raman_axis: RamanAxis | None,
    ) -> Reading:
        """Turn a fit into a pressure.

        Parameters
        ----------
        fit : Any
        temperature_k : float or None
        said : mapping
            Metadata of the frame.
        raman_axis : RamanAxis or None
            What wavelengths were reckoned with, where the frame has a Raman shift.
        """
        ...

    def picture(self, fit: Any, spectrum: Any) -> "FitPicture | None":
        """Say what there is to draw; None where nothing was fitted."""
        ...


def refuse_options(options: FitOptions, names: Sequence[str], gauge: str) -> None:
    """Refuse options that mean nothing to a gauge; raises `ConfigurationError`."""
    for name in names:
        if getattr(options, name) is not None:
            raise ConfigurationError(f"--{name.replace('_', '-')} does not belong to {gauge}.")


def fit_one_by_one(
    measure: Callable[[Any, float], PressureMeasurement],
    spectra: Sequence[Any],
    temperatures_k: Sequence[float | None],
) -> list[PressureMeasurement | Exception]:
    """Measure spectra, NaN for an unknown temperature; an exception where one failed."""
    found: list[PressureMeasurement | Exception] = []
    for spectrum, temperature_k in zip(spectra, temperatures_k, strict=True):
        try:
            found.append(measure(spectrum, or_nan(temperature_k)))
        except (DacError, *FITTING_ERRORS) as error:
            found.append(error)
    return found


def or_nan(value: float | None) -> float:
    """NaN for what nobody knows, as the gauges take it."""
    return math.nan if value is None else value


def flag_message(flags: Sequence[str], meanings: Mapping[str, str], fatal: frozenset[str]) -> str:
    """Say in a sentence why a fit is no measurement."""
    reasons = [meanings.get(flag, flag.replace("_", " ")) for flag in flags if flag in fatal]
    if not reasons:
        return "The fit gave nothing."
    text = "; ".join(reasons)
    return f"{text[0].upper()}{text[1:]}."
