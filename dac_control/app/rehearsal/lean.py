"""What bluesky does for people at every step, left out where nobody looks.

Two habits cost a rehearsal half of its time: bluesky formats the whole stack whenever a plan is
made, for a warning should that plan never be iterated; and event-model validates each event
against its schema in full. Here stacks stay empty, and of each stream the first event is
validated: the others have its shape. If either library changes its ways, a rehearsal gets
slower and nothing else.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
    """Leave out both while this context is open, in this process."""
    stacks = getattr(bluesky.utils, "traceback", None)
    validators: dict[Any, Any] = event_model.schema_validators
    thorough = validators[event_model.DocumentNames.event]
    if stacks is not None:
        brief = SimpleNamespace(**{**vars(stacks), "format_stack": lambda *_: []})
        bluesky.utils.traceback = brief  # type: ignore[attr-defined]
    validators[event_model.DocumentNames.event] = _FirstOfEachStream(thorough)
    try:
        yield
    finally:
        validators[event_model.DocumentNames.event] = thorough
        if stacks is not None:
            bluesky.utils.traceback = stacks  # type: ignore[attr-defined]
