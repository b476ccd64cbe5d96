"""What gauges of one fluorescence line share: words for their flags, and details of their fits."""

from collections.abc import Mapping
from typing import Any

from dac_control.gauges import RUBY_FLAGS, RubyFit
from dac_control.gauges.measurement import MEASUREMENT_FLAGS

__all__ = ["line_details", "line_meanings"]


def line_meanings(line: str) -> Mapping[str, str]:
    """Flags of the fit of lines, which were written for ruby, in words for another line."""
    return (
        RUBY_FLAGS
        | MEASUREMENT_FLAGS
        | {
            "no_line": f"nothing stands out of the noise where {line} can be",
            "ambiguous": f"several lines could be {line} and nothing tells which; give --between",
            "misfit": "what is there does not have the shape of one line; ruby shows two, see "
            "--gauge",
            "foreign_line": "another line beside it was masked: neon, ruby, light of the room",
        }
    )


def line_details(fit: RubyFit) -> dict[str, Any]:
    """What the JSON document has of a fit beside the line itself."""
    return {
        "model": fit.model,
        "fwhm_nm": fit.r1_fwhm_nm,
        "chi2_reduced": fit.chi2_reduced,
        "signal_to_noise": fit.signal_to_noise,
        "masked_pixels": fit.masked_pixels,
        "asymmetry_sigma_nm": fit.asymmetry_sigma_nm,
        "window_nm": list(fit.window_nm),
    }
