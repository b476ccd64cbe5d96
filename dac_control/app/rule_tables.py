"""Tables of the station file that say what must not be: ``[[rules]]``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from dac_control.app.device_tables import Devices
from dac_control.app.tables import NonNegative, Positive, Strict
from dac_control.app.toml_file import line_of
from dac_control.errors import ConfigurationError
from dac_control.safety.rules import READY, Action, Level, Rule, ready_rule
from dac_control.safety.rules.rule import check_condition, check_message

__all__ = ["RuleTable", "Rules", "refuse_unreadable"]


class RuleTable(Strict):
    """``[[rules]]``: a rule of one's own (`condition`), or a ready-made one (`ready`).

    What is not given is as `dac_control.safety.rules.Rule` or the ready-made rule has it.
    """

    name: Annotated[str, Field(min_length=1)] | None = None
    ready: str | None = None
    numbers: dict[str, Annotated[float, Field(strict=True)]] = Field(default_factory=dict)
    """Of a ready-made rule, in place of its own."""
    condition: str | None = None
    grace_s: NonNegative | None = None
    precondition: str | None = None
    precondition_s: NonNegative | None = None
    precondition_memory_s: NonNegative | None = None
    message: str | None = None
    ok_message: str | None = None
    action: Action | None = None
    missing_action: Action | None = None
    level: Level | None = None
    stale_s: Positive | None = None
    repeat_s: Positive | None = None

    @field_validator("ready")
    @classmethod
    def _is_known(cls, kind: str | None) -> str | None:
        if kind is not None and kind not in READY:
            raise ValueError(f"no such ready-made rule; there are {', '.join(READY)}")
        return kind

    @field_validator("condition", "precondition")
    @classmethod
    def _can_be_met(cls, text: str | None) -> str | None:
        if text is not None:
            check_condition(text)
        return text

    @field_validator("message", "ok_message")
    @classmethod
    def _can_be_filled_in(cls, text: str | None) -> str | None:
        return None if text is None else check_message(text)

    @model_validator(mode="after")
    def _is_a_rule(self) -> Self:
        if (self.ready is None) == (self.condition is None):
            raise ValueError(
                'give either a condition of your own, or a ready-made rule (ready = "...": '
                f"{', '.join(READY)})"
            )
        if self.ready is None and self.numbers:
            raise ValueError("numbers belong to ready-made rules; write them into the condition")
        if self.ready is None and self.name is None:
            raise ValueError("a rule of your own needs a name")
        self.as_rule()
        return self

    @property
    def called(self) -> str:
        """Its name."""
        return self.name or self.ready or ""

    def as_rule(self) -> Rule:
        """The rule as a `Watch` wants it."""
        given: dict[str, Any] = self.model_dump(exclude={"ready", "numbers"}, exclude_none=True)
        if self.ready is not None:
            return ready_rule(self.ready, self.numbers, **given)
        return Rule(**given)


def _names_differ(rules: tuple[RuleTable, ...]) -> tuple[RuleTable, ...]:
    names = [rule.called for rule in rules]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two rules are called {name!r}; give each a name of its own")
    return rules


Rules = Annotated[tuple[RuleTable, ...], AfterValidator(_names_differ)]
"""All rules of a station."""


def refuse_unreadable(rules: Sequence[RuleTable], devices: Devices, text: str, path: Path) -> None:
    """Refuse rules over readings that no device of the station gives: they could never fire.

    Raises
    ------
    ConfigurationError
        Naming file, line and key.
    """
    absent: dict[str, str] = {}
    if devices.laser is None:
        absent |= dict.fromkeys(("laser_emitting", "laser_power_mw"), "[devices.laser]")
    if devices.microscope is None:
        absent |= dict.fromkeys(("hole_um", "hole_px"), "[devices.microscope]")
    elif devices.microscope.um_per_pixel is None:
        absent["hole_um"] = "devices.microscope.um_per_pixel"
    for number, table in enumerate(rules):
        for name in table.as_rule().needs:
            if name in absent:
                key = f"rules.{number}.{'condition' if table.ready is None else 'ready'}"
                raise ConfigurationError(
                    f"{path}:{line_of(text, key)}: {key}: this rule can never fire, since without "
                    f"{absent[name]} nothing reads {name}."
                )
