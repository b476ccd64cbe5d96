"""An event loop in which time is virtual: where nothing is ready, the next timer is due.

Given to ``RunEngine(loop=...)``, whose sleeps and waits are timers of its loop. Time passes
only from the first message of a plan until no task is left, so that a RunEngine at rest (while
devices connect, say) finds the clock where it was.
"""

import asyncio
import selectors
import threading
from collections.abc import Callable, Generator
from contextvars import Context
from typing import Any, TypeVar

from dac_control.clock import VirtualClock

__all__ = ["VirtualLoop"]

T = TypeVar("T")


class VirtualLoop(asyncio.SelectorEventLoop):
    """A selector loop on a `VirtualClock`.

    Parameters
    ----------
    clock : VirtualClock
        What its timers go by; it is moved by nobody else while time passes.
    """

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.passes = False
        """True while time passes."""
        self._runs_in: int | None = None
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        """Laboratory time in s, which the timers of the loop are set by."""
        return self.clock.now()

    def run_forever(self) -> None:
        """Run until stopped, and remember in which thread."""
        self._runs_in = threading.get_ident()
        super().run_forever()

    def call_soon_threadsafe(
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """Call it soon; in the loop's own thread that needs no waking up."""
        if self.is_here:
            return self.call_soon(callback, *args, context=context)
        return super().call_soon_threadsafe(callback, *args, context=context)

    @property
    def is_here(self) -> bool:
        """True in the thread that it runs in."""
        return self._runs_in == threading.get_ident()

    def letting_time_pass(self, plan: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
        """Wrap a plan, as a preprocessor of a RunEngine: time passes from its first message.

        The first message and not the call: in between the RunEngine waits for its caller's
        thread, and virtual time would go by as long as that takes.
        """
        self.passes = True
        return (yield from plan)

    def may_jump(self) -> bool:
        """Whether the next timer may be made due now; ends the passing of time with a plan."""
        if self.passes and not asyncio.all_tasks(self):
            self.passes = False
        return self.passes


class _JumpingSelector(selectors.BaseSelector):
    """Waits for nothing: where real time would pass until the next timer, virtual time does."""

    _TURNS_PER_LOOK = 64
    """Between looks at what other threads bring, while the loop has work of its own: a look is a
    call of the operating system, and a busy loop makes thousands of turns a second."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self._real = selectors.DefaultSelector()
        self._turns = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            # no timer at all: only another thread can bring something
            return self._real.select(None)
        self._turns = (self._turns + 1) % self._TURNS_PER_LOOK
        ready = [] if self._turns else self._real.select(0)
        if ready or timeout <= 0:
            return ready
        if not self._loop.may_jump():
            return self._real.select(None)
        self._loop.clock.advance(timeout)
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Any:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()
