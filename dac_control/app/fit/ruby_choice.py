"""Which ruby gauge a spectrum gets: from the options, else from the run that it belongs to."""

from collections.abc import Mapping
from typing import Any, Final

from dac_control.app.fit.options import FitOptions
from dac_control.errors import ConfigurationError
from dac_control.gauges import RubyGauge, get_correction, get_scale
from dac_control.gauges.ruby_gauge.settings import ruby_gauge_from

__all__ = ["RubyChoice"]

_ROOM_K: Final = 296.0
_CORRECTION: Final = "datchi2007"
_SCALE: Final = "ruby2020"
_LAMBDA0_SIGMA_NM: Final = 0.01
"""Where nobody states one: what a wavelength calibration with lamp lines reaches."""
_USUAL: Final[Mapping[str, Any]] = {
    "scale": _SCALE,
    "temperature_correction": _CORRECTION,
    "axis_sigma_nm": 0.01,
    "temperature_sigma_k": 1.0,
}
"""Where neither options nor a file say otherwise."""
_ASSUMED_TEMPERATURE_SIGMA_K: Final = 3.0
"""Half the span of laboratories, 20 to 26 degrees Celsius."""


class RubyChoice:
    """Makes ruby gauges and keeps them.

    Parameters
    ----------
    options : FitOptions
        With ``lambda0_nm`` or a file that states one, one gauge serves all spectra; without, only
        spectra of runs, whose record holds a measured lambda0, have one.

    Raises
    ------
    ConfigurationError
        A name or a number cannot be, or a file states the gauge without a lambda0.
    """

    def __init__(self, options: FitOptions) -> None:
        self._options = options
        get_scale(options.scale or _SCALE, "ruby")
        get_correction(options.correction or _CORRECTION)
        self._made: dict[tuple[str, bool], RubyGauge] = {}
        self._stated = None if options.stated is None else options.stated.gauge
        known = self._stated is not None and self._stated.lambda0_known
        if options.stated is not None and not known and options.lambda0_nm is None:
            raise ConfigurationError(
                f"{options.stated.path} has no [gauge.lambda0], the line without pressure; state "
                "it there, or give --lambda0-nm."
            )
        self._one_for_all = known or options.lambda0_nm is not None
        if self._one_for_all:
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
        if not self._one_for_all and not isinstance(start, Mapping):
            return None
        owner = "" if self._one_for_all else str(start and start.get("uid"))
        key = (owner, assumed)
        if key not in self._made:
            found = self._recorded(start) if owner and isinstance(start, Mapping) else None
            if owner and found is None:
                return None
            self._made[key] = found or self._given(assumed=assumed)
        return self._made[key]

    def _given(self, *, assumed: bool) -> RubyGauge:
        options = self._options
        settings: dict[str, Any] = dict(_USUAL)
        if self._stated is not None:
            settings = self._stated.model_dump()
        if assumed:
            sensor_k = settings["temperature_sigma_k"]
            settings["temperature_sigma_k"] = max(sensor_k, _ASSUMED_TEMPERATURE_SIGMA_K)
        if options.lambda0_nm is not None:
            settings["lambda0"] = {
                "value_nm": options.lambda0_nm,
                "sigma_nm": options.lambda0_sigma_nm or _LAMBDA0_SIGMA_NM,
                "chip": "as given",
                "date": options.lambda0_day,
                "temperature_k": options.lambda0_temperature_k or _ROOM_K,
            }
        scale = get_scale(options.scale or settings["scale"], "ruby")
        return ruby_gauge_from(settings | self._changed, scale=scale)

    @property
    def _changed(self) -> dict[str, Any]:
        """What the options say otherwise."""
        changed = {
            "temperature_correction": self._options.correction,
            "axis_sigma_nm": self._options.axis_sigma_nm,
            "temperature_sigma_k": self._options.temperature_sigma_k,
        }
        return {name: value for name, value in changed.items() if value is not None}

    def _recorded(self, start: Mapping[str, Any]) -> RubyGauge | None:
        """Gauge of a run, with what the options change; None where the record lacks something."""
        from dac_control.app.reduction.stored_lines import gauge_settings  # for runs only

        settings = dict(gauge_settings(start)) | self._changed
        settings.setdefault("temperature_correction", _CORRECTION)
        settings.setdefault("scale", _SCALE)
        try:
            return ruby_gauge_from(settings, scale=self._options.scale)
        except (KeyError, TypeError, ValueError):
            return None
