"""Raman spectra and nu0 on the wavelength axis of a spectrometer."""

from dataclasses import replace

from dac_control.gauges.air import air_index
from dac_control.gauges.axis_calibration import AxisCalibration
from dac_control.gauges.diamond_edge.nu0 import Nu0
from dac_control.gauges.diamond_edge.raman_spectrum import RamanSpectrum
from dac_control.gauges.spectrum import Spectrum

__all__ = ["nu0_on_axis", "raman_spectrum_of"]


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


def nu0_on_axis(nu0: Nu0, axis: AxisCalibration | None, laser_nm: float) -> Nu0:
    """Put a nu0 of the instrument's own axis onto the one that lamp lines give.

    Edge and nu0 must stand on one axis, or the correction of the axis would count as pressure. A
    nu0 that was measured on an axis put right is left where it is.
    """
    if axis is None or nu0.axis:
        return nu0
    vacuum_nm = 1e7 / (1e7 / laser_nm - nu0.value_cm1)
    own_nm = vacuum_nm / air_index(vacuum_nm)
    moved_nm = float(axis.apply(own_nm))
    moved_cm1 = 1e7 / laser_nm - 1e7 / (moved_nm * air_index(moved_nm))
    return replace(nu0, value_cm1=moved_cm1, axis=axis.describe())
