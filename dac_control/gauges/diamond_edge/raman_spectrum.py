"""A Raman spectrum as it was measured: counts against Raman shift, and what the axis means."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import ConfigurationError, NotMeasured
from dac_control.gauges.air import AxisConvention
from dac_control.gauges.photon_noise import PhotonNoise
from dac_control.gauges.spectrum import Spectrum
from dac_control.gauges.spectrum_checks import (
    RAMAN,
    check_axis,
    check_sizes,
    one_dimensional,
    read_only,
)

__all__ = ["AxisConvention", "RamanSpectrum"]

_LASER_LIMITS_NM: Final = (200.0, 1100.0)
_USUAL_LASER_NM: Final = 532.0


@dataclass(frozen=True, kw_only=True, eq=False)
class RamanSpectrum:
    """One Raman spectrum with everything that the weights of a fit need.

    The pixels are put in order of rising Raman shift; the arrays are made read-only.

    Raises
    ------
    NotMeasured
        The data cannot be a Raman spectrum: not finite, too few pixels, two pixels at one shift,
        an axis of pixel numbers or of absolute wavenumbers.
    ConfigurationError
        A value that describes laser, detector or exposure is impossible, or shapes differ.
    """

    shift_cm1: NDArray[np.float64]
    """Raman shift, shape (pixels,)."""
    counts: NDArray[np.float64]
    """Mean raw counts over the averages, nothing subtracted, shape (pixels,)."""
    exposure_s: float
    """Length of one exposure in s."""
    averages: int = 1
    """Exposures that were averaged; 1 for a sum, whose gain and offset are those of the sum."""
    gain_e_per_count: float | None = None
    """Photo-electrons per count; None where nobody has measured it."""
    read_noise_e: float | None = None
    """Read noise of one exposure in electrons; None where nobody has measured it."""
    dark_counts: float | NDArray[np.float64] | None = None
    """Electronic offset in counts, one value or shape (pixels,)."""
    saturation_counts: float | None = None
    """Full scale in counts."""
    dark_sigma_counts: float | NDArray[np.float64] | None = None
    """Standard uncertainty of the offset of a pixel, one value or shape (pixels,)."""
    laser_nm: float | None = None
    """Vacuum wavelength of the laser that made the axis; None where nobody wrote it down."""
    convention: AxisConvention = "unknown"
    """What wavelengths the shifts were computed from."""

    def __post_init__(self) -> None:
        shift, counts = one_dimensional(self.shift_cm1), one_dimensional(self.counts)
        check_sizes(RAMAN, shift.size, counts.size)
        self._check_laser()
        order = np.argsort(shift, kind="stable")
        _check_raman_axis(shift[order])
        detector = self._detector(shift, counts)
        object.__setattr__(self, "_spectrum", detector)
        object.__setattr__(self, "shift_cm1", read_only(shift[order]))
        object.__setattr__(self, "counts", detector.counts)
        object.__setattr__(self, "dark_counts", detector.dark_counts)
        object.__setattr__(self, "dark_sigma_counts", detector.dark_sigma_counts)

    @property
    def detector(self) -> Spectrum:
        """The same counts against wavelength in nm.

        With a laser of 532 nm where none is known, so its axis serves no measurement then.
        """
        return self.__dict__["_spectrum"]

    @property
    def noise(self) -> PhotonNoise:
        """Noise of the detector, the dark level's as its mean over the pixels."""
        noise = PhotonNoise.of(self.detector)
        return replace(noise, dark_variance=float(np.mean(noise.dark_variance)))

    @property
    def levelled_counts(self) -> NDArray[np.float64]:
        """Counts with the pixel pattern of the offset removed and its median kept."""
        return self.detector.levelled_counts

    def _check_laser(self) -> None:
        low, high = _LASER_LIMITS_NM
        if self.laser_nm is not None and not low <= self.laser_nm <= high:
            raise ConfigurationError(
                f"The laser of the Raman spectrum is given as {self.laser_nm} nm; give its "
                f"vacuum wavelength, between {low:g} and {high:g} nm."
            )
        if self.convention not in ("vacuum", "air", "unknown"):
            raise ConfigurationError(
                f"The Raman axis is said to be of '{self.convention}' wavelengths; "
                "write vacuum, air or unknown."
            )

    def _detector(self, shift: NDArray[np.float64], counts: NDArray[np.float64]) -> Spectrum:
        """Have the one class that knows detectors check and order counts, dark and the rest."""
        laser = _USUAL_LASER_NM if self.laser_nm is None else self.laser_nm
        room = 1e7 / laser - shift
        if not room.min() > 0.0:
            raise NotMeasured(
                f"A Raman shift of {shift.max():g} cm-1 takes more than the whole energy of a "
                f"photon of {laser:g} nm; check the axis and the laser's wavelength."
            )
        return Spectrum(
            wavelength_nm=1e7 / room,
            counts=counts,
            exposure_s=self.exposure_s,
            averages=self.averages,
            gain_e_per_count=self.gain_e_per_count,
            read_noise_e=self.read_noise_e,
            dark_counts=self.dark_counts,
            saturation_counts=self.saturation_counts,
            dark_sigma_counts=self.dark_sigma_counts,
        )


def _check_raman_axis(shift: NDArray[np.float64]) -> None:
    check_axis(RAMAN, shift)
    if shift[0] in (0.0, 1.0) and bool((np.diff(shift) == 1.0).all()):
        raise NotMeasured(
            f"The Raman axis counts {shift[0]:g}, {shift[1]:g} and so on, which are pixel numbers "
            "and not cm-1; calibrate the axis first."
        )
