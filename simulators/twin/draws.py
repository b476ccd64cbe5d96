"""What each twin draws for itself: its own constants, and the papers that came with it.

Truth scatters in two ways. *Specimen* constants (load curve, friction, lambda0 of the chip,
hole) differ between cells and nobody states them. *Systematic errors* are the difference
between truth and what a paper or certificate says; they follow the stated sigmas, so that an
uncertainty budget can be tested against many twins.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from simulators.twin.further_draws import Further
from simulators.twin.port_settings import PortSettings
from simulators.twin.settings import TwinSettings

__all__ = ["Drawn", "certificates", "draw", "generators"]

CHANNELS = ("A", "B")


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """The true constants of one twin."""

    pmax_gpa: float
    f0_kn: float
    friction_coefficient: float
    backlash_turns: float
    hole_um: float
    lambda0_nm: float
    """True R1 of the chip in air at 0 GPa and 296 K, on a perfect axis."""
    strength_ratio: float
    ruby_a_gpa: float
    ruby_c: float
    cold_coefficient: float
    """Relative change of A from 296 K to 4.5 K."""
    shift_error_nm: float
    """Error of the temperature shift below 100 K."""
    shift_other_part: float
    """How far the true shift lies from Datchi 2007, in units of the distance to Ragan 1992."""
    shift_kept_part: float
    """0: under pressure the ratio to lambda0(T) is kept; 1: the shift in nm is kept."""
    axis_offset_nm: float
    """Reported minus true axis on the day of the certificate."""
    axis_drift_nm: float
    """Further shift of the reported axis between that day and the start of the twin."""
    axis_wander_phase: float
    lambda0_noise_nm: float
    """Measurement error of lambda0 in the certificate."""
    sensor_z_a: float
    """Calibration error of sensor A in units of its stated sigma."""
    sensor_z_b: float
    gain_e_per_count: float
    read_noise_e: float
    dark_counts: float
    background_slope: float
    background_curvature: float

    def as_dict(self) -> dict[str, Any]:
        """All constants by name, JSON-able."""
        return asdict(self)


def generators(seed: int) -> dict[str, np.random.Generator]:
    """One generator per sub-system, so that calls of one never shift the stream of another."""
    names = ("draws", "sensor_a", "sensor_b", "spectrometer", "microscope", "pattern")
    # appended later: the streams before them stay as they are
    names += ("further", "stick_slip", "raman", "vis", "flicker")
    children = np.random.SeedSequence(seed).spawn(len(names))
    return {name: np.random.default_rng(child) for name, child in zip(names, children, strict=True)}


def draw(settings: TwinSettings, rng: np.random.Generator) -> Drawn:
    """Draw the constants of one twin; the order of draws is fixed, whatever the settings.

    Parameters
    ----------
    settings : TwinSettings
        Centres and widths.
    rng : numpy.random.Generator
        The stream of the draws, used for nothing else.
    """
    z = rng.standard_normal(20)
    flat = rng.uniform(-1.0, 1.0, 6)
    screw, cell, ruby, spec = settings.screw, settings.cell, settings.ruby, settings.spectrometer
    drawn = Drawn(
        pmax_gpa=cell.pmax_gpa * _scatter(z[0], cell.load_scatter),
        f0_kn=cell.f0_kn * _scatter(z[1], cell.load_scatter),
        friction_coefficient=screw.friction_coefficient * _scatter(z[2], screw.friction_scatter),
        backlash_turns=screw.backlash_turns * _scatter(z[3], screw.friction_scatter),
        hole_um=settings.microscope.hole_um * _scatter(z[4], settings.microscope.hole_scatter),
        lambda0_nm=ruby.lambda0_nm + ruby.lambda0_scatter_nm * float(z[5]),
        strength_ratio=max(0.1, ruby.strength_ratio + ruby.strength_scatter * float(z[6])),
        ruby_a_gpa=ruby.a_gpa + ruby.a_sigma_gpa * float(z[7]),
        ruby_c=ruby.c + ruby.c_sigma * float(z[8]),
        cold_coefficient=ruby.cold_coefficient_bound * float(flat[0]),
        shift_error_nm=ruby.shift_sigma_nm * float(z[9]),
        shift_other_part=float(flat[4]),
        shift_kept_part=0.5 * (1.0 + float(flat[5])),
        axis_offset_nm=spec.axis_sigma_nm * float(z[10]),
        axis_drift_nm=spec.axis_drift_sigma_nm * float(z[11]),
        axis_wander_phase=float(np.pi * flat[1]),
        lambda0_noise_nm=spec.certificate_sigma_nm * float(z[12]),
        sensor_z_a=float(z[13]),
        sensor_z_b=float(z[14]),
        gain_e_per_count=spec.gain_e_per_count * (1.0 + spec.gain_scatter * float(z[15])),
        read_noise_e=spec.read_noise_e * (1.0 + spec.read_noise_scatter * float(z[16])),
        dark_counts=spec.dark_counts + spec.dark_sigma_counts * float(z[17]),
        background_slope=0.15 * float(flat[2]),
        background_curvature=0.10 * float(flat[3]),
    )
    return _made_exact(drawn, settings)


def _scatter(z: float, relative: float) -> float:
    """Return a factor near 1; cut at 3 sigma so that no cell is absurd."""
    return 1.0 + relative * float(np.clip(z, -3.0, 3.0))


def _made_exact(drawn: Drawn, settings: TwinSettings) -> Drawn:
    """Keep the specimen as drawn, make exact what is switched off."""
    spec, ruby = settings.spectrometer, settings.ruby
    exact: dict[str, dict[str, float]] = {
        "scale": {"ruby_a_gpa": ruby.a_gpa, "ruby_c": ruby.c},
        "cold": {"cold_coefficient": 0.0},
        "shift": {"shift_error_nm": 0.0, "shift_other_part": 0.0, "shift_kept_part": 0.0},
        "lambda0": {"lambda0_noise_nm": 0.0},
        "axis": {"axis_offset_nm": 0.0, "axis_drift_nm": 0.0},
        "sensor": {"sensor_z_a": 0.0, "sensor_z_b": 0.0},
        "detector": {
            "gain_e_per_count": spec.gain_e_per_count,
            "read_noise_e": spec.read_noise_e,
            "dark_counts": spec.dark_counts,
        },
    }
    for family, values in exact.items():
        if settings.is_exact(family):
            drawn = replace(drawn, **values)
    return drawn


def certificates(
    drawn: Drawn, settings: TwinSettings, further: Further | None = None
) -> dict[str, Any]:
    """What the papers say that came with the instruments: values and stated sigmas, no truth.

    lambda0 was measured on this spectrometer, so it carries the error that the axis had on
    that day; `axis_sigma_nm` covers only what the axis may have drifted since.
    """
    screw, spec = settings.screw, settings.spectrometer
    lambda0_nm = drawn.lambda0_nm + drawn.axis_offset_nm + drawn.lambda0_noise_nm
    return {
        "chip_id": "R-17",
        "lambda0_date": "2026-11-16",
        "lambda0_nm": round(lambda0_nm, 5),
        "lambda0_sigma_nm": spec.certificate_sigma_nm,
        "lambda0_temperature_k": spec.certificate_temperature_k,
        "axis_sigma_nm": spec.axis_drift_sigma_nm,
        "axis_absolute_sigma_nm": spec.axis_sigma_nm,
        "wavelength_coefficients": list(spec.coefficients),
        "instrument_fwhm_nm": spec.instrument_fwhm_nm,
        "temperature_sigma_k": settings.cryostat.sensor_sigma_k,
        "temperature_sigma_at_k": 80.0,
        "gain_e_per_count": spec.gain_e_per_count,
        "gain_sigma_e_per_count": spec.gain_e_per_count * spec.gain_scatter,
        "read_noise_e": spec.read_noise_e,
        "read_noise_sigma_e": spec.read_noise_e * spec.read_noise_scatter,
        "dark_counts": spec.dark_counts,
        "dark_sigma_counts": spec.dark_sigma_counts,
        "full_scale_counts": spec.full_scale,
        "strength_ratio": settings.ruby.strength_ratio,
        "strength_ratio_sigma": settings.ruby.strength_scatter,
        "gear_ratio": screw.gear_ratio,
        "microsteps_per_motor_turn": screw.microsteps_per_motor_turn,
        "screw_pitch_mm": screw.pitch_mm,
        "um_per_pixel": settings.microscope.um_per_pixel,
        "laser_nm": settings.laser_nm,
        "laser_sigma_nm": settings.laser_sigma_nm,
        "reference_sigma_nm": settings.reference_sigma_nm,
        "raman": _raman_papers(settings, further),
        "vis": _port_papers(settings.vis),
    }


def _port_papers(port: PortSettings) -> dict[str, Any]:
    """What the papers of a further spectrometer say."""
    return {
        "wavelength_coefficients": list(port.coefficients),
        "axis_medium": "air",
        "axis_absolute_sigma_nm": port.axis_sigma_nm,
        "instrument_fwhm_nm": port.instrument_fwhm_nm,
        "gain_e_per_count": port.gain_e_per_count,
        "read_noise_e": port.read_noise_e,
        "dark_counts": port.dark_counts,
        "full_scale_counts": port.full_scale,
    }


def _raman_papers(settings: TwinSettings, further: Further | None) -> dict[str, Any]:
    """Port, laser and nu0, which was measured on this port with this laser, at 300 K.

    An error of axis and laser that moves all Raman shifts has moved nu0 as well.
    """
    laser_nm = settings.laser_nm
    # at nu0; it is 10 % less at 2000 cm-1
    per_nm = 1e7 * (1.0 / laser_nm - settings.anvil.nu0_cm1 / 1e7) ** 2
    papers = _port_papers(settings.raman) | {
        "laser_nm": laser_nm,
        "laser_medium": "vacuum",
        "axis_sigma_cm1": settings.raman.axis_sigma_nm * per_nm,
        "nu0_sigma_cm1": settings.nu0_sigma_cm1,
        "nu0_temperature_k": 300.0,
        "nu0_same_axis": True,
    }
    if further is not None:
        line_nm = 1e7 / (1e7 / (laser_nm + further.laser_error_nm) - further.nu0_cm1)
        shown_cm1 = 1e7 / laser_nm - 1e7 / (line_nm + further.raman_axis_nm)
        papers["nu0_cm1"] = round(shown_cm1 + further.nu0_noise_cm1, 3)
    return papers
