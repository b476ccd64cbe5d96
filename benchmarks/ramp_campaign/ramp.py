"""One rehearsed ramp of a campaign, as what the tables need of it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dac_control.app.rehearsal.rehearsal import VirtualLaboratory, rehearse_once
from ramp_campaign.edge_scale import draw_scale_table
from ramp_campaign.strata import Stratum
from ramp_campaign.unmodelled import FAMILIES
from simulators.twin import TwinSettings

__all__ = ["COLUMNS", "SPECTRA", "Job", "carry_out", "row_of", "twin_settings"]


SPECTRA = " spectra"
"""Behind the family of results that are no ramps."""


@dataclass(frozen=True)
class Job:
    """A ramp to be rehearsed."""

    stratum: Stratum
    family: str
    """Errors that the twin draws: see `unmodelled`."""
    seed: int
    whole: bool = True
    """False for single spectra of the same cell: see `spectra`."""

    @property
    def key(self) -> tuple[str, str, int]:
        """What tells it from all others."""
        family = self.family if self.whole else self.family + SPECTRA
        return self.stratum.name, family, self.seed


def twin_settings(job: Job) -> TwinSettings:
    """Settings of the twin of one ramp; what its own generator does not draw is drawn here."""
    settings = job.stratum.settings()
    # of its own, so that the twin's streams stay what they are
    rng = np.random.default_rng([job.seed, 0xED6E])
    edge = job.stratum.station.edge
    if edge is not None:
        table = draw_scale_table(edge.scale, tuple(rng.standard_normal(2)), float(rng.uniform()))
        settings = replace(settings, anvil=replace(settings.anvil, scale_table=table))
    return FAMILIES[job.family].change(settings, rng)


def carry_out(job: Job) -> dict[str, Any]:
    """Rehearse a ramp.

    Returns
    -------
    dict
        JSON-able: ``stratum``, ``family``, ``seed``, ``exit``, ``reason``, ``cpu_s``, ``moves``,
        ``moves_after_failure`` and ``steps``, each a list in the order of `COLUMNS`.
    """
    began_s = time.process_time()
    listener = _Listener()
    done = rehearse_once(
        job.stratum.station,
        job.stratum.run,
        job.seed,
        settings=twin_settings(job),
        listener=listener,
        prepare=listener.meet,
    )
    return {
        "stratum": job.stratum.name,
        "family": job.family,
        "seed": job.seed,
        "exit": done.exit_status,
        "reason": done.reason,
        "hours": round(done.duration_s / 3600.0, 3),
        "events": done.events,
        "moves": listener.moves(),
        "moves_after_failure": listener.moves_after_failure(),
        "steps": listener.steps,
        "cpu_s": round(time.process_time() - began_s, 3),
    }


COLUMNS = (
    "turns",
    "pressure_gpa",
    "true_gpa",
    "sigma_stat_gpa",
    "sigma_sys_gpa",
    "half_width_95_gpa",
    "predicted_low_gpa",
    "predicted_high_gpa",
    "bound_gpa",
    "dwell_s",
)
"""Of each step; what was not measured or not predicted is None."""


def row_of(*values: float | None) -> list[float | None]:
    """Values in the order of `COLUMNS` as JSON takes them."""
    return [
        round(float(value), 5) if value is not None and np.isfinite(value) else None
        for value in values
    ]


class _Listener:
    """Gathers the steps of one ramp, with the truth at each."""

    def __init__(self) -> None:
        self.steps: list[list[float | None]] = []
        self._laboratory: VirtualLaboratory | None = None
        self._primary = ""
        self._failed_at: int | None = None

    def meet(self, laboratory: VirtualLaboratory) -> None:
        """Take note of the twin whose truth is asked."""
        self._laboratory = laboratory

    def moves(self) -> int:
        """Moves that were sent to the drive."""
        assert self._laboratory is not None
        return sum(record["kind"] == "intent" for record in self._laboratory.intents.read())

    def moves_after_failure(self) -> int:
        """Moves that were sent after a step without a measurement."""
        return 0 if self._failed_at is None else self.moves() - self._failed_at

    def __call__(self, name: str, doc: Mapping[str, Any]) -> None:
        """Take a document."""
        if name == "descriptor" and doc["name"] == "primary":
            self._primary = doc["uid"]
        elif name == "event" and doc["descriptor"] == self._primary:
            self._step(doc["data"])

    def _step(self, data: Mapping[str, Any]) -> None:
        assert self._laboratory is not None
        truth = self._laboratory.twin.last_exposure() or {}
        values = (
            data["drive_turns"],
            data["step_pressure_gpa"],
            truth.get("pressure_gpa"),
            data["step_pressure_sigma_stat_gpa"],
            data["step_pressure_sigma_sys_gpa"],
            data["step_pressure_half_width_95_gpa"],
            data["step_predicted_low_gpa"],
            data["step_predicted_high_gpa"],
            data["step_bound_gpa"],
            data["step_dwell_s"],
        )
        row = row_of(*values)
        self.steps.append(row)
        if row[1] is None and self._failed_at is None:
            self._failed_at = self.moves()
