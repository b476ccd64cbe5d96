"""Ruby behind ``fit``: R1 of many spectra at once, and their pressures."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dac_control.app.fit.adapter import flag_message, refuse_options
from dac_control.app.fit.assumed_temperature import REFUTED, refutation
from dac_control.app.fit.line_in_nm import LineInNm
from dac_control.app.fit.options import FitOptions
from dac_control.app.fit.results import Reading
from dac_control.app.fit.ruby_choice import RubyChoice
from dac_control.app.fit.ruby_groups import fit_in_groups
from dac_control.app.patience import compiling_explained
from dac_control.gauges import (
    DISQUALIFYING,
    RUBY_FLAGS,
    RubyFit,
    Spectrum,
)
from dac_control.gauges.measurement import MEASUREMENT_FLAGS
from dac_control.gauges.raman_axis import RamanAxis

__all__ = ["RubyAdapter"]

_MEANINGS: Final[Mapping[str, str]] = (
    RUBY_FLAGS
    | MEASUREMENT_FLAGS
    | {
        "ambiguous": "several lines could be R1 and nothing tells which; give --between",
        REFUTED: "R2 says that the ruby is not at the temperature of lambda0; give --temperature-k",
    }
)


class RubyAdapter(LineInNm):
    """R1 of ruby."""

    symbol: str = "R1"
    window: tuple[float, float] = (690.0, 800.0)
    meanings: Mapping[str, str] = _MEANINGS

    def __init__(self, options: FitOptions) -> None:
        refuse_options(options, ("nu0_cm1",), "the gauge ruby, which counts from --lambda0-nm")
        self.window = options.between or self.window
        self._options = options
        self._choice = RubyChoice(options)

    def fit(
        self, spectra: Sequence[Spectrum], temperatures_k: Sequence[float | None]
    ) -> list[RubyFit | Exception]:
        """Fit spectra, one result each; an exception in place of a result where one failed."""
        with compiling_explained():
            return fit_in_groups(
                spectra,
                temperatures_k,
                priors=self._options.priors,
                expected_nm=self._options.between,
            )

    def read(
        self,
        fit: RubyFit,
        temperature_k: float | None,
        said: Mapping[str, Any],
        raman_axis: RamanAxis | None,
    ) -> Reading:
        """Turn a fit into a pressure; the line alone is reported without lambda0 or temperature."""
        if not fit.ok:
            return Reading(
                ok=False,
                observable=fit.r1_nm,
                sigma=fit.r1_sigma_nm,
                flags=fit.flags,
                message=flag_message(fit.flags, _MEANINGS, DISQUALIFYING),
                details=_details(fit),
                fit=fit,
            )
        flags, messages, measurement = list(fit.flags), [], None
        gauge = self._choice.gauge(said, assumed=temperature_k is None)
        if gauge is None:
            messages.append(
                "No pressure without lambda0: give --lambda0-nm, R1 at zero pressure measured on "
                "this spectrometer."
            )
        else:
            refuted = ""
            if temperature_k is None:
                temperature_k = gauge.lambda0.temperature_k
                refuted = refutation(fit, temperature_k)
                flags.append(REFUTED if refuted else "temperature_assumed")
                messages.append(
                    refuted
                    or f"The ruby was taken to be at {temperature_k:g} K; give --temperature-k."
                )
            reference = self._options.reference
            if not refuted:
                measurement = gauge.pressure_from_line(
                    fit.r1_nm,
                    fit.r1_sigma_nm,
                    temperature_k,
                    asymmetry_sigma_nm=fit.asymmetry_sigma_nm,
                    reference=None if reference is None else reference.beside(temperature_k),
                    raman_axis=raman_axis,
                )
                flags += [flag for flag in measurement.flags if flag not in flags]
        return Reading(
            ok=True,
            observable=fit.r1_nm,
            sigma=fit.r1_sigma_nm,
            flags=tuple(flags),
            measurement=measurement,
            message=" ".join(messages),
            details=_details(fit),
            fit=fit,
        )


def _details(fit: RubyFit) -> dict[str, Any]:
    return {
        "model": fit.model,
        "r2_nm": fit.r2_nm,
        "fwhm_nm": fit.r1_fwhm_nm,
        "splitting_cm1": fit.splitting_cm1,
        "r2_over_r1": fit.ratio,
        "r2_over_r1_sigma": fit.ratio_sigma,
        "splitting_sigma_cm1": fit.splitting_sigma_cm1,
        "width_ratio": fit.width_ratio,
        "asymmetry_sigma_nm": fit.asymmetry_sigma_nm,
        "chi2_reduced": fit.chi2_reduced,
        "signal_to_noise": fit.signal_to_noise,
        "masked_pixels": fit.masked_pixels,
        "window_nm": list(fit.window_nm),
    }
