"""What ``fit`` does alike for every line on an axis in nm."""

from typing import TYPE_CHECKING

from dac_control.app.fit.axes import UsableAxis
from dac_control.app.fit.detector import Detector
from dac_control.gauges import RubyFit, Spectrum
from dac_control.spectrum_files.model import AxisUnit

if TYPE_CHECKING:
    from dac_control.app.fit.plot import FitPicture

__all__ = ["LineInNm"]


class LineInNm:
    """The part of a `GaugeAdapter` that ruby, Sm:SrB4O7 and lines of the user's own share."""

    unit: AxisUnit = "nm"
    key: str = "line_nm"
    symbol: str

    def spectrum(self, axis: UsableAxis, detector: Detector) -> Spectrum:
        """Put a spectrum together; raises `NotMeasured` where the data cannot be one."""
        return Spectrum(wavelength_nm=axis.values, **detector.arguments())

    def picture(self, fit: RubyFit, spectrum: Spectrum) -> "FitPicture | None":
        """Say what there is to draw; None where nothing was fitted."""
        from dac_control.app.fit.line_picture import line_picture

        return line_picture(fit, spectrum, self.symbol)
