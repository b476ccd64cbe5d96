"""The numbers of what can go wrong or changes under load: gasket, failure, sample, anvils.

Everything that disturbs is off by default; `presets` has cells where it is on. "Model default"
marks a number of this model that no source gives.
"""

from dataclasses import dataclass

__all__ = [
    "CONTENTS",
    "AnvilSettings",
    "FailureSettings",
    "GasketSettings",
    "SampleSettings",
    "StickSlipSettings",
    "UnmodelledSettings",
]

CONTENTS = ("hydrogen", "inert", "alumina_control", "empty")
"""What may be in the hole: hydrogen, another specimen (a clear plate that pressure does not
change), a cell with nothing but the alumina coating, nothing."""


@dataclass(frozen=True, kw_only=True)
class StickSlipSettings:
    """Force that builds up against static friction and comes off in jumps."""

    mean_part: float = 0.0
    """Mean size of a jump as part of the force; 0 switches it off, 0.005 is usual for dry steel."""
    mean_wait_s: float = 900.0
    """Mean time after the last turn until a held-back jump comes off by itself."""
    cold_exponent: float = 0.25
    """Jumps grow as (300 K/T) to this power: big steps in the cold jump more; model default."""


@dataclass(frozen=True, kw_only=True)
class GasketSettings:
    """The foil between the anvils."""

    thickness_um: float = 28.0
    """Pre-indented thickness; 20 to 30 um are usual."""
    thinning_gpa: float = 20.0
    """Thickness falls as (1 + Pmax/this) to the power below; it never comes back."""
    thinning_exponent: float = 0.8
    """Model default: 25 um become 3 um at 300 GPa (Li et al., PNAS 115, 1713 (2018): thinning)."""
    hole_memory: float = 0.0
    """Part of the shrinking of the hole that is not undone by unloading; 0.9 is real."""
    unloading_gain: float = 0.0
    """On unloading the thinned gasket carries less, the sample more, by up to this part."""
    yield_kn: float = 0.0
    """Force at which the gasket begins to flow; 0: it flows from the start."""
    yield_kink: float = 0.0
    """Part of the force that the gasket takes before it flows: a kink in the load curve."""

    def force_kn(self, carried_kn: float) -> float:
        """Force in kN at which the sample carries `carried_kn` on first loading."""
        before = carried_kn / (1.0 - self.yield_kink)
        return before if before < self.yield_kn else carried_kn + self.yield_kink * self.yield_kn


@dataclass(frozen=True, kw_only=True)
class FailureSettings:
    """Hazard of losing the cell, ``h(P) = c/s exp(P/s)`` per GPa, ``c`` of 30 um culets.

    Survival of about 120 runs (Liu et al., Science 357, eaan2286 (2017)) gives
    h = 5.9e-4 exp(P/79 GPa) per GPa.
    """

    hazard: bool = False
    """False: the cell never fails by itself; `Twin.inject` still works."""
    scale_gpa: float = 79.0
    """Growth of the hazard; larger culets fail at smaller pressures."""
    amplitude: float = 0.0466
    """Hazard integrated from 0 is this times (exp(P/scale) - 1)."""
    large_step_gpa: float = 10.0
    """Beyond it, a step made in one go is ..."""
    large_step_factor: float = 3.0
    """... so much more dangerous; model default."""
    light_factor: float = 5.0
    """Loading under the laser above `light_from_gpa`; stressed diamond breaks in laser light."""
    light_from_gpa: float = 300.0
    """Model default; scaled cells start lower."""
    light_gpa_per_j: float = 0.2
    """A joule of light weighs as much as so many GPa of load; model default."""
    fracture_part: float = 0.4
    """Probability that it is the anvil that goes, not the gasket; model default."""
    step_gap_s: float = 30.0
    """Turns closer together than this are one step."""


