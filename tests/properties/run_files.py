"""Random run files: every plan, within bounds and beyond them, whole and damaged."""

import math
import operator
from typing import Any

from hypothesis import strategies as st

__all__ = ["PLANS", "damaged", "files_of", "further_up", "run_files", "to_toml", "two_gauges"]

Table = dict[str, Any]


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high).map(lambda value: round(value, 4))


def within(**choices: st.SearchStrategy[Any]) -> st.SearchStrategy[Table]:
    """Tables with any of these keys."""
    return st.fixed_dictionaries({}, optional=choices)


def _dwell(times_s: tuple[float, float, float, float], limit: float) -> Table:
    window_s, interval_s, min_s, max_s = times_s
    return {
        "drift_limit_gpa_per_h": limit,
        "window_s": window_s,
        "interval_s": interval_s,
        "min_dwell_s": min_s,
        "max_dwell_s": max_s,
        "min_readings": 3,
    }


DWELL = st.builds(
    _dwell,
    st.sampled_from([(120, 30, 0, 240), (240, 60, 100, 400), (120, 40, 120, 120)]),
    st.sampled_from([20.0, 5.0, 0.5]),
)
RUBY = within(
    exposure_s=numbers(0.05, 2.0),
    averages=st.integers(1, 2),
    attempts=st.integers(1, 3),
    longest_exposure_s=st.just(2.0),
)
FAINT = st.fixed_dictionaries({"exposure_s": numbers(5.0, 60.0), "attempts": st.just(1)})
STEP = st.fixed_dictionaries(
    {"probe_turns": numbers(0.005, 0.05)}, optional={"tolerance_gpa": numbers(0.1, 0.6)}
)
# at times so narrow that no reading agrees with anything
OUTLIERS = st.fixed_dictionaries(
    {"outside_sigma": st.sampled_from([3.29, 1e-6]), "agree_sigma": st.sampled_from([2.58, 1e-9])}
)
# bright enough for some steps of a ramp on the light that there is
BRIEF = st.fixed_dictionaries({"exposure_s": numbers(0.2, 6.0), "attempts": st.just(1)})
# the second gauge is a witness, or takes over where the first is lost
HAND_OVER = st.fixed_dictionaries(
    {"gauge": st.just(["ruby", "diamond_edge"]), "edge": BRIEF},
    optional={"handover": within(fewest_pairs=st.integers(3, 4), scatter_gpa=numbers(0.1, 5.0))},
)
GAUGES = st.one_of(
    within(gauge=st.just("ruby")),
    st.fixed_dictionaries({"also": st.just(["diamond_edge"]), "edge": BRIEF}),
    HAND_OVER,
)
RAMP = {"dwell": DWELL, "step": STEP, "ruby": RUBY}


WAYS = ("load", "unload")


def _targets(unit: str, up: list[float], part: float | None) -> Table:
    """Targets upwards; then, with a part of the last one, down again."""
    down = {} if part is None else {"unload": [round(part * up[-1], 4)]}
    return {"unit": unit, "load": up, **down}


def _upwards(low: float, high: float) -> st.SearchStrategy[list[float]]:
    return st.lists(numbers(low, high), min_size=1, max_size=3, unique=True).map(sorted)


TARGETS = st.one_of(
    st.builds(_targets, st.just("gpa"), _upwards(2.5, 9.0), st.none() | numbers(0.5, 0.9)),
    st.builds(_targets, st.just("turns"), _upwards(0.005, 0.12), st.none() | numbers(0.0, 0.9)),
)
IMPOSSIBLE = st.fixed_dictionaries(
    {"unit": st.sampled_from(["gpa", "turns", "bar"])},
    optional={
        "load": st.lists(numbers(-1.0, 80.0), max_size=3),
        "unload": st.lists(numbers(-1.0, 9.0), max_size=2),
    },
)
TEMPERATURE = st.fixed_dictionaries(
    {"every_k": numbers(2.0, 20.0), "look_every_s": numbers(60.0, 300.0)}, optional={"ruby": RUBY}
)
# rare enough that a day of them is soon over
HOLD = st.fixed_dictionaries({"every_s": numbers(600.0, 3600.0)}, optional={"ruby": RUBY})
ALONG = st.fixed_dictionaries(
    RAMP | {"targets": TARGETS},
    optional={"allow_unmeasured_steps": st.integers(0, 2), "outliers": OUTLIERS},
)
NAME = st.sampled_from(["chip 3", "another", ""])
LAMP = st.sampled_from(["neon", "mercury", "argon", "krypton", "Ne"])
WHITE = st.fixed_dictionaries(
    {"averages": st.integers(1, 3)}, optional={"exposure_s": numbers(0.01, 1.0)}
)
GAUGE = st.sampled_from(["ruby", "diamond_edge", "h2_vibron", "srb4o7"])

