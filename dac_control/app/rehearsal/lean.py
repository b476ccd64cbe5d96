"""What bluesky does for people at every step, left out where nobody looks.

Some habits cost a rehearsal half of its time: bluesky formats the whole stack whenever a plan is
made, for a warning should that plan never be iterated; it describes each message and each status to
a tracer that nobody listens to; it spells its state out whenever it looks at it; it asks the
operating system for the randomness of each group's name; event-model validates each event against
its schema in full; a protocol is looked for in each object of each message; ophyd gathers what
somebody who subscribed to a signal would be told. And numba, when it is first used, imports every
package that extends it, awkward with Arrow for one, and prepares its whole compiler even to load
what is compiled already. And Python looks for garbage after each 700 objects, every time among all
that these packages hold. Here stacks stay empty, spans are not made, a state is spelled when it
changes, names are drawn in this process, of each stream the first event is validated (the others
have its shape), protocols are looked for in each class once, signals that nobody subscribed to just
keep their value, numba stays alone and is ready to load (to compile it prepares by itself), and
garbage is looked for less often. If any of them changes its ways, a rehearsal gets slower and
nothing else.
"""

import gc
import random
import time
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
from ophyd import Device, Signal
from ophyd.status import StatusBase

from dac_control.app.rehearsal.lean_imports import OBJECTS_PER_LOOK
from devices.signals import CachedSignal

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
            _swap(put_back, RunEngine, command, _unwrapped)
        _swap(put_back, StatusBase, "_close_trace", _nothing)
        _swap(put_back, uuid, "uuid4", _drawn_here)
        _swap(put_back, getattr(typing, "_ProtocolMeta", None), "__instancecheck__", _once_a_class)
        machine = getattr(bluesky.run_engine, "LoggingPropertyMachine", None)
        _swap(put_back, machine, "__get__", _spelled_once)
        _swap(put_back, CachedSignal, "update", _unheard)
        # without a look at the connection, which no signal of ours has
        _swap(put_back, Signal, "read", _unwrapped)
        _swap(put_back, Device, "_get_components_of_kind", _by_number)
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


def _unwrapped(function: Any) -> Any:
    return getattr(function, "__wrapped__", function)


def _once_a_class(check: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """Answer for a class what was found for the first of it: what is asked for are methods."""
    known: dict[tuple[Any, Any], bool] = {}

    def is_one(protocol: Any, instance: Any) -> bool:
        key = protocol, type(instance)
        if key not in known:
            known[key] = check(protocol, instance)
        return known[key]

    return is_one


def _spelled_once(get: Callable[..., Any]) -> Callable[..., Any]:
    """Give the state of an engine as it was spelled last, until it is another one."""
    last: tuple[Any, Any, Any] = None, None, None

    def spelled(self: Any, engine: Any, owner: Any = None) -> Any:
        nonlocal last
        machine = None if engine is None else self.memory.get(engine)
        if machine is None:
            return get(self, engine, owner)
        state = machine.actual_state
        known = last
        if known[0] is not machine or known[1] is not state:
            known = last = machine, state, get(self, engine, owner)
        return known[2]

    return spelled


def _unheard(update: Callable[..., None]) -> Callable[..., None]:
    """Keep value and time of a signal; ophyd is asked where somebody listens."""

    def keep(self: Any, value: Any, timestamp: float | None = None) -> None:
        if self._callbacks[self.SUB_VALUE]:
            update(self, value, timestamp)
        else:
            self._readback = value
            self._metadata["timestamp"] = time.time() if timestamp is None else timestamp

    return keep


def _by_number(components: Callable[..., Any]) -> Callable[..., Any]:
    """Compare kinds as the numbers that they are: as flags, each comparison makes a new one."""

    def of_kind(self: Any, kind: Any) -> Iterator[tuple[str, Any]]:
        for name in self.component_names:
            if int(kind) & int(self._get_kind(name)):
                yield name, getattr(self, name)

    return of_kind


def _drawn_here(uuid4: Callable[[], uuid.UUID]) -> Callable[[], uuid.UUID]:
    numbers = random.Random(uuid4().int)
    return lambda: uuid.UUID(int=numbers.getrandbits(128), version=4)


def _swap(put_back: ExitStack, owner: Any, name: str, change: Callable[[Any], Any]) -> None:
    """Replace an attribute by what `change` makes of it, if it is there, until the end."""
    original = getattr(owner, name, None)
    if original is not None:
        put_back.callback(setattr, owner, name, original)
        setattr(owner, name, change(original))
