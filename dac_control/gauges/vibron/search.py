"""Where a Raman line roughly is, and which pixels no light made."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.diamond_edge.raman_spectrum import RamanSpectrum
from dac_control.gauges.diamond_edge.spikes import noise_scale, running_median

__all__ = ["LinePixels", "find_raman_line"]

Vector = NDArray[np.float64]
Mask = NDArray[np.bool_]

_SATURATED_SHARE: Final = 0.95
"""Share of full scale from which the mean of several exposures may hide a clipped one."""
_NARROWEST_PX: Final = 2.5


class LinePixels:
    """A spectrum on its way through the fit; `spike` grows. Arrays of shape (pixels,)."""

    def __init__(self, spectrum: RamanSpectrum) -> None:
        self.x, self.y, self.noise = spectrum.shift_cm1, spectrum.levelled_counts, spectrum.noise
        full = spectrum.saturation_counts
        self.saturated: Mask = np.zeros(self.x.shape, dtype=bool)
        if full is not None:
            self.saturated = spectrum.counts >= _SATURATED_SHARE * full
        self.spike: Mask = np.zeros(self.x.shape, dtype=bool)
        self.pitch = float(np.median(np.diff(self.x)))

    @property
    def usable(self) -> Mask:
        """Neither saturated nor a spike."""
        return ~(self.saturated | self.spike)


def find_raman_line(pixels: LinePixels, inside: Mask, widest_cm1: float) -> tuple[float, float]:
    """Place and width of what stands highest over its surroundings.

    Matched filters of several widths, blind to a parabola. All are scored with the noise of the
    dark pixels: with that of the line itself a bright one would score best at its foot.

    Parameters
    ----------
    pixels : LinePixels
    inside : array of bool, shape (pixels,)
    widest_cm1 : float
    """
    x, ok = pixels.x[inside], pixels.usable[inside]
    clean = np.interp(x, x[ok], pixels.y[inside][ok])
    level = running_median(clean)
    of_model = pixels.noise.variance(level)
    noise = noise_scale(clean, of_model, pixels.noise) * of_model
    sigma = float(np.sqrt(np.percentile(noise, 30.0) + 1e-12))
    best, place, found = -np.inf, float(x[0]), _NARROWEST_PX * pixels.pitch
    width = found
    while width <= widest_cm1:
        kernel = _filter(width / pixels.pitch)
        if kernel.size > x.size:
            break
        signal = np.convolve(clean - float(np.median(clean)), kernel, "valid")
        at = int(np.argmax(signal))
        score = float(signal[at]) / (sigma * float(np.sqrt(kernel @ kernel)))
        if score > best:
            best, place, found = score, float(x[kernel.size // 2 + at]), width
        width *= 2.0
    return place, found


def _filter(width_px: float) -> Vector:
    """Gaussian made blind to a parabola under it; shape (2 n + 1,)."""
    reach = max(3, round(2.0 * width_px))
    u = np.arange(-reach, reach + 1, dtype=float) / reach
    line = np.exp(-4.0 * np.log(2.0) * (u * reach / width_px) ** 2)
    smooth, _r = np.linalg.qr(np.stack((np.ones_like(u), u, u * u), axis=1))
    return line - smooth @ (smooth.T @ line)