BODIES: dict[str, st.SearchStrategy[Table]] = {
    "pressure_ramp": st.builds(operator.or_, ALONG, GAUGES),
    "control_run": st.fixed_dictionaries(
        RAMP
        | {"targets": TARGETS, "controls": NAME, "contents": st.sampled_from(["alumina", "empty"])}
    ),
    "repeatability": st.fixed_dictionaries(
        RAMP
        | {
            "repeat": st.fixed_dictionaries(
                {
                    "pressure_gpa": numbers(3.0, 4.5),
                    "swing_gpa": numbers(0.5, 1.4),
                    "cycles": st.just(1),
                }
            )
        }
    ),
    "cooldown": st.fixed_dictionaries(
        {"target_k": numbers(1.0, 79.0)}, optional={"temperature": TEMPERATURE}
    ),
    "warmup": st.fixed_dictionaries(
        {
            # what a delicate specimen stands, too; what it does not; what no cryostat reaches
            "target_k": numbers(80.5, 83.5) | numbers(81.0, 130.0) | numbers(290.0, 310.0),
            "temperature": TEMPERATURE,
        }
    ),
    "hold": st.fixed_dictionaries({"duration_h": numbers(0.1, 6.0), "hold": HOLD}),
    "measure_lambda0": st.fixed_dictionaries(
        {"chip": NAME, "readings": st.integers(3, 5)}, optional={"ruby": RUBY}
    ),
    "measure_reference_ruby": st.fixed_dictionaries(
        {"chip": NAME, "readings": st.integers(3, 5)}, optional={"ruby": RUBY}
    ),
    "calibrate_axis": st.fixed_dictionaries({"lamp": LAMP}, optional={"gauge": GAUGE}),
    "measure_gain": st.fixed_dictionaries(
        {"exposures": st.integers(4, 6)}, optional={"gauge": GAUGE, "probe_s": numbers(0.01, 1.0)}
    ),
    "measure_edge": st.fixed_dictionaries(
        {"edge": FAINT, "readings": st.integers(1, 2)},
        optional={"anvil": st.sampled_from(["near", "far", "middle"])},
    ),
    "measure_vibron": st.fixed_dictionaries(
        {"vibron": FAINT, "readings": st.integers(1, 2)}, optional={"must_be_seen": st.booleans()}
    ),
    "pressure_map": st.fixed_dictionaries(
        {
            "spots": st.just(["chip", "chip 2"])
            | st.lists(
                st.sampled_from(["chip", "chip 2", "sample", "moon"]), min_size=1, max_size=3
            )
        },
        optional={"rounds": st.integers(1, 2), "ruby": RUBY},
    ),
    "measure_reflectance": st.fixed_dictionaries(
        {"sample": st.just("H2"), "reflectance": WHITE},
        optional={"bounces": st.sampled_from(["unknown", "confocal"])},
    )
    | st.fixed_dictionaries(
        {
            "sample": st.just("H2"),
            "reflectance": WHITE,
            "through": st.sampled_from(["sample", "sample", "sample", "moon"]),
        },
        optional={"transmission": WHITE, "unstressed": st.booleans()},
    ),
    "close_and_seal": st.fixed_dictionaries(
        RAMP
        | {
            "closing": st.fixed_dictionaries(
                {"last_turns": numbers(0.02, 0.1), "watch_s": numbers(60.0, 600.0)},
                optional={"step_turns": numbers(0.005, 0.04)},
            )
        },
        optional={"allow_unmeasured_steps": st.integers(0, 2)},
    ),
}
"""Body of a run file, by its plan."""


