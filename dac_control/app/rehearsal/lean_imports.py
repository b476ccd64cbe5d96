"""Import ophyd and SciPy without the parts that a rehearsal never asks for.

``import ophyd`` brings the classes of every EPICS area detector with it, and networkx: a third
of the imports of a rehearsal, for devices that this project does not have. They are left out and
come when somebody does ask for one of their names. SciPy's special functions copy every name
of NumPy, and with them import its Fortran wrapper and its tests; and a note on other array
libraries is written into the documentation of each.

Python looks for garbage after each 700 objects, every time among all that these packages hold; and
once more in all of it when the process ends. A process that rehearses and ends can spare both.
"""

import atexit
import gc
import importlib
import sys
from types import ModuleType
from typing import Any

__all__ = ["OBJECTS_PER_LOOK", "import_ophyd", "import_scipy", "leave_garbage"]

OBJECTS_PER_LOOK = 1_000_000
"""More than a rehearsal makes, imports and all, so that most never look; a hundred megabytes of
garbage at most. Python's own are 700, of a program that holds little."""

_LEFT_OUT = ("ophyd.areadetector", "ophyd.mca", "ophyd.quadem")
_LEFT_OUT_OF_NUMPY = ("f2py", "testing")


class _StandIn(ModuleType):
    """Has every name that is asked of it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self


def leave_garbage() -> None:
    """Look for garbage less often from now on, and not when this process ends."""
    gc.set_threshold(OBJECTS_PER_LOOK)
    atexit.register(gc.freeze)


def import_ophyd() -> None:
    """Import ophyd, unless that is done; its detectors follow at first use."""
    if any(name in sys.modules for name in ("ophyd", *_LEFT_OUT)):
        return
    sys.modules.update({name: _StandIn(name) for name in _LEFT_OUT})
    try:
        ophyd = importlib.import_module("ophyd")
    finally:
        for name in _LEFT_OUT:
            del sys.modules[name]
    for name in [name for name, value in vars(ophyd).items() if isinstance(value, _StandIn)]:
        delattr(ophyd, name)
    vars(ophyd)["__getattr__"] = _ask_detectors


class _PlainDocumentation(dict[str, list[str]]):
    """Of a SciPy function, as it was written: stands in for the class that parses it."""

    def __init__(self, function: Any) -> None:
        super().__init__(Notes=[])
        self._text = str(function.__doc__)

    def __str__(self) -> str:
        # SciPy drops the first line
        return f"\n{self._text}"


def import_scipy() -> None:
    """Import SciPy's special functions, unless that is done; the rest follows at first use."""
    numpy = importlib.import_module("numpy")
    names = {name: f"numpy.{name}" for name in _LEFT_OUT_OF_NUMPY}
    if "scipy.special" in sys.modules or any(name in sys.modules for name in names.values()):
        return
    for name, whole in names.items():
        sys.modules[whole] = vars(numpy)[name] = _StandIn(whole)
    annotated = _annotates_functions()
    parse = None if annotated is None else annotated["FunctionDoc"]
    try:
        if annotated is not None:
            annotated["FunctionDoc"] = _PlainDocumentation
        importlib.import_module("scipy.special")
    finally:
        if annotated is not None:
            annotated["FunctionDoc"] = parse
        for name, whole in names.items():
            del sys.modules[whole], vars(numpy)[name]


def _annotates_functions() -> dict[str, Any] | None:
    """Names in the module of SciPy that writes such notes; None for a SciPy that writes none."""
    try:
        names = vars(importlib.import_module("scipy._lib._array_api"))
    except ImportError:
        return None
    return names if "FunctionDoc" in names else None


def _ask_detectors(name: str) -> Any:
    """Look a name of `ophyd` up in what was left out."""
    if not name.startswith("__"):
        for left_out in _LEFT_OUT:
            module = importlib.import_module(left_out)
            if hasattr(module, name):
                return getattr(module, name)
    raise AttributeError(f"module 'ophyd' has no attribute {name!r}")
