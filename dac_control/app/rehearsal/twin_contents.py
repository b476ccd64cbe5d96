"""What the twin has in its cell, from what station and run file say."""

from typing import Final

from dac_control.app.run_models import RunFile
from dac_control.app.run_models.screw import ControlFile
from dac_control.app.station import Station

__all__ = ["contents_of", "contents_said", "note_on_contents"]

_KNOWN: Final = {
    "hydrogen": "hydrogen",
    "h2": "hydrogen",
    "alumina": "alumina_control",
    "al2o3": "alumina_control",
    "empty": "empty",
    "nothing": "empty",
}


def contents_said(station: Station, run: RunFile | None = None) -> str:
    """What is in the cell: a control run says it, else ``[specimen]``; empty if nobody does."""
    controls = run.contents if isinstance(run, ControlFile) else ""
    return controls or station.specimen.contents or station.specimen.material


def contents_of(said: str) -> str:
    """Contents of the twin; what it does not know is a plate that never changes.

    Any other would do something of its own, as hydrogen does: a line in the Raman spectrum,
    darkness and a mirror under pressure.
    """
    return _KNOWN.get(said.strip().lower(), "inert")


def note_on_contents(said: str) -> str:
    """One sentence where the twin holds something else than the cell; else nothing."""
    if contents_of(said) != "inert":
        return ""
    named = f"does not know {said!r}" if said.strip() else "is not told what is in the cell"
    return (
        f"The twin {named}: it holds a clear plate that pressure does not change (it knows "
        f"{', '.join(_KNOWN)}; [specimen] of the station file has `material` and `contents`)."
    )