PLANS = [*sorted(BODIES), "full_experiment"]
"""All plans, the last of which is made of the others."""
RAMPS = ["pressure_ramp", "pressure_ramp", "control_run", "repeatability", "close_and_seal"]


def files_of(plan: str) -> st.SearchStrategy[Table]:
    """Run files of one plan."""
    if plan != "full_experiment":
        return BODIES[plan].map(lambda body: {"plan": plan, **body})
    stage = _one_of(RAMPS[1:] + sorted(BODIES))
    return st.lists(stage, min_size=1, max_size=2).map(
        lambda stages: {"plan": plan, "stages": stages}
    )


def _one_of(plans: list[str]) -> st.SearchStrategy[Table]:
    return st.sampled_from(plans).flatmap(files_of)


def run_files() -> st.SearchStrategy[Table]:
    """Run files whose keys are right; what they ask for may still be impossible.

    Half of them turn the screw: there is most to go wrong.
    """
    kinds = [
        *[_one_of(RAMPS)] * 5,
        *[_one_of(sorted(BODIES))] * 3,
        files_of("full_experiment"),
        _impossible(),
    ]
    return st.sampled_from(range(len(kinds))).flatmap(kinds.__getitem__)


def two_gauges() -> st.SearchStrategy[Table]:
    """Ramps in which a second gauge may take over, with light and steps enough to be seen at."""
    return st.fixed_dictionaries(
        RAMP
        | {
            "plan": st.just("pressure_ramp"),
            "gauge": st.just(["ruby", "diamond_edge"]),
            "targets": st.builds(_targets, st.just("gpa"), _upwards(4.0, 9.0), st.none()),
            "step": st.fixed_dictionaries({"probe_turns": numbers(0.005, 0.025)}),
            "edge": st.fixed_dictionaries({"exposure_s": numbers(0.5, 2.0)}),
            "handover": st.fixed_dictionaries({"scatter_gpa": numbers(0.3, 5.0)}),
        },
        optional={"allow_unmeasured_steps": st.integers(0, 2)},
    )


def _impossible() -> st.SearchStrategy[Table]:
    return st.builds(
        lambda run, targets: run | {"targets": targets}, files_of("pressure_ramp"), IMPOSSIBLE
    )


@st.composite
def damaged(draw: st.DrawFn) -> tuple[Table, str]:
    """A run file with one thing wrong, and what: an unknown key, a word, a sign, no end."""
    table: Table = draw(run_files())
    inner = [each for each in table.values() if isinstance(each, dict) and each]
    where = draw(st.sampled_from([table, *inner]))
    key = draw(st.sampled_from(sorted(where)))
    how = draw(st.sampled_from(["unknown", "word", "negative", "infinite", "missing"]))
    if how == "unknown":
        where["colour"] = "blue"
    elif how == "word":
        where[key] = "eight"
    elif how == "negative":
        where[key] = -1.5
    elif how == "infinite":
        where[key] = draw(st.sampled_from([math.inf, math.nan]))
    else:
        del where[key]
    return table, how


def further_up(table: Table, begin_gpa: float, stiffer: float) -> Table:
    """The same run file for a cell that is loaded already, and gains more by each turn."""

    def there(pressure_gpa: float) -> float:
        return round(begin_gpa + stiffer * pressure_gpa, 4)

    found = dict(table)
    if "stages" in found:
        found["stages"] = [further_up(each, begin_gpa, stiffer) for each in found["stages"]]
    if "repeat" in found:
        found["repeat"] = found["repeat"] | {"pressure_gpa": there(found["repeat"]["pressure_gpa"])}
    targets = found.get("targets", {})
    if targets.get("unit") == "gpa":
        found["targets"] = targets | {
            way: [there(each) for each in targets[way]] for way in WAYS if way in targets
        }
    return found


def to_toml(table: Table) -> str:
    """Write a table as TOML; plain values first, then its tables."""
    return "\n".join(_lines(table, ""))


def _lines(table: Table, path: str) -> list[str]:
    lines, below = [], []
    for key, value in table.items():
        name = f"{path}.{key}" if path else key
        if isinstance(value, dict):
            below += [f"[{name}]", *_lines(value, name)]
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for each in value:
                below += [f"[[{name}]]", *_lines(each, name)]
        else:
            lines.append(f"{key} = {_value(value)}")
    return lines + below


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else repr(value)
