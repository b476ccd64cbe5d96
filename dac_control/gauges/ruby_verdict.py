"""Whether what was fitted is a ruby line, how well it is known, and what is wrong with it."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.gauges.line_search import background
from dac_control.gauges.lineshape import parameter_names, partner_nm
from dac_control.gauges.r2_population import boltzmann
from dac_control.gauges.ruby_result import RubyFit
from dac_control.gauges.ruby_window import WindowFit
from dac_control.gauges.spectrum import PhotonNoise
from dac_control.gauges.spikes import median_of_three, obvious_spikes

__all__ = ["Pixels", "judge"]

# Among some 1e4 trials (pixels times widths) noise reaches 4.5 sigma; 6 is out of its reach.
_LINE_SIGMA: Final = 6.0
_RELIABLE_SIGMA: Final = 10.0
_LARGEST_SIGMA_NM: Final = 0.1
"""0.27 GPa: beyond it a ruby reading steers nothing."""
_R2_EXPECTED_K: Final = 40.0
_WEAKEST_STRENGTH: Final = 0.1
_MERGED_SHARE: Final = 0.8
# Measured ruby spectra leave 1 % (feet, sidebands); a line on the slope of another leaves 13 %.
_MISFIT_SHARE: Final = 0.08
_MISFIT_SIGMA: Final = 5.0
_POOR_SIGMA: Final = 4.0
# A pseudo-Voigt differs from the Voigt line of a real spectrometer by up to 1 % of its height:
# at some 1e4 electrons that shows in chi squared, and not in the position.
_POOR_SCATTER: Final = 1.5


@dataclass
class Pixels:
    """A spectrum on its way through the fit."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    noise: PhotonNoise
    saturated: NDArray[np.bool_]
    spike: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        floor = background(self.x, median_of_three(self.y))
        self.spike = obvious_spikes(self.y, floor, self.noise)

    @property
    def range_nm(self) -> tuple[float, float]:
        """Shortest and longest wavelength."""
        return float(self.x[0]), float(self.x[-1])

    def without_spikes(self) -> NDArray[np.float64]:
        """Counts with known spikes bridged by their neighbours."""
        if not self.spike.any() or self.spike.all():
            return self.y
        good = ~self.spike
        return np.where(good, self.y, np.interp(self.x, self.x[good], self.y[good]))


def judge(
    fit: WindowFit, pixels: Pixels, temperature_k: float
) -> tuple[RubyFit | None, tuple[str, ...]]:
    """Turn a fit into a result with its flags; None and the reason where there is no line."""
    covariance = _covariance(fit, pixels.noise)
    if covariance is None:
        return None, ("no_line", "not_converged")
    strength = _signal_to_noise(fit, pixels.noise)
    if not strength >= _LINE_SIGMA:
        return None, ("no_line",)
    values = fit.estimate.parameters
    doublet = fit.model == "doublet"
    r1 = float(values[0])
    result = RubyFit(
        model=fit.model,
        r1_nm=r1,
        r1_sigma_nm=float(np.sqrt(covariance[0, 0])),
        r2_nm=partner_nm(r1, float(values[7])) if doublet else float("nan"),
        r1_fwhm_nm=float(values[1]),
        splitting_cm1=float(values[7]) if doublet else float("nan"),
        ratio=float(values[6]) if doublet else float("nan"),
        chi2_reduced=fit.scatter,
        parameter_names=parameter_names(fit.model),
        parameters=_frozen(values),
        covariance=_frozen(covariance),
        window_nm=(float(fit.wavelength_nm[0]), float(fit.wavelength_nm[-1])),
        flags=(),
        signal_to_noise=strength,
        masked_pixels=fit.spikes + _known_spikes(fit, pixels),
    )
    return result, _problems(result, fit, pixels, temperature_k)


def _known_spikes(fit: WindowFit, pixels: Pixels) -> int:
    inside = (pixels.x >= fit.wavelength_nm[0]) & (pixels.x <= fit.wavelength_nm[-1])
    return int((pixels.spike & inside).sum())


