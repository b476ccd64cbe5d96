"""The benchmarks are a folder of scripts: their modules are found the way the scripts find them."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_BENCHMARKS = str(Path(__file__).parents[2] / "benchmarks")


@pytest.fixture(autouse=True, scope="package")
def _benchmarks_importable() -> Iterator[None]:
    sys.path.insert(0, _BENCHMARKS)
    yield
    sys.path.remove(_BENCHMARKS)
