"""What ``dac-control reduce`` was asked for, and the gauge that this makes of a run's own."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from dac_control.app.days import lambda0_day_given
from dac_control.app.reduction.stored_lines import gauge_settings
from dac_control.errors import ConfigurationError, RecordError
from dac_control.gauges import RubyGauge, Scale, get_scale, scales_of
from dac_control.gauges.ruby_gauge.settings import ruby_gauge_from, ruby_settings
from dac_control.records import Run

__all__ = ["Chosen", "ReduceRequest", "choose_gauge"]

_LAMBDA0_FIELDS: Final = ("value_nm", "sigma_nm", "temperature_k", "chip", "date")
_STATED: Final = ("axis_sigma_nm", "temperature_sigma_k")


@dataclass(frozen=True, kw_only=True)
class ReduceRequest:
    """Options of the command; None keeps what the run has.

    Raises
    ------
    ConfigurationError
        The date is none, or is yet to come.
    """

    scale: str | None = None
    correction: str | None = None
    lambda0_nm: float | None = None
    lambda0_sigma_nm: float | None = None
    lambda0_temperature_k: float | None = None
    lambda0_chip: str | None = None
    lambda0_date: str | None = None
    refit: bool = False
    """Fit the stored spectra again instead of trusting the stored lines."""
    dwell: bool = False
    """Also the spectra that were taken between the steps."""

    def __post_init__(self) -> None:
        if self.lambda0_date is not None:
            lambda0_day_given(self.lambda0_date)

    @property
    def lambda0(self) -> dict[str, Any]:
        """What was given of lambda0, under the names of `Lambda0`."""
        given = {
            "value_nm": self.lambda0_nm,
            "sigma_nm": self.lambda0_sigma_nm,
            "temperature_k": self.lambda0_temperature_k,
            "chip": self.lambda0_chip,
            "date": self.lambda0_date,
        }
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The gauge to compute with, beside what the record names."""

    ruby: RubyGauge
    settings: Mapping[str, Any]
    """What `ruby` was built from; without a user's scale, which is known by name only."""
    recorded: Mapping[str, Any]
    """Settings of the run."""
    changes: tuple[str, ...]
    """One sentence for each thing that is other than in the run."""
    remarks: tuple[str, ...]
    """One sentence for each thing that a reader must know of the settings."""

    gauge: str = "ruby"
    key: str = "line_nm"
    """Name of the observable in tables."""
    symbol: str = "R1/nm"
    """The same for people."""
    unchanged: str = "scale, correction, lambda0 and lines"
    """What may be other than in the run."""

    @property
    def scale(self) -> Scale:
        """The scale to compute on."""
        return self.ruby.scale

    @property
    def details(self) -> dict[str, Any]:
        """What else pressures follow from, as JSON takes it."""
        return {
            "from_correction": self.from_correction,
            "correction": self.ruby.correction.name,
            "from_lambda0": self.from_lambda0,
            "lambda0": ruby_settings(self.ruby)["lambda0"],
        }

    @property
    def from_scale(self) -> str | None:
        """Scale of the run."""
        return _text(self.recorded.get("scale"))

    @property
    def from_correction(self) -> str | None:
        """Temperature correction of the run."""
        return _text(self.recorded.get("temperature_correction"))

    @property
    def from_lambda0(self) -> list[Mapping[str, Any]]:
        """Every lambda0 of the run, as it was recorded."""
        return _several(self.recorded.get("lambda0"))


def choose_gauge(run: Run, request: ReduceRequest) -> Chosen:
    """Take the gauge of a run and change what was asked for.

    Raises
    ------
    ConfigurationError
        A name is unknown, or a number is none that lambda0 can have.
    RecordError
        The record lacks something that was not given either.
    """
    recorded = gauge_settings(run.start)
    settings = dict(recorded)
    settings["scale"] = request.scale or recorded.get("scale")
    settings["temperature_correction"] = request.correction or recorded.get(
        "temperature_correction"
    )
    if request.lambda0:
        settings["lambda0"] = _given_lambda0(run, recorded, request.lambda0)
        # who gives a lambda0 wants pressures that count from it
        settings["reference_ruby"] = None
    _require(run, settings)
    _check_scale(request.scale, str(settings["scale"]))
    try:
        ruby = ruby_gauge_from(settings)
    except (KeyError, TypeError, ValueError) as error:
        raise RecordError(
            f"The gauge settings in the record of {run.folder.name} cannot be read "
            f"({type(error).__name__}: {error}); give scale, correction and lambda0."
        ) from error
    return Chosen(
        ruby=ruby,
        settings=settings,
        recorded=recorded,
        changes=tuple(_changes(recorded, ruby, request)),
        remarks=tuple(_remarks(recorded, ruby)),
    )


