"""The numbers of the further optics: line shapes, Raman and visible ports, the window, the lamp.

"Model default" marks a number of this model that no source gives.
"""

from dataclasses import dataclass, replace

__all__ = ["DisturbanceSettings", "PortSettings", "RubyShapeSettings", "raman_port", "vis_port"]


@dataclass(frozen=True, kw_only=True)
class RubyShapeSettings:
    """What real ruby has beyond two Voigt lines; all of it is off in the default."""

    real: bool = False
    """False: two Voigt lines on a smooth background."""
    gradient_part: float = 0.004
    """Mean fall of pressure over the chip, relative: an exponential tail towards low pressure."""
    chip_part: float = 0.003
    """Half-range of pressure within the chip, relative: a box."""
    slit_part: float = 0.6
    """Box of the slit as a part of the instrument's width; the rest is Gaussian: rounded tops."""
    tail_nm: float = 2.0
    """Distance from a line beyond which its tails fall faster than a Lorentzian's (inf: nowhere);
    from two spectra of ruby at room temperature, as are the wing, its reach and the sidebands."""
    wing_part: float = 0.12
    """Light of a line that acoustic phonons take to its red side, at 296 K."""
    wing_nm: float = 1.0
    """Mean reach of that wing."""
    sideband_part: float = 1.0
    """Vibronic sidebands against those of a spectrum at room temperature."""
    n_line_part: float = 0.02
    """Light in the N lines of pairs against R1, in the cold; model default."""
    stray_neon_e_per_s: float = 60.0
    """Neon lines of a lamp in the room, electrons per s in the strongest; model default."""


@dataclass(frozen=True, kw_only=True)
class PortSettings:
    """A further spectrometer behind the same optics."""

    pixels: int
    coefficients: tuple[float, float, float, float]
    """Axis polynomial in the pixel index, nm in air, as the instrument's memory states it."""
    full_scale: int = 65535
    gain_e_per_count: float = 1.5
    read_noise_e: float = 5.0
    dark_counts: float = 600.0
    dark_pattern_counts: float = 1.0
    dark_current_e_per_s: float = 0.5
    instrument_fwhm_nm: float = 0.12
    axis_sigma_nm: float = 0.01
    """Error of the polynomial."""
    light_e_per_s: float = 100.0
    """Raman: electrons per s, mW and pixel at the edge's plateau. Visible: electrons per s and
    pixel of the white lamp off a perfect mirror."""

    def with_pixels(self, pixels: int) -> "PortSettings":
        """The same range of wavelengths on a detector of so many pixels."""
        c0, *rest = self.coefficients
        c1, c2, c3 = (c * (self.pixels / pixels) ** n for n, c in enumerate(rest, start=1))
        return replace(self, pixels=pixels, coefficients=(c0, c1, c2, c3))


def raman_port() -> PortSettings:
    """A cooled CCD from 1000 to 4390 cm-1 of 532 nm; every number is a model default."""
    return PortSettings(pixels=3072, coefficients=(562.0, 0.0445, -6.0e-7, 0.0))


def vis_port() -> PortSettings:
    """A compact spectrometer from 400 to 1000 nm; every number is a model default."""
    return PortSettings(
        pixels=1024,
        coefficients=(398.0, 0.62, -2.0e-5, 0.0),
        gain_e_per_count=4.0,
        read_noise_e=20.0,
        dark_counts=1200.0,
        dark_current_e_per_s=50.0,
        instrument_fwhm_nm=2.0,
        axis_sigma_nm=0.15,
        light_e_per_s=4.0e5,
    )


@dataclass(frozen=True, kw_only=True)
class DisturbanceSettings:
    """What light and optics do by themselves; all of it is off in the default."""

    flicker: float = 0.0
    """Relative noise of the laser from exposure to exposure; 0.01 is usual."""
    lamp_drift: float = 0.0
    """Amplitude of the slow drift of the lamp; 0.03 is usual."""
    lamp_drift_period_s: float = 20_000.0
    """Its period; model default."""
    etalon: float = 0.0
    """Amplitude of the fringes of gaps, windows and detector; 0.01 to 0.03 is usual."""
    focus_um_per_k: float = 0.0
    """Drift of the focus as the cell changes length; 0.15 um/K is usual."""
    focus_um_per_day: float = 0.0
    """Drift of the focus with time; 3 um a day is usual."""
    depth_of_focus_um: float = 12.0
    """Defocus at which an edge is twice as broad; model default."""
    ice_s: float = 3600.0
    """Time in which a film of ice grows once the vacuum is bad; model default."""
    ice_opacity: float = 0.6
    """Light that a grown film keeps away, and the part of the contrast that it takes."""
