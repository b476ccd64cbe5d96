"""Tickets and times: what is written down before anything moves."""

from pathlib import Path

import pytest

from dac_control.app.queue.place import Place, QueueAddresses
from dac_control.app.queue.schedule import (
    LATE_S,
    Scheduled,
    due,
    forget,
    misses,
    schedule,
    scheduled,
)
from dac_control.app.queue.tickets import begin, end, read_tickets
from dac_control.errors import LimitError, QueueUnreachable


def test_a_ticket_is_begun_once(tmp_path: Path) -> None:
    ledger = tmp_path / "tickets.jsonl"
    begin(ledger, "a1", "ramp.toml")
    with pytest.raises(LimitError, match=r"ramp.toml \(ticket a1\) was begun .* not repeated"):
        begin(ledger, "a1", "ramp.toml")
    begin(ledger, "b2", "hold.toml")
    end(ledger, "b2", folder="runs/x", failure="")
    found = read_tickets(ledger)
    assert (found["a1"].ended, found["b2"].folder) == (None, "runs/x")
    with pytest.raises(LimitError):
        begin(ledger, "b2", "hold.toml")


def test_a_torn_last_line_is_no_ticket(tmp_path: Path) -> None:
    ledger = tmp_path / "tickets.jsonl"
    begin(ledger, "a1", "ramp.toml")
    with ledger.open("ab") as file:
        file.write(b'{"kind": "begun", "tick')
    assert list(read_tickets(ledger)) == ["a1"]
    begin(ledger, "b2", "hold.toml")
    assert list(read_tickets(ledger)) == ["a1", "b2"]


def test_tickets_wait_for_their_time_and_are_not_begun_late(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.make()
    for ticket, at in (("late", 1000.0), ("soon", 5000.0), ("next", 2000.0)):
        schedule(place, Scheduled(ticket=ticket, title=f"{ticket}.toml", at=at))
    assert [item.ticket for item in scheduled(place)] == ["late", "next", "soon"]
    assert due(place, 1999.0) == []
    assert [item.ticket for item in due(place, 2000.0)] == ["next"]
    assert [item.ticket for item in misses(place, 2000.0)] == ["late"]
    assert [item.ticket for item in misses(place, 1000.0 + LATE_S)] == []
    forget(place, "next")
    forget(place, "next")
    assert [item.ticket for item in due(place, 2000.0)] == []


def test_addresses_are_for_their_owner_only(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.make()
    with pytest.raises(QueueUnreachable, match="queue start"):
        place.find()
    addresses = QueueAddresses(
        control="tcp://127.0.0.1:1", public_key="k", redis="r", prefix=place.prefix, pid=1
    )
    place.save(addresses)
    assert place.find() == addresses
    assert (place.folder / "addresses.json").stat().st_mode & 0o077 == 0
    place.forget()
    with pytest.raises(QueueUnreachable):
        place.find()


def test_two_stations_have_two_prefixes(tmp_path: Path) -> None:
    assert Place(tmp_path / "a").prefix != Place(tmp_path / "b").prefix
