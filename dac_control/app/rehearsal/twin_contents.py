"""What the twin has in its cell, from what station and run file say."""

import re
import unicodedata
from typing import Final

from dac_control.app.run_models import RunFile
from dac_control.app.run_models.screw import ControlFile, RampFile, RepeatFile
from dac_control.app.station import Station

__all__ = ["contents_of", "contents_said", "note_on_contents"]

_HYDROGEN: Final = ("hydrogen", "h2")
_COATING: Final = ("alumina", "al2o3")
_NOTHING: Final = ("empty", "nothing", "vacuum")
# what stands beside them where they say all: "alumina-coated", "50 nm of Al2O3 on both culets"
_BESIDE: Final = {
    *("coated", "coating", "film", "films", "layer", "layers", "nm", "only", "control"),
    *("cell", "hole", "gasket", "anvil", "anvils", "diamond", "diamonds", "culet", "culets"),
    *("a", "an", "and", "both", "but", "in", "it", "of", "on", "the", "with"),
}


def contents_said(station: Station, run: RunFile | None = None) -> str:
    """What is in the cell, as the files say; empty if nobody does.

    Control runs say it where the run has no other ramp and they agree: the twin has one cell.
    Else ``[specimen]`` does.
    """
    ramps = _ramps(run)
    said = station.specimen.contents or station.specimen.material
    return ramps[0] or said if len(ramps) == 1 else said


def _ramps(run: RunFile | None) -> list[str]:
    """What each ramp of a run says is in the cell, each thing once; empty for the specimen."""
    parts = () if run is None else run.parts
    named = [
        part.contents if isinstance(part, ControlFile) else ""
        for part in parts
        if isinstance(part, RampFile | RepeatFile)
    ]
    return list(dict.fromkeys(named))


def contents_of(said: str) -> str:
    """Contents of the twin; what it does not know is a plate that never changes.

    Any other would do something of its own, as hydrogen does: a line in the Raman spectrum,
    darkness and a mirror under pressure. So among other words it is known only where none of them
    may name another thing, or say that something is not there: iron in alumina is iron.
    """
    words = re.findall(r"[a-z0-9]+", unicodedata.normalize("NFKC", said).lower())
    if len(words) == 1 and words[0] in _HYDROGEN:
        return "hydrogen"
    rest = {word for word in words if not word.isdigit()} - _BESIDE
    if rest and rest <= {*_COATING, *_NOTHING}:
        return "empty" if rest.isdisjoint(_COATING) else "alumina_control"
    return "inert"


def note_on_contents(station: Station, run: RunFile | None = None) -> str:
    """Say where the twin holds something else than the cell; else nothing."""
    said, notes = contents_said(station, run), []
    if len(ramps := _ramps(run)) > 1:
        named = " and ".join(repr(each) for each in ramps if each)
        notes.append(
            f"The twin has one cell: a control run of this experiment has {named} in it, and "
            "another ramp something else, so every stage was rehearsed on what [specimen] says; "
            "rehearse the control in a run file of its own."
        )
    if contents_of(said) == "inert":
        known = ", ".join((*_HYDROGEN, *_COATING, *_NOTHING))
        told = f"does not know {said!r}" if said.strip() else "is not told what is in the cell"
        notes.append(
            f"The twin {told}: it holds a clear plate that pressure does not change (it knows "
            f"{known}; [specimen] of the station file has `material` and `contents`)."
        )
    return " ".join(notes)
