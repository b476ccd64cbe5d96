"""The numbers of everything that has to do with light: chip, spectrometer, microscope.

"Model default" marks a number of this model that no source gives.
"""

from dataclasses import dataclass

__all__ = ["MicroscopeSettings", "RubySettings", "SpectrometerSettings"]


@dataclass(frozen=True, kw_only=True)
class RubySettings:
    """The ruby chip and what is published of its R lines."""

    lambda0_nm: float = 694.25
    """R1 in air at 0 GPa and 296 K: Shen et al., High Press. Res. 40, 299 (2020)."""
    lambda0_scatter_nm: float = 0.02
    """Spread of the values in use for different chips (694.22 to 694.28 nm)."""
    a_gpa: float = 1870.0
    """A of Ruby2020, Shen et al. 2020."""
    a_sigma_gpa: float = 10.0
    """Its stated uncertainty."""
    c: float = 5.63
    """Second coefficient of Ruby2020, P = A d (1 + C d)."""
    c_sigma: float = 0.03
    """Its stated uncertainty."""
    cold_coefficient_bound: float = 0.06
    """Half-width of the relative change of A from 296 K to 4.5 K.

    Feng et al., Rev. Sci. Instrum. 81, 041301 (2010): at 4.5 K R1 against silver "differs by
    6 %" from the room-temperature scale, without a sign; so rectangular on both sides.
    """
    shift_sigma_nm: float = 0.006
    """Error of the temperature shift below 100 K, falling to 0 at 296 K; model default."""
    splitting_cm1: float = 29.7
    """R1 to R2 in 1e7/nm: about 1.43 nm at 0 GPa, R2 at the shorter wavelength."""
    boltzmann_cm1: float = 29.2
    """Energy between the two emitting levels, as in the thermometry of R2/R1."""
    strength_ratio: float = 0.7
    """Line strength R2/R1 without the thermal factor; depends on chip and polarisation."""
    strength_scatter: float = 0.03
    """Its scatter between chips (absolute); model default."""
    fwhm_300k_cm1: float = 11.0
    """Homogeneous width of R1 at 300 K, 0.53 nm."""
    debye_k: float = 760.0
    """Effective Debye temperature, McCumber and Sturge, J. Appl. Phys. 34, 1682 (1963)."""
    strain_fwhm_nm: float = 0.02
    """Width of the strained chip at 0 GPa; model default."""
    strain_fwhm_nm_per_gpa: float = 0.003
    """Growth of the inhomogeneous width with pressure; model default."""
    fading_gpa: float = 60.0
    """Intensity falls as exp(-P/60 GPa) under 532 nm, the U and Y bands leave it."""
    heating_k_per_mw: float = 0.3
    """Rise of the chip over the cell per mW of light at 80 K; model default."""
    heating_exponent: float = 0.5
    """Rise grows as (80 K/T) to this power below 80 K: contacts conduct less; model default."""


@dataclass(frozen=True, kw_only=True)
class SpectrometerSettings:
    """A compact spectrometer of the Ocean HDX kind with a custom grating."""

    pixels: int = 2068
    """Active pixels that an HDX sends."""
    full_scale: int = 65535
    """16-bit converter."""
    coefficients: tuple[float, float, float, float] = (680.0, 0.031, -3.0e-7, -2.0e-11)
    """Axis polynomial in the pixel index, nm: 680 to 742.6 nm, 0.031 to 0.0295 nm/pixel."""
    instrument_fwhm_nm: float = 0.25
    """Gaussian response, slit and optics; model default."""
    gain_e_per_count: float = 2.4
    """Well of 160 000 electrons over 65 535 counts (manual of the Ocean Flame)."""
    gain_scatter: float = 0.01
    """Relative error of the stated gain; model default."""
    read_noise_e: float = 20.0
    """Read noise of one pixel of one exposure; model default."""
    read_noise_scatter: float = 0.03
    """Relative error of the stated read noise; model default."""
    dark_counts: float = 1500.0
    """Electronic offset; model default."""
    dark_sigma_counts: float = 5.0
    """Drift of the offset since it was stated; model default."""
    dark_pattern_counts: float = 1.0
    """Fixed pattern of the offset from pixel to pixel; model default."""
    dark_current_e_per_s: float = 50.0
    """Per pixel; model default."""
    line_e_per_s_mw: float = 1.3e6
    """Electrons per s and mW in R1 and R2 together at 0 GPa: 2e4 counts at 0.5 s; default."""
    background_e_per_s_mw: float = 3000.0
    """Luminescence of the diamonds per pixel at mid-axis; model default."""
    axis_sigma_nm: float = 0.010
    """Error of the polynomial in the instrument's memory; model default."""
    axis_drift_sigma_nm: float = 0.004
    """Drift of the axis between the day of the certificate and today; model default."""
    axis_wander_nm: float = 0.0003
    """Amplitude of the slow wander with the room's temperature (5 pm/K times 0.06 K)."""
    axis_wander_period_s: float = 7200.0
    """Period of that wander: the air conditioning; model default."""
    certificate_sigma_nm: float = 0.003
    """Measurement noise of lambda0 on the day of the certificate; model default."""
    certificate_temperature_k: float = 296.0
    """Temperature at which lambda0 was certified."""


@dataclass(frozen=True, kw_only=True)
class MicroscopeSettings:
    """The camera that looks through the anvil; every number is a model default."""

    height: int = 480
    """Rows of a frame."""
    width: int = 640
    """Columns of a frame."""
    um_per_pixel: float = 0.35
    """Scale on the specimen."""
    hole_um: float = 120.0
    """Diameter of the hole at 0 GPa, for a culet of 300 um."""
    hole_scatter: float = 0.03
    """Relative scatter of that diameter."""
    hole_shrink: float = 0.45
    """Part of the diameter that is lost at high pressure."""
    hole_scale_gpa: float = 50.0
    """Pressure over which it is lost."""
    blur_um: float = 1.4
    """Half-width of an edge, diffraction and aberrations of the thick window."""
    nominal_exposure_s: float = 0.02
    """Exposure at which the lit hole reads `nominal_counts`."""
    nominal_counts: float = 180.0
    """Level of the lit hole at the nominal exposure, of 255."""
    electrons_per_count: float = 40.0
    """Full well of about 10 000 electrons over 255 counts."""
    black_counts: float = 4.0
    """Black level."""
    read_noise_counts: float = 0.6
    """Read noise."""
