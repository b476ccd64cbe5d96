"""A specimen's history, carried from one station to another and back."""

import datetime
from pathlib import Path
from typing import Any

import pytest

from dac_control.errors import RecordError
from dac_control.records import LightLedger
from dac_control.records.calibrations import CalibrationLog, CalibrationStore
from dac_control.records.specimen_history import (
    Accepted,
    accept_history,
    pack_history,
    read_history,
)
from dac_control.safety.light.ledger import LightBook, Moment

NOW = Moment(time=1e9, lab_time_s=0.0, session="s")


class Bench:
    """The logs of one station."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.name = folder, folder.name
        self.light = LightLedger(folder / "light.jsonl")
        self.calibrations = CalibrationLog(folder / "calibrations.jsonl")

    def shoot(self, ident: str, specimen: str = "H-7", open_s: float = 10.0) -> None:
        opening = {"kind": "opening", "id": ident, "specimen": specimen, "light": "532nm"}
        beam = {"spot": "ruby", "power_mw": 2.0, "transmission": 0.5, "area_um2": 10.0}
        when = {"time": 1.0, "lab_time_s": 1.0, "session": "x", "speed": 1.0}
        self.light.append({**opening, **beam, **when})
        self.light.append({"kind": "closed", "id": ident, "open_s": open_s, "power_mw": 2.0})

    def energy_mj(self) -> float:
        doses = LightBook.of(self.light.read()).doses("H-7", NOW)
        return sum(dose.energy_mj for dose in doses.values())

    def pack(self) -> Path:
        path = self.folder / "history.jsonl"
        pack_history(
            self.light,
            self.calibrations,
            specimen="H-7",
            station=self.name,
            simulated=False,
            path=path,
        )
        return path

    def accept(self, path: Path, **changed: Any) -> Accepted:
        about = {"specimen": "H-7", "simulated": False, **changed}
        return accept_history(read_history(path), self.light, self.calibrations, **about)


@pytest.fixture
def benches(tmp_path: Path) -> tuple[Bench, Bench]:
    for name in ("cryostat 1", "cryostat 2"):
        (tmp_path / name).mkdir()
    return Bench(tmp_path / "cryostat 1"), Bench(tmp_path / "cryostat 2")


def test_light_follows_the_specimen_once_and_back(benches: tuple[Bench, Bench]) -> None:
    one, two = benches
    one.shoot("a")
    one.shoot("of another", specimen="H-8")
    two.shoot("b")
    assert two.accept(one.pack()) == Accepted(light=2, seen=0)
    assert two.energy_mj() == pytest.approx(20.0)
    assert two.accept(one.pack()) == Accepted(light=0, seen=0)
    two.shoot("c")
    assert one.accept(two.pack()) == Accepted(light=4, seen=0)
    assert one.energy_mj() == two.energy_mj() == pytest.approx(30.0)
    assert {r.get("station") for r in one.light.read()} == {None, "cryostat 2"}


def test_what_was_seen_of_it_follows_and_lambda0_stays(benches: tuple[Bench, Bench]) -> None:
    one, two = benches
    when = datetime.datetime(2026, 11, 29, tzinfo=datetime.UTC)
    store = CalibrationStore(one.calibrations)
    store.add("specimen_seen", "H-7", {"vibron_cm1": 4200.0}, time=when)
    store.add("lambda0", "chip 3", {"value_nm": 694.2}, time=when)
    assert two.accept(one.pack()) == Accepted(light=0, seen=1)
    found = CalibrationStore(two.calibrations)
    assert found.history("specimen_seen", "H-7")[0].content == {"vibron_cm1": 4200.0}
    assert found.history("lambda0", "chip 3") == ()


def test_another_specimen_and_simulated_light_are_refused(benches: tuple[Bench, Bench]) -> None:
    one, two = benches
    one.shoot("a")
    path = one.pack()
    with pytest.raises(RecordError, match="'H-7'"):
        two.accept(path, specimen="H-9")
    with pytest.raises(RecordError, match="never mixed"):
        two.accept(path, simulated=True)
    assert two.light.read() == []


def test_a_damaged_or_foreign_file_is_refused(benches: tuple[Bench, Bench]) -> None:
    one, two = benches
    one.shoot("a")
    path = one.pack()
    whole = path.read_bytes()
    for damaged in (whole.replace(b'"open_s":10.0', b'"open_s":1.0'), whole.splitlines()[0]):
        path.write_bytes(damaged)
        with pytest.raises(RecordError, match="not as it was written"):
            two.accept(path)
    path.write_bytes(b'{"kind": "opening"}\n')
    with pytest.raises(RecordError, match="no history"):
        two.accept(path)
    with pytest.raises(RecordError, match="no file"):
        read_history(path.with_name("absent"))
    assert two.light.read() == []