def _covariance(fit: WindowFit, noise: PhotonNoise) -> NDArray[np.float64] | None:
    """Inverse information, times the scatter where that is needed and known to be larger."""
    information = fit.estimate.information
    scale = np.sqrt(np.diag(information))
    if not (np.isfinite(scale).all() and (scale > 0.0).all()):
        return None
    try:
        inverse = np.linalg.inv(information / np.outer(scale, scale)) / np.outer(scale, scale)
    except np.linalg.LinAlgError:
        return None
    if noise.gain_assumed or _is_poor(fit):
        inverse = inverse * max(fit.scatter, 1e-12)
    diagonal = np.diag(inverse)
    return inverse if np.isfinite(inverse).all() and (diagonal > 0.0).all() else None


def _is_poor(fit: WindowFit) -> bool:
    freedom = max(int(fit.used.sum()) - fit.estimate.parameters.size, 1)
    chance = 1.0 + _POOR_SIGMA * float(np.sqrt(2.0 / freedom))
    return fit.scatter > max(chance, _POOR_SCATTER)


def _signal_to_noise(fit: WindowFit, noise: PhotonNoise) -> float:
    """Height of R1 over its uncertainty with height and background free, the shape held."""
    block = fit.estimate.information[3:6, 3:6]
    scale = 1.0 / np.sqrt(np.diag(block))
    try:
        variance = np.linalg.inv(block * np.outer(scale, scale))[0, 0] * scale[0] ** 2
    except np.linalg.LinAlgError:
        return 0.0
    if noise.gain_assumed or _is_poor(fit):
        variance = variance * max(fit.scatter, 1e-12)
    ratio = float(fit.estimate.parameters[3] / np.sqrt(variance))
    return ratio if np.isfinite(ratio) else 0.0


def _problems(
    result: RubyFit, fit: WindowFit, pixels: Pixels, temperature_k: float
) -> tuple[str, ...]:
    x, r1, fwhm = pixels.x, result.r1_nm, result.r1_fwhm_nm
    core = np.abs(x - r1) <= max(fwhm, 2.0 * result.r1_sigma_nm)
    if result.model == "doublet":
        core |= np.abs(x - result.r2_nm) <= fwhm
    margin = 0.5 * fwhm
    weak = result.signal_to_noise < _RELIABLE_SIGMA or result.r1_sigma_nm > _LARGEST_SIGMA_NM
    edge = r1 - margin < x[0] or r1 + margin > x[-1] or fwhm >= 4.99
    found = {
        "low_signal": weak,
        "saturated": bool(_line_saturates(result, pixels, core)),
        "not_converged": not fit.estimate.converged,
        "at_edge": bool(edge),
        "no_r2": _lacks_r2(result, temperature_k),
        "misfit": _misfit(fit) > _MISFIT_SHARE,
        "poor_fit": not pixels.noise.gain_assumed and _is_poor(fit),
        "spike": result.masked_pixels > 0,
        "merged": result.model == "doublet" and fwhm > _MERGED_SHARE * (r1 - result.r2_nm),
        "r2_above_thermal": fit.r2_unthermal,
    }
    return tuple(name for name, present in found.items() if present)


def _misfit(fit: WindowFit) -> float:
    """What the model leaves beyond noise, as a share of R1's height.

    From products of residuals two pixels apart, to which noise of any size adds nothing.
    """
    residual = fit.counts[fit.used] - fit.estimate.expected
    products = residual[:-2] * residual[2:]
    shared = float(np.mean(products))
    chance = float(np.mean(residual**2)) / float(np.sqrt(products.size))
    if shared < _MISFIT_SIGMA * chance:
        return 0.0
    return float(np.sqrt(shared) / fit.estimate.parameters[3])


def _line_saturates(result: RubyFit, pixels: Pixels, core: NDArray[np.bool_]) -> bool:
    """True where the light of the line fills the well; a cosmic ray in a dark pixel does not."""
    clipped = pixels.saturated & core
    if not clipped.any():
        return False
    expected = result.evaluate(pixels.x[clipped])
    return bool((expected > 0.7 * pixels.y[clipped]).any())


def _lacks_r2(result: RubyFit, temperature_k: float) -> bool:
    if result.model != "doublet" or temperature_k < _R2_EXPECTED_K:
        return False
    largest = result.ratio + 3.0 * float(np.sqrt(result.covariance[6, 6]))
    return largest < _WEAKEST_STRENGTH * boltzmann(temperature_k)


def _frozen(array: NDArray[np.float64]) -> NDArray[np.float64]:
    copy = np.array(array)
    copy.setflags(write=False)
    return copy
