"""From what a command raises to a sentence and an exit status."""

from collections.abc import Callable

import typer

from dac_control.app.neighbours import check_neighbours
from dac_control.errors import DacError, Disagreement, RampHeld

__all__ = ["status_of"]


def status_of(
    command: Callable[[], int | None], heard: Callable[[str], None] = lambda text: None
) -> int:
    """Run a command; a foreseen failure becomes its sentence on standard error.

    Parameters
    ----------
    command : callable
        Returns its exit status, or None for 0.
    heard : callable
        Told the sentence, too.

    Returns
    -------
    int
        0 done; 1 done but not as asked; 2 refused before anything happened.
    """
    try:
        check_neighbours()
        return command() or 0
    except DacError as error:
        held = isinstance(error, RampHeld) and not isinstance(error, Disagreement)
        text, status = str(error), 1 if held else 2
    except KeyboardInterrupt:
        text, status = "Interrupted before a run began; nothing was moved.", 2
    typer.echo(text, err=True)
    heard(text)
    return status
