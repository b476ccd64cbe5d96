"""A Raman spectrum from one on the wavelength axis of a spectrometer."""

from dac_control.gauges.diamond_edge.nu0 import air_index
from dac_control.gauges.diamond_edge.raman_spectrum import RamanSpectrum
from dac_control.gauges.spectrum import Spectrum

__all__ = ["raman_spectrum_of"]


def raman_spectrum_of(spectrum: Spectrum, laser_nm: float) -> RamanSpectrum:
    """Put a spectrum on the axis of Raman shifts, computed from vacuum wavelengths.

    Parameters
    ----------
    spectrum : Spectrum
        On wavelengths in air, as spectrometers report them.
    laser_nm : float
        Vacuum wavelength of the laser.

    Raises
    ------
    NotMeasured, ConfigurationError
        As `RamanSpectrum` does.
    """
    air = spectrum.wavelength_nm
    # the index at the air wavelength differs from that at the vacuum one by less than 1e-9
    vacuum = air * air_index(air)
    return RamanSpectrum(
        shift_cm1=1e7 / laser_nm - 1e7 / vacuum,
        counts=spectrum.counts,
        exposure_s=spectrum.exposure_s,
        averages=spectrum.averages,
        gain_e_per_count=spectrum.gain_e_per_count,
        read_noise_e=spectrum.read_noise_e,
        dark_counts=spectrum.dark_counts,
        saturation_counts=spectrum.saturation_counts,
        dark_sigma_counts=spectrum.dark_sigma_counts,
        laser_nm=laser_nm,
        convention="vacuum",
    )
