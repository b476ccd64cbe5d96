"""A run on the twin, and all that it left: documents, moves, what the instruments were sent."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

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

What = Literal["cell read", "setpoint", "turns", "light"]


@dataclass(frozen=True)
class Happened:
    """What a driver was asked, and did."""

    what: What
    value: float
    """The cell's temperature in K, a setpoint in K, turns of the screw; of a light, nothing."""


@dataclass
class Told:
    """All that a run left."""

    documents: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    happened: list[Happened] = field(default_factory=list)
    """Below the devices and their journals, in order."""
    left_on: list[str] = field(default_factory=list)
    """Lights that were on, and openings that had no end, when a run had been closed."""
    refusal: str = ""
    laboratory: VirtualLaboratory | None = None
    _lights: dict[str, Callable[[], Any]] = field(default_factory=dict)

    def listen(self, name: str, doc: Mapping[str, Any]) -> None:
        """Keep a document; at the end of a run, look at the lights."""
        self.documents.append((name, copy.deepcopy(dict(doc))))
        if name == "stop":
            self.left_on += [light for light, read in self._lights.items() if read().emitting]
            self.left_on += [str(each) for each in self._openings_without_end()]

    def watch(self, laboratory: VirtualLaboratory) -> None:
        """Note what drivers are sent, and what the cell's sensor reads."""
        self.laboratory = laboratory
        found = laboratory.session.instruments
        self._note(found.drive, "start_move", "turns", lambda _, turns, *__: turns)
        self._note(found.cryostat, "set_setpoint", "setpoint", lambda _, target_k, *__: target_k)
        self._note(found.cryostat, "read", "cell read", lambda read: read.cell_temperature_k)
        for light in found.lights:
            if light is not None:
                self._note(light, "switch_on", "light", lambda *_: 0.0)
                device: Any = light
                # as it is before faults break it
                self._lights[device.name] = device._driver.read

    def _note(self, device: Any, method: str, what: What, value: Callable[..., float]) -> None:
        """Note each call of a driver's method, with a value from its answer and its arguments."""
        driver = device._driver
        call = getattr(driver, method)

        def noted(*arguments: Any) -> Any:
            answer = call(*arguments)
            self.happened.append(Happened(what, float(value(answer, *arguments))))
            return answer

        setattr(driver, method, noted)

    @property
    def sent_turns(self) -> list[float]:
        """Targets that the drive was sent."""
        return [each.value for each in self.happened if each.what == "turns"]

    @property
    def was_sent_something(self) -> bool:
        """Whether any instrument was told to do anything."""
        return any(each.what != "cell read" for each in self.happened)

    @property
    def account(self) -> LightAccount | None:
        """The account of light; None where the station has no light."""
        assert self.laboratory is not None
        return account_of(self.laboratory.session.instruments)

    def _openings_without_end(self) -> list[dict[str, Any]]:
        account: Any = self.account
        records = [] if account is None else account._ledger._ledger.read()
        ended = {each["id"] for each in records if each["kind"] in ("closed", "proved_off")}
        return [each for each in records if each["kind"] == "opening" and each["id"] not in ended]

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
        # before the faults: what they break is not sent
        told.watch(laboratory)
        for fault in faults:
            fault.order(laboratory)

    how: dict[str, Any] = {"settings": kind.settings(run), "prepare": prepare}
    try:
        rehearse_once(kind.station, run, seed, listener=told.listen, **how)
    except DacError as error:
        told.refusal = str(error)
    return told
