"""The uncertainty of a ruby pressure, term by term, statistical and systematic apart."""

from typing import Final

import numpy as np

from dac_control.gauges.measurement import BudgetTerm, Lambda0
from dac_control.gauges.scale import Scale
from dac_control.gauges.temperature import TemperatureCorrection

__all__ = ["quadrature", "ruby_budget"]

# Feng et al., Rev. Sci. Instrum. 81, 041301 (2010): at 4.5 K the pressure coefficient of R1
# differs by 6 % from the room-temperature scale, the abstract gives no sign. Taken as the
# half-width of a rectangle that grows linearly from nothing at 296 K.
_COLD_COEFFICIENT: Final = 0.06
_COLD_AT_K: Final = 4.5
_SCALES_MADE_AT_K: Final = 296.0
_COLD_NOTE: Final = (
    "Feng et al., Rev. Sci. Instrum. 81, 041301 (2010): 6 % at 4.5 K without a sign, "
    "as a rectangle that shrinks to nothing at 296 K"
)


def ruby_budget(
    *,
    scale: Scale,
    correction: TemperatureCorrection,
    lambda0: Lambda0,
    lambda0_at_nm: float,
    line_nm: float,
    line_sigma_nm: float,
    axis_sigma_nm: float,
    temperature_k: float,
    temperature_sigma_k: float,
) -> tuple[BudgetTerm, ...]:
    """List what makes a ruby pressure uncertain.

    Parameters
    ----------
    scale, correction, lambda0
        As the gauge uses them.
    lambda0_at_nm : float
        R1 without pressure at `temperature_k`.
    line_nm, line_sigma_nm : float
        R1 and its statistical uncertainty.
    axis_sigma_nm : float
        Drift of the wavelength axis since lambda0 was taken.
    temperature_k, temperature_sigma_k : float
        Of the ruby.
    """
    delta = line_nm / lambda0_at_nm - 1.0
    per_line = scale.slope(delta) / lambda0_at_nm
    per_lambda0 = per_line * line_nm / lambda0_at_nm
    sensor_nm = abs(correction.slope(temperature_k)) * temperature_sigma_k
    formula_nm = correction.sigma_nm(temperature_k, lambda0.temperature_k)
    cold = _cold_sigma_gpa(scale.pressure_gpa(delta), temperature_k)
    table = (
        ("lambda0", per_lambda0 * lambda0.sigma_nm, _describe(lambda0)),
        (
            "wavelength axis",
            per_line * axis_sigma_nm,
            "drift since lambda0 was taken on the same spectrometer",
        ),
        ("temperature sensor", per_lambda0 * sensor_nm, f"{temperature_sigma_k:g} K at the ruby"),
        (
            "temperature correction",
            per_lambda0 * formula_nm,
            f"{correction.name}, {correction.citation}; "
            "published corrections spread by 0.05 nm at 5 K",
        ),
        *_scale_terms(scale, delta),
        ("pressure coefficient in the cold", cold, _COLD_NOTE),
    )
    photons = f"R1 known to {line_sigma_nm * 1e3:.2g} pm from the fit"
    return (
        BudgetTerm("photon statistics", "statistical", per_line * line_sigma_nm, photons),
        *(BudgetTerm(name, "systematic", sigma, note) for name, sigma, note in table),
    )


def quadrature(budget: tuple[BudgetTerm, ...], kind: str) -> float:
    """Standard uncertainty in GPa of all terms of one kind together."""
    return float(np.sqrt(sum(term.sigma_gpa**2 for term in budget if term.kind == kind)))


def _describe(lambda0: Lambda0) -> str:
    return (
        f"chip '{lambda0.chip}', {lambda0.date.isoformat()}, {lambda0.temperature_k:g} K, "
        f"{lambda0.value_nm:.4f} +- {lambda0.sigma_nm:.4f} nm"
    )


def _scale_terms(scale: Scale, delta: float) -> list[tuple[str, float, str]]:
    assessed = "the source leaves a coefficient without uncertainty; 1 % is our assessment"
    return [
        ("scale, assessed", sigma, assessed)
        if name == "assessed"
        else (f"scale coefficient {name}", sigma, scale.citation)
        for name, sigma in scale.coefficient_sigmas_gpa(delta).items()
    ]


def _cold_sigma_gpa(pressure_gpa: float, temperature_k: float) -> float:
    share = max(0.0, _SCALES_MADE_AT_K - temperature_k) / (_SCALES_MADE_AT_K - _COLD_AT_K)
    return _COLD_COEFFICIENT * share * abs(pressure_gpa) / float(np.sqrt(3.0))
