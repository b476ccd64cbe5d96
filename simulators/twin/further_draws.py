"""Constants of the anvils, the further ports, the sample and the failure that a twin draws.

They have a stream of their own, so that twins of older records stay what they were.
"""

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from simulators.twin.settings import TwinSettings

__all__ = ["Further", "draw_further"]


@dataclass(frozen=True, kw_only=True)
class Further:
    """True constants beside those of `Drawn`."""

    edge_k0_gpa: float
    edge_k0_prime: float
    nu0_cm1: float
    """Line of these anvils without stress, vacuum cm-1, at 300 K."""
    edge_cold_cm1: float
    """Shift of the edge at 0 K against 300 K at the same pressure."""
    far_part: float
    """Pressure at the far anvil against the near one, relative."""
    laser_error_nm: float
    """True minus stated wavelength of the laser."""
    raman_axis_nm: float
    """Reported minus true axis of the Raman port."""
    vis_axis_nm: float
    nu0_noise_cm1: float
    """Measurement error of nu0 in the certificate."""
    reference_offset_nm: float
    """Line of the reference ruby against the chip's, at 0 GPa."""
    second_offset_nm: float
    """Line of the second chip against the first one's, at 0 GPa."""
    second_part: float
    """Pressure at the second chip against the first, relative."""
    life: float
    """Integral of the hazard at which the cell fails."""
    fate: float
    """Below `fracture_part` an anvil breaks, else the gasket blows out."""
    loss: float
    """Part of its pressure that a blow-out loses."""
    angle: float
    """Direction in which a hole blows out or an anvil cracks, rad."""
    dark_gpa: float
    metal_gpa: float
    plasma_ev: float
    lamp_phase: float
    etalon_phase: float
    gradient_part: float
    heating_k_per_mw: float
    uniaxial_part: float
    axis_bend_nm: float
    axis_drift_nm_per_h: float
    scale_bend: float
    sensor_offset_k: float
    edge_stress_part: float

    def as_dict(self) -> dict[str, Any]:
        """All constants by name, JSON-able."""
        return asdict(self)


def draw_further(settings: TwinSettings, rng: np.random.Generator) -> Further:
    """Draw the constants; the order of draws is fixed, whatever the settings.

    Parameters
    ----------
    settings : TwinSettings
        Centres and widths.
    rng : numpy.random.Generator
        The stream "further", used for nothing else.
    """
    z = rng.standard_normal(32)
    flat = rng.uniform(-1.0, 1.0, 8)
    life = float(rng.standard_exponential())
    anvil, sample, off = settings.anvil, settings.sample, settings.unmodelled
    further = Further(
        edge_k0_gpa=anvil.k0_gpa + anvil.k0_sigma_gpa * float(z[0]),
        edge_k0_prime=anvil.k0_prime + anvil.k0_prime_sigma * float(z[1]),
        nu0_cm1=anvil.nu0_cm1 + anvil.nu0_scatter_cm1 * float(z[2]),
        edge_cold_cm1=anvil.cold_bound_cm1 * float(flat[0]),
        far_part=anvil.far_part * float(z[3]),
        laser_error_nm=settings.laser_sigma_nm * float(z[4]),
        raman_axis_nm=settings.raman.axis_sigma_nm * float(z[5]),
        vis_axis_nm=settings.vis.axis_sigma_nm * float(z[6]),
        nu0_noise_cm1=settings.nu0_sigma_cm1 * float(z[7]),
        reference_offset_nm=settings.reference_offset_nm
        + settings.reference_sigma_nm * float(z[8]),
        second_offset_nm=settings.reference_sigma_nm * float(z[9]),
        second_part=settings.second_chip_part * float(flat[1]),
        life=life,
        fate=0.5 * (1.0 + float(flat[2])),
        loss=0.78 + 0.17 * float(flat[3]),
        angle=math.pi * float(flat[4]),
        dark_gpa=sample.dark_gpa + sample.dark_sigma_gpa * float(z[10]),
        metal_gpa=sample.metal_gpa + sample.metal_sigma_gpa * float(z[11]),
        plasma_ev=sample.plasma_ev + sample.plasma_sigma_ev * float(np.clip(z[12], -4.0, 4.0)),
        lamp_phase=math.pi * float(flat[5]),
        etalon_phase=math.pi * float(flat[6]),
        gradient_part=off.gradient_part * float(z[13]),
        heating_k_per_mw=off.heating_k_per_mw * abs(float(z[14])),
        uniaxial_part=off.uniaxial_part * abs(float(z[15])),
        axis_bend_nm=off.axis_bend_nm * float(z[16]),
        axis_drift_nm_per_h=off.axis_drift_nm_per_h * float(z[17]),
        scale_bend=off.scale_bend * float(z[18]),
        sensor_offset_k=off.sensor_offset_k * float(z[19]),
        edge_stress_part=off.edge_stress_part * float(z[20]),
    )
    return _made_exact(further, settings)


def _made_exact(further: Further, settings: TwinSettings) -> Further:
    """Make true what the papers state, for the families of errors that are switched off."""
    anvil = settings.anvil
    exact: dict[str, dict[str, float]] = {
        "edge_scale": {"edge_k0_gpa": anvil.k0_gpa, "edge_k0_prime": anvil.k0_prime},
        "edge_cold": {"edge_cold_cm1": 0.0},
        "laser": {"laser_error_nm": 0.0},
        "axis": {"raman_axis_nm": 0.0, "vis_axis_nm": 0.0},
        "lambda0": {"nu0_noise_cm1": 0.0, "reference_offset_nm": 0.0, "second_offset_nm": 0.0},
    }
    for family, values in exact.items():
        if settings.is_exact(family):
            further = replace(further, **values)
    return further
