"""A lock on an open file that the operating system lets go with its process, however that ends."""

import os
from typing import Any

__all__ = ["lock_descriptor"]

# The lock is on a byte far behind the text: Windows locks ranges against reading, too.
_LOCKED_BYTE = 0x7FFFFFFE


def lock_descriptor(descriptor: int) -> None:
    """Lock an open file for this process without waiting; closing the descriptor lets it go.

    Raises
    ------
    OSError
        If another process, or another descriptor of this one, holds it, or if the file system
        has no locks.
    """
    if os.name == "nt":
        msvcrt: Any = __import__("msvcrt")
        position = os.lseek(descriptor, 0, os.SEEK_CUR)
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, position, os.SEEK_SET)
    else:
        fcntl: Any = __import__("fcntl")
        # flock, not lockf: it belongs to the open file, so two sessions of one process meet too
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
