"""``python -m dac_control.app.last_picture FOLDER FILE``: the newest frame of a run, as a PNG.

A process of its own, which the guardian starts: a file that cannot be read costs it nothing.
"""

import os
import sys
from pathlib import Path

import numpy as np

from dac_control.errors import RecordError
from dac_control.records import open_run

__all__ = ["main", "write_last_picture"]


def write_last_picture(folder: Path, picture: Path) -> bool:
    """Write the newest frame, of a step or from before a laser shot; False if there is none.

    Parameters
    ----------
    folder : Path
        Of a run, live or ended.
    picture : Path
        The PNG, which is replaced whole: whoever reads it never sees half of one.
    """
    run = open_run(folder)
    newest_first = sorted(
        (
            (time, row, stream)
            for stream in ("primary", "picture")
            if stream in run.streams
            for row, time in enumerate(run.table(stream)["time"])
        ),
        reverse=True,
    )
    for _, row, stream in newest_first:
        try:
            frame = np.asarray(run.frame(row, stream=stream), dtype=float)
        except RecordError:
            continue  # its event has none, or was cut off
        from matplotlib.image import imsave

        part = picture.with_suffix(".part")
        top = max(float(frame.max()), 1.0)
        imsave(part, frame / top, cmap="gray", vmin=0.0, vmax=1.0, format="png")
        os.replace(part, picture)
        return True
    return False


def main(arguments: list[str]) -> int:
    """Write the picture; return 0, or 1 if there is none."""
    folder, picture = map(Path, arguments)
    try:
        return 0 if write_last_picture(folder, picture) else 1
    except (RecordError, OSError):
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
