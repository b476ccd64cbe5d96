import os
import socket
import threading

import pytest

from dac_control.app.guardian.channel import INVITATION, Door, Wire, knock


@pytest.fixture
def ends() -> tuple[Wire, Wire]:
    door = Door()
    knocked: list[Wire | None] = []
    environment = {INVITATION: door.invitation}
    thread = threading.Thread(target=lambda: knocked.append(knock(environment)))
    thread.start()
    inside = door.accept(10.0)
    thread.join(10.0)
    door.close()
    assert INVITATION not in environment, "a child would find the token"
    assert inside is not None and knocked[0] is not None
    return inside, knocked[0]


def test_messages_arrive_whole_and_in_order(ends: tuple[Wire, Wire]) -> None:
    inside, outside = ends
    sent = [{"kind": "beat", "n": n, "text": "ä" * n} for n in range(200)]
    for message in sent:
        outside.send(message)
    outside.close()
    assert list(inside.messages()) == sent
    inside.close()


def test_a_line_that_is_no_message_ends_it(ends: tuple[Wire, Wire]) -> None:
    inside, outside = ends
    outside.send({"kind": "hello"})
    outside._socket.sendall(b"\xff\x00 nonsense\n")
    outside.send({"kind": "late"})
    assert list(inside.messages()) == [{"kind": "hello"}]
    inside.close()
    outside.close()


def test_a_stranger_is_turned_away() -> None:
    door = Door()
    port = int(door.invitation.split()[0])
    strangers = [socket.create_connection(("127.0.0.1", port)) for _ in range(2)]
    strangers[0].sendall(b"x" * 65)
    strangers[1].close()
    environment = {INVITATION: door.invitation}
    outside = knock(environment)
    inside = door.accept(20.0)
    assert inside is not None and outside is not None
    outside.send({"kind": "hello"})
    outside.close()
    assert list(inside.messages()) == [{"kind": "hello"}]
    inside.close()
    strangers[0].close()
    door.close()


def test_nobody_comes() -> None:
    door = Door()
    assert door.accept(0.01) is None
    door.close()
    assert knock({}) is None


@pytest.mark.skipif(os.name == "nt", reason="a send there waits for the reader")
def test_nobody_is_let_in_by_a_door_that_was_closed() -> None:
    door = Door()
    door.close()
    assert door.accept(10.0) is None


def test_a_reader_that_does_not_read_cannot_hold_the_sender(
    ends: tuple[Wire, Wire], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dac_control.app.guardian.channel._SEND_TIMEOUT_S", 0.05)
    inside, outside = ends
    with pytest.raises(OSError):
        for _ in range(1000):
            outside.send({"kind": "beat", "text": "x" * 100_000})
    with pytest.raises(OSError, match="broken"):
        outside.send({"kind": "beat"})
    inside.close()
    outside.close()