@dataclass(frozen=True, kw_only=True)
class SampleSettings:
    """What hydrogen does, and the light that comes back from it."""

    dark_gpa: float = 315.0
    """Hydrogen turns black between 310 and 320 GPa in the cold."""
    dark_sigma_gpa: float = 6.0
    """Between specimens; model default."""
    dark_width_gpa: float = 8.0
    """Width of that change; model default."""
    metal_gpa: float = 485.0
    """Dias and Silvera, Science 355, 715 (2017), on their own pressure; disputed."""
    metal_sigma_gpa: float = 15.0
    """Between specimens; model default."""
    metal_width_gpa: float = 6.0
    """Width of that change; model default."""
    plasma_ev: float = 32.5
    """Drude plasma energy, Dias and Silvera 2017: 32.5(21) eV."""
    plasma_sigma_ev: float = 2.1
    """Their uncertainty."""
    tau_s: float = 6.7e-16
    """Drude relaxation time of the same work."""
    alumina_nm: float = 50.0
    """Coating of anvils and gasket, thickness in nm."""
    alumina_index: float = 1.77
    """Of sapphire in the visible; films are a little below."""


@dataclass(frozen=True, kw_only=True)
class AnvilSettings:
    """Diamonds: what they emit, how their Raman band ends, what they let through."""

    luminescence: bool = False
    """The broad band that weakens ruby from 100 GPa and buries it between 150 and 280 GPa."""
    luminescence_e_per_s_mw: float = 1.0e6
    """Electrons per s, mW and pixel of the ruby port at its height; model default."""
    luminescence_gpa: float = 170.0
    """Where half of it is there: Xu, Mao, Bell, Science 232, 1404 (1986), overlap 150 to 280."""
    luminescence_width_gpa: float = 14.0
    """Model default."""
    luminescence_end_gpa: float = 310.0
    """Where half of it has gone again: model default."""
    absorption_gpa: float = 50.0
    """Above 100 GPa the anvils take exp(-(P - 100)/this) of ruby's light; model default."""
    k0_gpa: float = 547.0
    """Edge scale of Akahama and Kawamura, J. Appl. Phys. 100, 043516 (2006)."""
    k0_sigma_gpa: float = 11.0
    """Its stated uncertainty."""
    k0_prime: float = 3.75
    """Second coefficient of the same scale."""
    k0_prime_sigma: float = 0.20
    """Its stated uncertainty."""
    scale_table: tuple[tuple[float, float], ...] = ()
    """Another scale instead of these two coefficients: nu/nu0 - 1 and pressure in GPa, rising."""
    nu0_cm1: float = 1333.0
    """Line of unstressed diamond; sources print 1332.5 to 1334."""
    nu0_scatter_cm1: float = 0.3
    """Between diamonds; model default."""
    cold_bound_cm1: float = 1.0
    """Half-width of what the cold may do to the edge: the line of unstressed diamond moves by
    less than that (Liu et al., Phys. Rev. B 61, 3391 (2000))."""
    far_part: float = 0.005
    """Relative scatter of the pressure at the other anvil; model default."""
    width_cm1: float = 3.0
    """Blur of the edge at 0 GPa; model default."""
    width_cm1_per_100gpa: float = 2.0
    """Growth of the blur: 5 to 15 cm-1 are seen."""
    doublet_part: float = 0.25
    """Light of the doublet, which polarisation forbids and a wide cone lets in; model default."""
    doublet_shift: float = 0.75
    """Its shift as a part of the singlet's. From the deformation potentials of Grimsditch et al.,
    Phys. Rev. B 18, 901 (1978), 0.5 for pure uniaxial and 1 for hydrostatic stress."""


@dataclass(frozen=True, kw_only=True)
class UnmodelledSettings:
    """Errors that no budget knows; each is a sigma from which a twin draws, 0 switches it off."""

    gradient_part: float = 0.0
    """Pressure of the chip against that of the sample, relative."""
    heating_k_per_mw: float = 0.0
    """Further rise of the chip in the light, half-normal."""
    uniaxial_part: float = 0.0
    """Uniaxial stress at the chip as a part of the pressure, half-normal; R1 errs by 0.13 of it,
    R2 by 0.05 (He and Clarke, J. Am. Ceram. Soc. 78, 1347 (1995))."""
    axis_bend_nm: float = 0.0
    """Error of the ruby axis 50 nm from 694.25 nm, quadratic in the distance."""
    axis_drift_nm_per_h: float = 0.0
    """Steady drift of the ruby axis."""
    scale_bend: float = 0.0
    """Relative error of the form of the ruby scale at 100 GPa, growing as the square."""
    sensor_offset_k: float = 0.0
    """Error of the cell's sensor that does not scale with temperature."""
    edge_stress_part: float = 0.0
    """Edge against that of the sources at the same pressure, relative in pressure."""
