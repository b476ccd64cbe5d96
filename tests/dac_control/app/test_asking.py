"""Questions at the terminal: where there is none, nobody was asked."""

import io

import pytest

from dac_control.app.asking import ask_at_terminal, can_ask
from dac_control.errors import NotAsked


def _closed() -> io.StringIO:
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize("stream", [io.StringIO("0.25\n"), _closed(), None])
def test_without_a_terminal_nobody_is_asked(
    stream: io.StringIO | None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdin", stream)
    assert not can_ask()
    with pytest.raises(NotAsked, match="this session has no terminal; start it from one"):
        ask_at_terminal("where? ")
    assert capsys.readouterr().out == ""
