"""A journal cut at any byte gives the events before the cut: none lost, none invented."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from event_model import compose_run
from hypothesis import given
from hypothesis import strategies as st

from dac_control.errors import RecordError
from dac_control.records import list_runs, open_run
from dac_control.records.journal import Journal, iter_documents
from dac_control.records.lines import dumps_line

EVENTS = 4


def _documents() -> list[tuple[str, dict[str, Any]]]:
    run = compose_run(metadata={"plan_name": "ramp", "devices": {"ruby": "ruby"}, "note": "λ0 µ"})
    keys: dict[str, Any] = {
        "ruby_pressure_gpa": {"source": "", "dtype": "number", "shape": []},
        "ruby_flags": {"source": "", "dtype": "string", "shape": []},
        "ruby_parameters": {"source": "", "dtype": "array", "shape": [2], "dtype_numpy": "<f8"},
    }
    stream = run.compose_descriptor(name="primary", data_keys=keys)
    documents: list[tuple[str, Any]] = [
        ("start", run.start_doc),
        ("descriptor", stream.descriptor_doc),
    ]
    for number in range(EVENTS):
        data: dict[str, Any] = {
            "ruby_pressure_gpa": number * 1.1,
            "ruby_flags": "saturated é",
            "ruby_parameters": np.array([number, np.nan]),
        }
        event = stream.compose_event(data=data, timestamps=dict.fromkeys(data, 0.0))
        documents.append(("event", event))
    return [*documents, ("stop", dict(run.compose_stop()))]


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    journal = Journal(folder)
    for name, doc in _documents():
        journal.write(name, doc)
    journal.close()
    return journal.path


@pytest.mark.parametrize("tail", [b"", b"\0" * 16], ids=["cut", "cut, then zeros"])
def test_every_cut_gives_a_prefix(
    journal: Path, tmp_path: Path, tail: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)  # thousands of warnings of a torn line
    whole = journal.read_bytes()
    lines = whole.splitlines(keepends=True)
    # A document is whole with its last bracket; the newline after it may be missing.
    ends = np.cumsum([len(line) for line in lines]) - 1
    folder = tmp_path / "run"
    folder.mkdir()
    for cut in range(len(whole) + 1):
        # every byte around the ends of lines, and every fifth between them
        if np.abs(ends - cut).min() > 4 and cut % 5:
            continue
        (folder / "documents.jsonl").write_bytes(whole[:cut] + tail)
        # Bytes that follow a line without its newline spoil that line.
        spoilt = 1 if tail else 0
        complete = int((ends + spoilt <= cut).sum())
        assert len(list(iter_documents(folder))) == complete
        # Opening a run takes longer than reading its lines: around the ends, and some between.
        if np.abs(ends - cut).min() > 2 and cut % 35:
            continue
        if complete == 0:
            with pytest.raises(RecordError, match="no start document"):
                open_run(folder)
            assert list_runs(tmp_path) == []
            continue
        run = open_run(folder)
        events = min(max(complete - 2, 0), EVENTS)
        finished = complete == len(lines)
        assert run.exit_status == ("success" if finished else "unfinished")
        assert list_runs(tmp_path)[0].exit_status == run.exit_status
        table = run.table()
        if events == 0:
            assert table == {}
        else:
            expected = [number * 1.1 for number in range(events)]
            assert table["ruby_pressure_gpa"].tolist() == expected
            assert table["ruby_parameters"][:, 0].tolist() == list(range(events))
            assert np.isnan(table["ruby_parameters"][:, 1]).all()


def test_damage_before_the_last_line_is_reported_and_not_skipped(
    journal: Path, tmp_path: Path
) -> None:
    lines = journal.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2][:20] + b"\n"
    (tmp_path / "documents.jsonl").write_bytes(b"".join(lines))
    with pytest.raises(RecordError, match=r"Line 3 of .*documents\.jsonl is damaged"):
        open_run(tmp_path)


def test_a_line_that_is_no_document_is_reported(tmp_path: Path) -> None:
    (tmp_path / "documents.jsonl").write_bytes(b'["start", {"uid": "a"}]\n{"a": 1}\n')
    with pytest.raises(RecordError, match=r"Line 2 .* is not a document"):
        open_run(tmp_path)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), VALUES, max_size=5))
def test_a_line_is_one_line_and_round_trips(content: dict[str, Any]) -> None:
    line = dumps_line(["event", content])
    assert line.count(b"\n") == 1 and line.endswith(b"\n")
    assert orjson.loads(line) == ["event", content]
