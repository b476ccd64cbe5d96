"""What ``fit`` needs of a gauge, and what all of them share."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol

from dac_control.app.fit.detector import Detector
from dac_control.app.fit.options import FitOptions
from dac_control.app.fit.results import Reading
from dac_control.spectrum_files.model import AxisUnit, Vector

if TYPE_CHECKING:
    from dac_control.app.fit.plot import FitPicture  # matplotlib, which most calls do not need

__all__ = ["FITTING_ERRORS", "GaugeAdapter", "flag_message"]

FITTING_ERRORS: Final = (ArithmeticError, ValueError, LookupError, RuntimeError)
"""What a numerical fault in a fit looks like; NumPy's LinAlgError is a ValueError."""


class GaugeAdapter(Protocol):
    """One gauge behind the command: options in, readings out.

    A new gauge is a class of this shape and a line in `gauge_table.GAUGES`.
    """

    unit: ClassVar[AxisUnit]
    """Of axis and observable."""
    key: ClassVar[str]
    """Of the observable in the JSON document."""
    symbol: ClassVar[str]
    """Of the observable in tables and pictures."""
    window: ClassVar[tuple[float, float]]
    """Where the line or edge can be, in `unit`."""
    meanings: ClassVar[Mapping[str, str]]
    """What the flags of fit and measurement mean."""

    def __init__(self, options: FitOptions) -> None:
        """Check the options that concern this gauge; raises `ConfigurationError`."""
        ...

    def spectrum(self, axis: Vector, detector: Detector) -> Any:
        """Put a spectrum together; raises `NotMeasured` where the data cannot be one."""
        ...

    def fit(self, spectra: Sequence[Any], temperatures_k: Sequence[float | None]) -> list[Any]:
        """Fit spectra, one result each; an exception in place of a result where one failed."""
        ...

    def read(self, fit: Any, temperature_k: float | None, said: Mapping[str, Any]) -> Reading:
        """Turn a fit into a pressure; `said` is the metadata of the frame."""
        ...

    def picture(self, fit: Any, spectrum: Any) -> "FitPicture | None":
        """Say what there is to draw; None where nothing was fitted."""
        ...


def flag_message(flags: Sequence[str], meanings: Mapping[str, str], fatal: frozenset[str]) -> str:
    """Say in a sentence why a fit is no measurement."""
    reasons = [meanings.get(flag, flag.replace("_", " ")) for flag in flags if flag in fatal]
    if not reasons:
        return "The fit gave nothing."
    text = "; ".join(reasons)
    return f"{text[0].upper()}{text[1:]}."
