"""Raman light of a stressed anvil, made of what happens at each depth.

The laser's cone collects from the culet to the unstressed table. Each depth has its own shift
between nu0 and that of the culet, and how much light comes from which shift is a density: a
strong first-order line of the unstressed bulk, a hump of the pavilion, and a pile-up at the end,
because stress changes slowest next to the culet. Every shift is blurred alike. The band of the
doublet lies below that of the singlet, which makes the edge. Nothing of this is a step of an
error function; the edge of the twin is where the blurred band is steepest, which is how the
published scales define it.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulators.twin.further_draws import Further
from simulators.twin.specimen_settings import AnvilSettings

__all__ = ["Anvil", "vibron_cm1"]

Vector = NDArray[np.float64]

BIN_CM1 = 0.5
FIRST_CM1 = 900.0
BINS = 4096
"""900 to 2948 cm-1; the blur wraps around far from any light."""

SCALE_MADE_AT_K = 300.0

VIBRON = ((0.0, 4149.0), (10.0, 4202.0), (38.0, 4251.0), (100.0, 4190.0), (150.0, 4095.0),
          (160.0, 4000.0), (250.0, 3890.0), (320.0, 3790.0), (500.0, 3500.0))  # fmt: skip
"""GPa and cm-1. It rises to 38 GPa and softens beyond, with a step near 150 GPa; the published
turning points are kept, numbers between them are model defaults."""


def vibron_cm1(pressure_gpa: float) -> float:
    """Raman shift of the vibron of hydrogen, vacuum cm-1."""
    return float(np.interp(pressure_gpa, [p for p, _ in VIBRON], [v for _, v in VIBRON]))


@dataclass(frozen=True, kw_only=True)
class Band:
    """Light of one anvil against Raman shift."""

    shift_cm1: Vector
    density: Vector
    """Per cm-1, 1 about at the plateau before the edge; shape of `shift_cm1`."""


class Anvil:
    """The anvils of one twin.

    Parameters
    ----------
    settings : AnvilSettings
        Blur, doublet.
    further : Further
        True scale of the edge and nu0.
    """

    def __init__(self, settings: AnvilSettings, further: Further) -> None:
        self._settings = settings
        self._further = further
        self._shift_cm1 = FIRST_CM1 + BIN_CM1 * np.arange(BINS, dtype=np.float64)
        self._edges_cm1 = FIRST_CM1 + BIN_CM1 * (np.arange(BINS + 1) - 0.5)
        self._omega = 2.0 * math.pi * np.fft.rfftfreq(BINS, BIN_CM1)
        self._lag_cm1: dict[int, float] = {}

    @property
    def nu0_cm1(self) -> float:
        """True line without stress, vacuum cm-1."""
        return self._further.nu0_cm1

    def edge_cm1(self, pressure_gpa: float, temperature_k: float) -> float:
        """Steepest point of the edge, vacuum cm-1.

        ``P = K0 x [1 + (K0' - 1) x/2]`` with ``x = nu/nu0 - 1`` (Akahama and Kawamura 2006),
        unless the settings have a scale of their own.
        """
        half = 0.5 * (self._further.edge_k0_prime - 1.0)
        felt = pressure_gpa * (1.0 + self._further.edge_stress_part)
        x = (math.sqrt(1.0 + 4.0 * half * felt / self._further.edge_k0_gpa) - 1.0) / (2.0 * half)
        if self._settings.scale_table:
            places, pressures_gpa = zip(*self._settings.scale_table, strict=True)
            x = float(np.interp(felt, pressures_gpa, places))
        cold = min(abs(temperature_k - SCALE_MADE_AT_K) / SCALE_MADE_AT_K, 1.0)
        return self.nu0_cm1 * (1.0 + x) + self._further.edge_cold_cm1 * cold

    def band(self, pressure_gpa: float, temperature_k: float, *, broken: bool = False) -> Band:
        """Raman light of an anvil whose culet is under `pressure_gpa`."""
        settings = self._settings
        width = settings.width_cm1 + settings.width_cm1_per_100gpa * pressure_gpa / 100.0
        if broken:
            density = self._blurred(self._line(0.12), 8.0)
            return Band(shift_cm1=self._shift_cm1, density=density)
        edge = self.edge_cm1(pressure_gpa, temperature_k)
        top = edge + self._lag(edge, width)
        raw = self._line(1.0) + (1.0 - settings.doublet_part) * self._stressed(top)
        doublet = self.nu0_cm1 + settings.doublet_shift * (top - self.nu0_cm1)
        raw += settings.doublet_part * self._stressed(doublet)
        return Band(shift_cm1=self._shift_cm1, density=self._blurred(raw, width))

    def _lag(self, edge: float, width: float) -> float:
        """How far the shift of the culet lies above the steepest point of the blurred band.

        It depends slowly on pressure: found once for each 2 cm-1 of the edge.
        """
        key = round(edge / 2.0)
        if key not in self._lag_cm1:
            share = 1.0 - self._settings.doublet_part
            blurred = self._blurred(share * self._stressed(edge), width)
            # the bulk's light falls steeply as well, just above nu0: it is none of this end
            away = self._shift_cm1 - edge
            near = np.flatnonzero((away > -0.5 * width) & (away < 4.0 * width + 2.0))
            slope = np.gradient(blurred)[near]
            at = int(slope.argmin())
            place = float(self._shift_cm1[near[at]])
            if 0 < at < near.size - 1:
                low, mid, high = slope[at - 1 : at + 2]
                place += 0.5 * BIN_CM1 * float((low - high) / (low - 2.0 * mid + high))
            self._lag_cm1[key] = edge - place
        return self._lag_cm1[key]

    def _stressed(self, top_cm1: float) -> Vector:
        """Light from each bin between nu0 and the culet, before any blur: exact bin averages."""
        span = max(top_cm1 - self.nu0_cm1, 1.0)
        # no light comes from beyond: bins there are left out
        first, last = np.searchsorted(self._edges_cm1, (self.nu0_cm1, self.nu0_cm1 + span))
        here = slice(max(int(first) - 1, 0), int(last) + 1)
        s = np.clip((self._edges_cm1[here] - self.nu0_cm1) / span, 0.0, 1.0)
        bulk = -np.expm1(-s / 0.10)
        hump = 1.0 / (1.0 + np.exp(-(s - 0.32) / 0.09)) - 1.0 / (1.0 + math.exp(0.32 / 0.09))
        pile = 1.0 - np.sqrt(1.0 - s)
        flat = s
        # as in spectra of stressed anvils: the band falls from nu0 to a small step at the edge
        cumulative = 0.9 * bulk + 1.3 * hump + 0.5 * flat + 0.30 * pile
        light = np.zeros(BINS)
        light[here.start : here.start + s.size - 1] = span * np.diff(cumulative) / BIN_CM1 / 0.8
        return light

    def _line(self, part: float) -> Vector:
        """First-order line of the unstressed bulk, as a raw spike."""
        raw = np.zeros(BINS)
        place = (self.nu0_cm1 - FIRST_CM1) / BIN_CM1
        low = int(place)
        raw[low : low + 2] = (1.0 - (place - low), place - low)
        return 60.0 * part / BIN_CM1 * raw

    def _blurred(self, raw: Vector, width_cm1: float) -> Vector:
        """Convolve with a logistic and a little Lorentzian: fatter wings than a Gaussian's."""
        # a logistic of scale s has the standard deviation pi s / sqrt(3)
        x = math.sqrt(3.0) * width_cm1 * self._omega
        logistic = np.divide(x, np.sinh(np.minimum(x, 300.0)), out=np.ones_like(x), where=x > 0.0)
        blur = 0.85 * logistic + 0.15 * np.exp(-0.8 * width_cm1 * self._omega)
        return np.fft.irfft(np.fft.rfft(raw) * blur, BINS)
