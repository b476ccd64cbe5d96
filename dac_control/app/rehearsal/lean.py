"""What bluesky does for people at every step, left out where nobody looks.

Some habits cost a rehearsal half of its time: bluesky formats the whole stack whenever a plan is
made, for a warning should that plan never be iterated; it describes each message to a tracer that
nobody listens to; it asks the operating system for the randomness of each group's name;
event-model validates each event against its schema in full; and before 3.12, Python looks up the
attributes of a protocol at each ``isinstance``, which bluesky asks at each message. And numba, when
it is first used, imports every package that extends it, awkward with Arrow for one, and prepares
its whole compiler even to load what is compiled already. And Python looks for garbage after each
700 objects, every time among all that these packages hold. Here stacks stay empty, spans are not
made, names are drawn in this process, of each stream the first event is validated (the others have
its shape), protocols are looked up once, numba stays alone and is ready to load (to compile it
prepares by itself), and garbage is looked for less often. If any of them changes its ways, a
rehearsal gets slower and nothing else.
"""

import functools
import gc
import random
import sys
import typing
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any

import bluesky.run_engine
import bluesky.utils
import event_model
from bluesky.run_engine import RunEngine

from dac_control.app.rehearsal.lean_imports import OBJECTS_PER_LOOK

__all__ = ["lean"]


class _FirstOfEachStream:
    """Validates the first event of each descriptor."""

    def __init__(self, thorough: Any) -> None:
        self._thorough = thorough
        self._seen: set[str] = set()

    def validate(self, event: Mapping[str, Any]) -> None:
        descriptor = str(event.get("descriptor"))
        if descriptor not in self._seen:
            self._thorough.validate(event)
            self._seen.add(descriptor)


@contextmanager
def lean() -> Iterator[None]:
    """Leave them out while this context is open, in this process."""
    with ExitStack() as put_back:
        _swap(put_back, bluesky.utils, "traceback", _without_stacks)
        _swap(put_back, bluesky.run_engine, "_set_span_msg_attributes", _nothing)
        # an engine looks its commands up once, when it is made
        for command in ("_set", "_wait"):
            _swap(put_back, RunEngine, command, _without_span)
        _swap(put_back, uuid, "uuid4", _drawn_here)
        if sys.version_info < (3, 12):
            _swap(put_back, typing, "_get_protocol_attrs", functools.cache)
        validators: dict[Any, Any] = event_model.schema_validators
        event = event_model.DocumentNames.event
        put_back.callback(validators.__setitem__, event, validators[event])
        validators[event] = _FirstOfEachStream(validators[event])
        _leave_numba_alone(put_back)
        put_back.callback(gc.set_threshold, *gc.get_threshold())
        gc.set_threshold(OBJECTS_PER_LOOK)
        yield


def _leave_numba_alone(put_back: ExitStack) -> None:
    try:
        from numba.core import caching, entrypoints
        from numba.core.runtime.nrt import rtsys
    except ImportError:
        return
    _swap(put_back, entrypoints, "init_all", _nothing)

    def load(self: Any, signature: Any, context: Any) -> Any:
        rtsys.initialize(context)
        with self._guard_against_spurious_io_errors():
            return self._load_overload(signature, context)

    known = ("_load_overload", "_guard_against_spurious_io_errors")
    if all(hasattr(caching.Cache, name) for name in known):
        _swap(put_back, caching.Cache, "load_overload", lambda _: load)


def _without_stacks(module: Any) -> SimpleNamespace:
    return SimpleNamespace(**{**vars(module), "format_stack": lambda *_: []})


def _nothing(_: Any) -> Callable[..., None]:
    return lambda *_: None


def _without_span(command: Any) -> Any:
    return getattr(command, "__wrapped__", command)


def _drawn_here(uuid4: Callable[[], uuid.UUID]) -> Callable[[], uuid.UUID]:
    numbers = random.Random(uuid4().int)
    return lambda: uuid.UUID(int=numbers.getrandbits(128), version=4)


def _swap(put_back: ExitStack, owner: Any, name: str, change: Callable[[Any], Any]) -> None:
    """Replace an attribute by what `change` makes of it, if it is there, until the end."""
    original = getattr(owner, name, None)
    if original is not None:
        put_back.callback(setattr, owner, name, original)
        setattr(owner, name, change(original))
