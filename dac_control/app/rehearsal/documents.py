"""Documents of a rehearsal: their uids from its seed, their times from its clock.

bluesky draws uids at random and takes times from the wall, so two rehearsals of one seed would
differ in every line. Here both are replaced, in every document and before anybody reads it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from dac_control.app.surroundings import Listener

__all__ = ["SeededDocuments"]

_REFERENCES = ("uid", "run_start", "descriptor", "stream_resource")


class SeededDocuments:
    """Passes documents on, the same ones for the same seed.

    Parameters
    ----------
    listener : callable
        Gets each document.
    ids : callable
        Makes the next uid.
    wall_time : callable
        Seconds since 1970 on the rehearsal's clock.
    """

    def __init__(
        self, listener: Listener, *, ids: Callable[[], str], wall_time: Callable[[], float]
    ) -> None:
        self._listener = listener
        self._ids = ids
        self._wall_time = wall_time
        self._known: dict[str, str] = {}

    def __call__(self, name: str, doc: Mapping[str, Any]) -> None:
        """Take a document of the RunEngine."""
        seeded = dict(doc)
        for key in _REFERENCES:
            if key in seeded:
                # nothing refers to an event, so a long run need not remember it
                own = name == "event" and key == "uid"
                seeded[key] = self._ids() if own else self._seeded(str(seeded[key]))
        if name == "stream_datum":
            # composed of its resource's uid and a number
            resource, _, number = str(doc["uid"]).rpartition("/")
            seeded["uid"] = f"{self._seeded(resource)}/{number}"
        if "time" in seeded:
            seeded["time"] = self._wall_time()
        if "interruption" in doc.get("timestamps", ()):
            # bluesky notes a pause by itself, by the clock on the wall
            seeded["timestamps"] = {"interruption": seeded["time"]}
        self._listener(name, seeded)

    def _seeded(self, uid: str) -> str:
        if uid not in self._known:
            self._known[uid] = self._ids()
        return self._known[uid]
