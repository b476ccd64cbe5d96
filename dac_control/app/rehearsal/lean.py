"""What bluesky does for people at every step, left out where nobody looks.

Three habits cost a rehearsal half of its time: bluesky formats the whole stack whenever a plan is
made, for a warning should that plan never be iterated; event-model validates each event against
its schema in full; and before 3.12, Python looks up the attributes of a protocol at each
``isinstance``, which bluesky asks at each message. Here stacks stay empty, of each stream the
first event is validated (the others have its shape), and protocols are looked up once. If any of
them changes its ways, a rehearsal gets slower and nothing else.
"""

import functools
import sys
import typing
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any

import bluesky.utils
import event_model

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
        if sys.version_info < (3, 12):
            _swap(put_back, typing, "_get_protocol_attrs", functools.cache)
        validators: dict[Any, Any] = event_model.schema_validators
        event = event_model.DocumentNames.event
        put_back.callback(validators.__setitem__, event, validators[event])
        validators[event] = _FirstOfEachStream(validators[event])
        yield


def _without_stacks(module: Any) -> SimpleNamespace:
    return SimpleNamespace(**{**vars(module), "format_stack": lambda *_: []})


def _swap(put_back: ExitStack, owner: Any, name: str, change: Callable[[Any], Any]) -> None:
    """Replace an attribute by what `change` makes of it, if it is there, until the end."""
    original = getattr(owner, name, None)
    if original is not None:
        put_back.callback(setattr, owner, name, original)
        setattr(owner, name, change(original))
