"""A guardian that falls silent is noticed, and one that comes back is trusted again."""

import threading
import time
from collections.abc import Callable

from dac_control.app.worker.guardian_watch import GuardianWatch


def wait_for(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20.0
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_doubt_trust_and_the_end() -> None:
    called: list[str] = []
    watch = GuardianWatch(
        lambda: called.append("doubt"),
        lambda: called.append("trust"),
        lambda: called.append("give up"),
        doubt_s=0.3,
        give_up_s=2.0,
    )
    watch.heard()
    wait_for(lambda: called == ["doubt"])
    speaking = threading.Event()

    def speak() -> None:
        while not speaking.wait(0.05):
            watch.heard()

    speaker = threading.Thread(target=speak)
    speaker.start()
    wait_for(lambda: called == ["doubt", "trust"])
    speaking.set()
    speaker.join()
    wait_for(lambda: called[-1] == "give up")
    assert called == ["doubt", "trust", "doubt", "give up"]
    watch.close()


def test_one_that_was_never_heard_is_waited_for() -> None:
    called: list[str] = []
    watch = GuardianWatch(
        lambda: called.append("doubt"), lambda: None, lambda: None, doubt_s=0.0, give_up_s=0.0
    )
    time.sleep(0.6)  # two looks
    watch.close()
    assert called == []
