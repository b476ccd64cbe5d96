"""A growing journal, read piece by piece, gives what the reader gives at its end."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from event_model import compose_run
from hypothesis import given, settings
from hypothesis import strategies as st

from dac_control.errors import RecordError
from dac_control.records.lines import dumps_line
from dac_control.records.reader import open_run
from dac_control.records.tail import RunTail


def _lines() -> list[bytes]:
    run = compose_run(metadata={"plan_name": "ramp", "note": "λ0 µ"})
    keys: dict[str, Any] = {
        "ruby_pressure_gpa": {"source": "", "dtype": "number", "shape": []},
        "ruby_spectrum": {"source": "", "dtype": "array", "shape": [3], "dtype_numpy": "<f8"},
    }
    stream = run.compose_descriptor(name="primary", data_keys=keys)
    documents: list[Any] = [("start", run.start_doc), ("descriptor", stream.descriptor_doc)]
    for number in range(3):
        data = {"ruby_pressure_gpa": np.nan, "ruby_spectrum": np.full(3, number)}
        event = stream.compose_event(data=data, timestamps=dict.fromkeys(data, 0.0))
        documents.append(("event", event))
    documents.append(("stop", run.compose_stop()))
    return [dumps_line(each) for each in documents]


LINES = _lines()
WHOLE = b"".join(LINES)


@settings(deadline=None)
@given(cuts=st.sets(st.integers(0, len(WHOLE))))
def test_every_document_comes_once_wherever_the_writer_was(
    cuts: set[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("run")
    journal = folder / "documents.jsonl"
    journal.write_bytes(b"")
    tail = RunTail(folder)
    found: list[tuple[str, dict[str, Any]]] = []
    for cut in [*sorted(cuts), len(WHOLE)]:
        journal.write_bytes(WHOLE[:cut])
        found += tail.read()
        # a line is given as soon as it is whole
        assert len(found) == WHOLE[:cut].count(b"\n")
    assert tail.read() == []
    for (name, doc), (wanted_name, wanted) in zip(found, open_run(folder).documents(), strict=True):
        assert name == wanted_name
        np.testing.assert_equal(doc, wanted)


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    journal = tmp_path / "documents.jsonl"
    journal.write_bytes(b"".join(LINES[:2]))
    tail = RunTail(tmp_path)
    assert [name for name, _ in tail.read()] == ["start", "descriptor"]
    with journal.open("ab") as file:
        file.write(b"[1, \n" + LINES[2])
    with pytest.raises(RecordError, match="Line 3 of"):
        tail.read()


def test_a_journal_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="Reading the journal"):
        RunTail(tmp_path / "none").read()
