"""The truth file: complete JSON lines, each on disk as soon as it happened."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from simulators.truth import TruthLight, TruthWriter


class FakeTwin:
    pixels = 4
    full_scale = 65535
    wavelength_coefficients = (680.0, 0.03, 0.0, 0.0)

    def __init__(self) -> None:
        self.exposed: list[float] = []

    def expose(self, start_lab_s: float, exposure_s: float) -> NDArray[np.uint16]:
        self.exposed.append(start_lab_s)
        return np.full(4, len(self.exposed), np.uint16)

    def last_exposure(self) -> dict[str, Any] | None:
        return {"start_lab_s": self.exposed[-1]} if self.exposed else None


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_head_and_exposures_are_on_disk_at_once(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    writer = TruthWriter(path, {"constants": {"a": np.float64(1.5), "b": np.arange(2)}})
    light = TruthLight(FakeTwin(), writer)
    writer.write({"lost": True})  # not open yet
    assert not path.exists()
    writer.open()
    try:
        assert lines(path) == [{"constants": {"a": 1.5, "b": [0, 1]}}]
        assert light.expose(7.0, 0.1).tolist() == [1, 1, 1, 1]
        assert lines(path)[1:] == [{"start_lab_s": 7.0}]
        assert (light.pixels, light.full_scale) == (4, 65535)
        assert light.wavelength_coefficients[1] == 0.03
    finally:
        writer.close()
    writer.close()
    light.expose(8.0, 0.1)
    assert len(lines(path)) == 2


def test_unwritable_file_is_named(tmp_path: Path) -> None:
    writer = TruthWriter(tmp_path / "nowhere" / "truth.jsonl", {})
    with pytest.raises(OSError, match=r"truth\.jsonl cannot be written") as caught:
        writer.open()
    assert "folder that exists" in str(caught.value.strerror)


def test_what_json_does_not_know_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="object has no place in a truth file"):
        TruthWriter(tmp_path / "t", {}).write({"x": object()})
