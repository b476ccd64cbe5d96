"""What a check looks at, and what it says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dac_control.app.findings.closer_looks import CloserLooks
from dac_control.app.findings.consistency import Overlap
from dac_control.app.findings.curves import Curves
from dac_control.app.findings.dose import LightOnSpecimen
from dac_control.app.findings.edge_scales import EdgeOnScales
from dac_control.app.findings.evolution import Evolution
from dac_control.app.findings.frame_signs import FrameSigns
from dac_control.app.findings.linked_runs import LinkedRuns
from dac_control.app.findings.moves import Moves
from dac_control.app.findings.recompute import Recomputed
from dac_control.app.findings.reflectances import Reflectances
from dac_control.app.readings import Readings, Steps
from dac_control.records import Run

__all__ = ["Check", "Evidence"]


@dataclass(frozen=True)
class Check:
    """One clause with its verdict."""

    clause: str
    passed: bool
    text: str
    """One sentence for a reader: what was found."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything that the checks look at."""

    run: Run
    steps: Steps
    """With the pressure of the gauge in charge."""
    first_gauge: Steps
    """The same steps as the first gauge of the run, the ruby, saw them."""
    dwell: Readings
    further: tuple[Readings, ...]
    """Every spectrum of each further gauge."""
    moves: Moves
    curves: Curves
    evolution: Evolution
    overlaps: tuple[Overlap, ...]
    light: LightOnSpecimen
    linked: LinkedRuns
    recomputed: Recomputed | None
    edge: EdgeOnScales | None
    looks: CloserLooks
    reflectances: Reflectances
    seen_at_stages: tuple[int, ...]
    """Stages of the experiment, other than this run, that saw the line of the specimen."""
    frame_exposures_s: tuple[float, ...]
    """Of the steps that have a frame; NaN where it is not recorded."""
    frame_signs: FrameSigns

    @property
    def shows_reflectance(self) -> bool:
        """Whether sentences on a reflectance stand on its page, of this run or of linked ones."""
        return "reflectance_result" in self.looks.results or bool(self.reflectances.sentences)

    @property
    def start(self) -> Mapping[str, Any]:
        """The start document."""
        return self.run.start
