"""The light on the detector of a further spectrometer, whose optics have a place of their own."""

import numpy as np
from numpy.typing import NDArray

from simulators.twin import Twin

__all__ = ["PortLight"]


class PortLight:
    """The light of one port of the twin, as `simulators.wire.ocean` takes it.

    Parameters
    ----------
    twin : Twin
    port : "ruby", "raman" or "vis"
    spot : str
        Where its optics look, wherever those of the others do.
    """

    def __init__(self, twin: Twin, port: str, spot: str) -> None:
        self._twin = twin
        self._port, self._spot, self._info = port, spot, twin.port(port)

    @property
    def pixels(self) -> int:
        """Number of pixels."""
        return self._info.pixels

    @property
    def full_scale(self) -> int:
        """Counts at which a pixel clips."""
        return self._info.full_scale

    @property
    def wavelength_coefficients(self) -> tuple[float, float, float, float]:
        """Wavelength in nm as a cubic in the pixel index."""
        return self._info.coefficients

    def expose(self, start_lab_s: float, exposure_s: float) -> NDArray[np.uint16]:
        """Counts of one exposure, shape (pixels,)."""
        return self._twin.expose(start_lab_s, exposure_s, port=self._port, spot=self._spot)

    def last_exposure(self) -> dict[str, object] | None:
        """What was true, averaged over the last exposure."""
        return self._twin.last_exposure()
