"""The frame that is sent to people is the newest one, whatever it was taken for."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.image import imread

from dac_control.app import last_picture
from dac_control.errors import RecordError


def test_a_frame_from_before_a_laser_shot_is_newer_than_the_last_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def frame(row: int, *, stream: str) -> np.ndarray:
        if (stream, row) == ("picture", 2):
            raise RecordError("cut off")
        return np.full((2, 3) if stream == "primary" else (4, 5), 7)

    times = {"primary": [1.0, 3.0], "picture": [0.0, 4.0, 5.0]}
    run = SimpleNamespace(
        streams=tuple(times), table=lambda stream: {"time": times[stream]}, frame=frame
    )
    monkeypatch.setattr(last_picture, "open_run", lambda folder: run)
    assert last_picture.write_last_picture(tmp_path, tmp_path / "last.png")
    assert imread(tmp_path / "last.png").shape[:2] == (4, 5)