def _given_lambda0(
    run: Run, recorded: Mapping[str, Any], given: Mapping[str, Any]
) -> dict[str, Any]:
    """One lambda0: what was given, and for the rest what the run has, if it has just one."""
    several = _several(recorded.get("lambda0"))
    base = dict(several[0]) if len(several) == 1 else {}
    found = base | dict(given)
    missing = [name for name in _LAMBDA0_FIELDS if found.get(name) is None]
    if missing:
        options = ", ".join(_option(name) for name in missing)
        why = f"holds {len(several)} of them" if several else "holds none"
        raise ConfigurationError(
            f"lambda0 is not complete, and the record of {run.folder.name} {why}; give {options}."
        )
    return found


def _require(run: Run, settings: Mapping[str, Any]) -> None:
    options = {
        "scale": "--scale",
        "temperature_correction": "--correction",
        "lambda0": "--lambda0-nm and what belongs to it",
    }
    missing = [option for name, option in options.items() if not settings.get(name)]
    if missing:
        raise RecordError(
            f"The record of {run.folder.name} does not say all that pressures follow from; "
            f"give {', '.join(missing)}."
        )


def _check_scale(asked: str | None, name: str) -> None:
    if asked is not None:
        get_scale(name)
    elif name not in scales_of("ruby"):
        raise ConfigurationError(
            f"The run is on the scale '{name}', which is not built in; give its file with "
            "--scales, or another scale with --scale."
        )


def _changes(recorded: Mapping[str, Any], ruby: RubyGauge, request: ReduceRequest) -> list[str]:
    changes = []
    scale, correction = recorded.get("scale"), recorded.get("temperature_correction")
    if ruby.scale.name != scale:
        changes.append(f"Scale: {ruby.scale.name} instead of {scale or 'none'}.")
    if ruby.correction.name != correction:
        changes.append(
            f"Temperature correction: {ruby.correction.name} instead of {correction or 'none'}."
        )
    if request.lambda0:
        before = "; ".join(_lambda0_text(each) for each in _several(recorded.get("lambda0")))
        now = _lambda0_text(asdict(ruby.lambda0))
        if now != before:
            changes.append(f"lambda0: {now} instead of {before or 'none'}.")
    if request.refit:
        changes.append("Lines: fitted again from the stored spectra.")
    return changes


def _remarks(recorded: Mapping[str, Any], ruby: RubyGauge) -> list[str]:
    remarks = []
    missing = [name for name in _STATED if recorded.get(name) is None]
    if missing:
        remarks.append(
            f"The record does not state {' and '.join(missing)}: counted as 0, so the systematic "
            "uncertainties are too small."
        )
    chips = {str(each.get("chip")) for each in _several(recorded.get("lambda0"))}
    if chips and ruby.lambda0.chip not in chips:
        remarks.append(
            f"The run measured chip '{', '.join(sorted(chips))}' and lambda0 is of chip "
            f"'{ruby.lambda0.chip}': chips scatter by 0.03 nm, which is not in the budget."
        )
    return remarks


def _lambda0_text(values: Mapping[str, Any]) -> str:
    """All of it, so that two that differ in anything read differently."""
    get = values.get
    return (
        f"{get('value_nm')} +- {get('sigma_nm')} nm at {get('temperature_k')} K "
        f"(chip {get('chip')}, {get('date')})"
    )


def _several(found: Any) -> list[Mapping[str, Any]]:
    if isinstance(found, Mapping):
        return [found]
    if isinstance(found, list | tuple):
        return [each for each in found if isinstance(each, Mapping)]
    return []


def _option(name: str) -> str:
    return "--lambda0-nm" if name == "value_nm" else "--lambda0-" + name.replace("_", "-")


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
