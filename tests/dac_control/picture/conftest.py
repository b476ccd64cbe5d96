"""The frames of the benchmark, drawn without the package's help."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

_SCENES = Path(__file__).parents[3] / "benchmarks" / "picture_scenes.py"


@pytest.fixture(scope="session")
def scenes() -> ModuleType:
    spec = importlib.util.spec_from_file_location("picture_scenes", _SCENES)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module
