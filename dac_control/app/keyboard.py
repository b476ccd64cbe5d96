"""What somebody types at the terminal; looked for without waiting, so that nobody has to type."""

import contextlib
import sys
import time

__all__ = ["begin_anew", "is_typed"]

if sys.platform == "win32":
    import msvcrt

    def is_typed(within_s: float) -> bool:
        """True once somebody types: a key was pressed, so a line is about to come."""
        if not msvcrt.kbhit():
            time.sleep(within_s)
        return msvcrt.kbhit()

    def begin_anew() -> None:
        """Forget what was typed and not read yet."""
        while msvcrt.kbhit():
            msvcrt.getwch()

else:
    import select
    import termios

    def is_typed(within_s: float) -> bool:
        """True once there is a line to read, or the terminal was closed; waits as long at most."""
        return bool(select.select([sys.stdin], [], [], within_s)[0])

    def begin_anew() -> None:
        """Forget what was typed and not read yet, the beginning of a line too."""
        # a terminal that has just gone says so where it is read
        with contextlib.suppress(termios.error):
            termios.tcflush(sys.stdin, termios.TCIFLUSH)
