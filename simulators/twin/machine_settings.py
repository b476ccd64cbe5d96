"""The numbers of screw, cell and cryostat.

"Model default" marks a number of this model that no source gives.
"""

from dataclasses import dataclass

__all__ = ["CellSettings", "CryostatSettings", "ScrewSettings"]


@dataclass(frozen=True, kw_only=True)
class ScrewSettings:
    """The screw, its springs and its friction."""

    pitch_mm: float = 0.35
    """Fine-thread cell screws have 0.35 to 0.7 mm."""
    stiffness_kn_per_mm: float = 6.5
    """Belleville stacks span 1 to 20 kN/mm; this puts 40 GPa about 0.3 turn above 2 GPa."""
    backlash_turns: float = 0.02
    """Model default: a preloaded worm gear, with an anti-backlash coupling."""
    friction_coefficient: float = 0.25
    """Dry steel on steel 0.1 to 0.4; larger in the cold. Half-width is this times Fd/2."""
    stick_force_kn: float = 0.01
    """Model default: friction that does not scale with the load."""
    stall_force_kn: float = 6.0
    """Model default: demanded force at which the motor stalls, about 2.6 turns."""
    preload_gpa: float = 2.0
    """Pressure of the closed cell at 0 turns, on the loading branch, for nominal constants."""
    friction_scatter: float = 0.05
    """Relative scatter of friction and backlash between cells; model default."""
    gear_ratio: float = 100.0
    """Motor turns per turn of the screw; model default, stated on the drive's certificate."""
    microsteps_per_motor_turn: int = 12800
    """200 full steps times 64 microsteps, the default of the stepper controllers of Zaber."""


@dataclass(frozen=True, kw_only=True)
class CellSettings:
    """Force to pressure, and what happens after a step."""

    pmax_gpa: float = 420.0
    """Saturation by cupping of the anvils; model default."""
    f0_kn: float = 4.0
    """Force at half saturation; model default (10 kN is hundreds of GPa on small culets)."""
    exponent: float = 1.25
    """Near-linear in the middle of the range; model default."""
    load_scatter: float = 0.05
    """Relative scatter of `pmax_gpa` and `f0_kn` between cells; model default."""
    relaxation_fraction: float = 0.05
    """Part of a step that comes late, at 300 K; 2 to 10 % are usual."""
    fast_weight: float = 0.7
    """Share of the late part that is elastic; the rest is flow of the gasket."""
    fast_s: float = 180.0
    """Time constant of the elastic part: minutes."""
    slow_s: float = 5400.0
    """Time constant of the gasket's flow: hours."""
    creep_per_decade: float = 0.003
    """Logarithmic creep per decade of time as part of the step, at 300 K; 0.1 to 0.5 %."""
    creep_t0_s: float = 100.0
    """Time after which the logarithm sets in; model default."""
    cupping_gpa: float = 0.0
    """Pressure above which the culets cup a second time and the curve softens again; 0: never
    (Li et al., PNAS 115, 1713 (2018) see it on bevelled anvils)."""
    cupping_part: float = 0.0
    """Slope that is lost far beyond it, 0 to below 1."""
    thermal_per_k: float = 1.0e-4
    """Relative change of pressure per K at constant turns: some % over 200 K; model default.

    Cells with steel screws lose pressure on cooling, others gain; either sign is possible."""
    thermal_hysteresis_k: float = 0.0
    """Width of the play between temperature and its effect on pressure; 20 K is usual."""


@dataclass(frozen=True, kw_only=True)
class CryostatSettings:
    """A pulse-tube cryostat with two nodes and a two-output controller."""

    stage_kg: float = 0.6
    """Copper equivalent of the cold stage; model default."""
    cell_kg: float = 0.4
    """Copper equivalent of cell and holder; with the stage 1 kg, model default."""
    link_w_per_k: float = 0.4
    """Conductance from stage to cell; bolted copper braids give 0.15 to 0.5 W/K."""
    window_leak_w: float = 0.25
    """Radiation of a 300 K window onto the cold cell."""
    stage_load_w: float = 1.55
    """Wires, shield and drive shaft onto a cold stage; brings the base to about 5 K."""
    room_k: float = 295.0
    """What the leaks come from."""
    heater_w: tuple[tuple[float, float, float], ...] = ((0.5, 5.0, 50.0), (0.5, 5.0, 50.0))
    """Power of the ranges low, medium and high of each output: a Lake Shore 336 on 50 ohm."""
    heater_node: tuple[str, ...] = ("A", "B")
    """Where the heater of each output sits: output 1 on the stage, output 2 on the cell."""
    sensor_sigma_k: float = 0.05
    """Calibration error of a sensor at 80 K (one sigma); scales with the root of T."""
    sensor_noise_k: float = 0.001
    """Reading noise at 80 K, proportional to T; 0 switches it off."""
    p: float = 50.0
    """Proportional gain, % of the range per K: the 336's own default."""
    i: float = 20.0
    """Integral, 1000/i is the reset time in s: the 336's own default."""
    d: float = 0.0
    """Derivative, % of a quarter of the reset time."""
    ramp_k_per_min: float = 5.0
    """Rate of the setpoint when ramping is switched on; model default."""
