"""Ready-made rules: what goes wrong with a cell in a cryostat, and how it shows."""

from dataclasses import dataclass, field
from typing import Any

from dac_control.errors import RuleError
from dac_control.safety.rules.rule import Rule

__all__ = ["READY", "ReadyRule", "ready_rule"]


@dataclass(frozen=True, kw_only=True)
class ReadyRule:
    """A rule but for its numbers."""

    condition: str
    """With the names of `numbers` in braces."""
    message: str
    ok_message: str = ""
    numbers: dict[str, float]
    """Names, and what they are by default."""
    rule: dict[str, Any] = field(default_factory=dict)
    """Further fields of the `Rule`."""


READY: dict[str, ReadyRule] = {
    "pressure_window": ReadyRule(
        condition=(
            "pressure_gpa < predicted_low_gpa - {margin_gpa} "
            "or pressure_gpa > predicted_high_gpa + {margin_gpa}"
        ),
        message=(
            "The pressure, {pressure_gpa:.2f} GPa, lies outside of what the load curve predicts "
            "({predicted_low_gpa:.2f} to {predicted_high_gpa:.2f} GPa)."
        ),
        numbers={"margin_gpa": 1.0},
        rule={"action": "hold", "level": "critical", "grace_s": 0.0},
    ),
    "pressure_drop": ReadyRule(
        condition=(
            "change(pressure_gpa) < -{part} * previous(pressure_gpa) "
            "and change(pressure_gpa) < -{least_gpa} and rate(turns, {unload_window_s}) >= -{slow} "
            # until the next reading the change stays, while the turn that made it is forgotten
            "and age(pressure_gpa) < {fresh_s}"
        ),
        message=(
            "The pressure fell to {pressure_gpa:.2f} GPa within one reading while the screw was "
            "not unloading: the gasket leaks, or an anvil broke."
        ),
        numbers={
            "part": 0.1,
            "least_gpa": 1.0,
            "unload_window_s": 300.0,
            "slow": 1e-5,
            "fresh_s": 60.0,
        },
        rule={"action": "hold", "level": "critical", "grace_s": 0.0},
    ),
    "hole_growth": ReadyRule(
        condition=(
            "rate(hole_um, {window_s}) > {um_per_h} / 60 and rate(turns, {window_s}) > {slow}"
        ),
        message="The hole grows ({hole_um:.1f} um) while the load rises: the gasket flows out.",
        numbers={"um_per_h": 2.0, "window_s": 7200.0, "slow": 1e-6},
        rule={"action": "hold", "level": "critical", "grace_s": 0.0},
    ),
    "cell_warms": ReadyRule(
        condition="cell_temperature_k > {max_k}",
        message="The cell is at {cell_temperature_k:.1f} K.",
        ok_message="The cell is cold again: {cell_temperature_k:.1f} K.",
        numbers={"max_k": 80.0},
        rule={"action": "hold", "level": "critical", "grace_s": 10.0},
    ),
    "cooling_lost": ReadyRule(
        condition="rate(stage_temperature_k, 300) > {k_per_min} and heater_percent < 1",
        message=(
            "The stage warms ({stage_temperature_k:.1f} K) with the heater at 0: helium is empty, "
            "or the compressor tripped."
        ),
        numbers={"k_per_min": 0.2},
        rule={"action": "hold", "level": "critical", "grace_s": 30.0},
    ),
    "heater_runaway": ReadyRule(
        condition=(
            "heater_percent > {percent} and (stage_temperature_k < 1 "
            "or rate(stage_temperature_k, 300) < {k_per_min})"
        ),
        message=(
            "The heater is at {heater_percent:.0f} % and the stage ({stage_temperature_k:.1f} "
            "K) does not follow: its sensor may have failed."
        ),
        numbers={"percent": 95.0, "k_per_min": 0.02},
        rule={"action": "heater_off", "level": "critical", "grace_s": 120.0},
    ),
    "disk_low": ReadyRule(
        condition="disk_free_gb < {gb}",
        message="The disk of the runs has {disk_free_gb:.1f} GB left.",
        numbers={"gb": 5.0},
        rule={"action": "pause", "level": "warning", "grace_s": 30.0},
    ),
}
"""By name. Reaction times: a heater that runs away passes 50 K in half a minute and more, and a
dead cooler leaves twenty minutes, for 0.5 kg of copper on a 1 W cooler."""


def ready_rule(kind: str, numbers: dict[str, float], **changed: Any) -> Rule:
    """Make a rule of a ready-made one.

    Parameters
    ----------
    kind : str
        A name of `READY`.
    numbers : dict
        In place of its default numbers.
    **changed
        Fields of `Rule`, in place of its own.

    Raises
    ------
    RuleError
        For a kind or number that there is not, and as `Rule` does.
    """
    if kind not in READY:
        raise RuleError(f"there is no ready-made rule {kind!r}; there are {', '.join(READY)}")
    ready = READY[kind]
    unknown = sorted(numbers.keys() - ready.numbers.keys())
    if unknown:
        known = ", ".join(ready.numbers)
        raise RuleError(f"the rule {kind} has no number {unknown[0]!r}; it has {known}")
    filled = {name: repr(float(value)) for name, value in (ready.numbers | numbers).items()}
    fields: dict[str, Any] = {
        "name": kind,
        "condition": ready.condition.format(**filled),
        "message": ready.message,
        "ok_message": ready.ok_message,
        **ready.rule,
        **changed,
    }
    return Rule(**fields)
