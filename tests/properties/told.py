"""A run on the twin, and all that it left: documents, moves, what the motor was sent, light."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from fault_schedules import Fault
from kinds_of_station import Kind

from dac_control.app.light import account_of
from dac_control.app.rehearsal.rehearsal import rehearse_once
from dac_control.app.rehearsal.virtual_laboratory import VirtualLaboratory
from dac_control.app.run_models import RunFile
from dac_control.errors import DacError
from dac_control.safety.light import LightAccount

__all__ = ["Told", "carried_out"]


@dataclass
class Told:
    """All that a run left."""

    documents: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    sent_turns: list[float] = field(default_factory=list)
    refusal: str = ""
    laboratory: VirtualLaboratory | None = None

    def listen(self, name: str, doc: Mapping[str, Any]) -> None:
        """Keep a document."""
        self.documents.append((name, copy.deepcopy(dict(doc))))

    def watch(self, laboratory: VirtualLaboratory) -> None:
        """Note what the driver of the screw is sent, below the device and its journal."""
        self.laboratory = laboratory
        driver: Any = laboratory.session.instruments.drive._driver
        start = driver.start_move

        def start_move(turns: float, check_wanted: Any) -> None:
            start(turns, check_wanted)
            self.sent_turns.append(turns)

        driver.start_move = start_move

    @property
    def account(self) -> LightAccount | None:
        """The account of light; None where the station has no light."""
        assert self.laboratory is not None
        return account_of(self.laboratory.session.instruments)

    @property
    def moves(self) -> list[dict[str, Any]]:
        """The journal of the screw."""
        assert self.laboratory is not None
        return self.laboratory.intents.read()

    @property
    def intents(self) -> list[dict[str, Any]]:
        """Its intents."""
        return [record for record in self.moves if record["kind"] == "intent"]

    def named(self, name: str) -> list[dict[str, Any]]:
        """All documents of a name."""
        return [doc for found, doc in self.documents if found == name]

    def steps(self) -> list[dict[str, Any]]:
        """Data of the events of ``primary``."""
        uids = {doc["uid"] for doc in self.named("descriptor") if doc["name"] == "primary"}
        return [doc["data"] for doc in self.named("event") if doc["descriptor"] in uids]

    def as_bytes(self) -> bytes:
        """Documents and moves, to be compared."""
        return orjson.dumps(
            [self.documents, self.moves],
            option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS,
        )


def carried_out(kind: Kind, run: RunFile, seed: int, faults: list[Fault]) -> Told:
    """Carry a run file out at a station, with these faults."""
    told = Told()

    def prepare(laboratory: VirtualLaboratory) -> None:
        told.watch(laboratory)
        for fault in faults:
            fault.order(laboratory)

    how: dict[str, Any] = {"settings": kind.settings(run), "prepare": prepare}
    try:
        rehearse_once(kind.station, run, seed, listener=told.listen, **how)
    except DacError as error:
        told.refusal = str(error)
    return told
