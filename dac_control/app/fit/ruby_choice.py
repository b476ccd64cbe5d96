"""Which ruby gauge a spectrum gets: from the options, else from the run that it belongs to."""

from collections.abc import Mapping
from typing import Any, Final

from dac_control.app.fit.options import FitOptions
from dac_control.gauges import Lambda0, RubyGauge, get_correction, get_scale
from dac_control.gauges.ruby_gauge.settings import ruby_gauge_from

__all__ = ["RubyChoice"]

_ROOM_K: Final = 296.0
_CORRECTION: Final = "datchi2007"
_SCALE: Final = "ruby2020"
_LAMBDA0_SIGMA_NM: Final = 0.01
"""Where nobody states one: what a wavelength calibration with lamp lines reaches."""
_AXIS_SIGMA_NM: Final = 0.01
_TEMPERATURE_SIGMA_K: Final = 1.0
_ASSUMED_TEMPERATURE_SIGMA_K: Final = 3.0
"""Half the span of laboratories, 20 to 26 degrees Celsius."""


class RubyChoice:
    """Makes ruby gauges and keeps them.

    Parameters
    ----------
    options : FitOptions
        With ``lambda0_nm`` one gauge serves all spectra; without it only spectra of runs, whose
        record holds a measured lambda0, have one.

    Raises
    ------
    ConfigurationError
        A name or a number cannot be.
    """

    def __init__(self, options: FitOptions) -> None:
        self._options = options
        get_scale(options.scale or _SCALE, "ruby")
        get_correction(options.correction or _CORRECTION)
        self._made: dict[tuple[str, bool], RubyGauge] = {}
        if options.lambda0_nm is not None:
            self._given(assumed=False)

    def gauge(self, said: Mapping[str, Any], *, assumed: bool) -> RubyGauge | None:
        """Choose the gauge of a spectrum; None without a lambda0.

        Parameters
        ----------
        said : mapping
            Metadata of the frame; ``start`` is the start document of its run.
        assumed : bool
            True where nobody told the temperature, which is less sure then.

        Raises
        ------
        ConfigurationError
            The record of the run names a scale that is not known here.
        """
        start = said.get("start")
        if self._options.lambda0_nm is None and not isinstance(start, Mapping):
            return None
        owner = "" if self._options.lambda0_nm is not None else str(start and start.get("uid"))
        key = (owner, assumed)
        if key not in self._made:
            found = self._recorded(start) if owner and isinstance(start, Mapping) else None
            if owner and found is None:
                return None
            self._made[key] = found or self._given(assumed=assumed)
        return self._made[key]

    def _given(self, *, assumed: bool) -> RubyGauge:
        options = self._options
        sigma_k = _ASSUMED_TEMPERATURE_SIGMA_K if assumed else _TEMPERATURE_SIGMA_K
        return RubyGauge(
            scale=get_scale(options.scale or _SCALE, "ruby"),
            correction=options.correction or _CORRECTION,
            lambda0=Lambda0(
                value_nm=options.lambda0_nm or 0.0,
                sigma_nm=options.lambda0_sigma_nm or _LAMBDA0_SIGMA_NM,
                chip="as given",
                date=options.lambda0_day,
                temperature_k=options.lambda0_temperature_k or _ROOM_K,
            ),
            axis_sigma_nm=_or(options.axis_sigma_nm, _AXIS_SIGMA_NM),
            temperature_sigma_k=_or(options.temperature_sigma_k, sigma_k),
        )

    def _recorded(self, start: Mapping[str, Any]) -> RubyGauge | None:
        """Gauge of a run, with what the options change; None where the record lacks something."""
        from dac_control.app.reduction.stored_lines import gauge_settings  # for runs only

        options = self._options
        changed = {
            "temperature_correction": options.correction,
            "axis_sigma_nm": options.axis_sigma_nm,
            "temperature_sigma_k": options.temperature_sigma_k,
        }
        settings = dict(gauge_settings(start)) | {
            name: v for name, v in changed.items() if v is not None
        }
        settings.setdefault("temperature_correction", _CORRECTION)
        settings.setdefault("scale", _SCALE)
        try:
            return ruby_gauge_from(settings, scale=options.scale)
        except (KeyError, TypeError, ValueError):
            return None


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value
