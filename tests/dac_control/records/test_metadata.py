import copy
from pathlib import Path
from typing import Any

import bluesky.plan_stubs as bps
import pytest
from bluesky import RunEngine

from dac_control.errors import RecordError
from dac_control.records import RunMetadata


def test_metadata_outlive_the_program(tmp_path: Path) -> None:
    path = tmp_path / "state" / "metadata.json"
    md = RunMetadata(path)
    md["operator"] = "Zoë"
    md["specimen"] = {"id": "H2-7", "material": "hydrogen"}
    md["gone"] = 1
    del md["gone"]
    again = RunMetadata(path)
    assert dict(again) == {
        "operator": "Zoë",
        "specimen": {"id": "H2-7", "material": "hydrogen"},
    }
    assert [entry.name for entry in path.parent.iterdir()] == ["metadata.json"]


def test_scan_number_goes_on_in_the_next_session(tmp_path: Path, run_engine: RunEngine) -> None:
    path = tmp_path / "metadata.json"
    numbers: list[int] = []
    run_engine.subscribe(lambda _, doc: numbers.append(doc["scan_id"]), "start")
    engine: Any = run_engine  # bluesky types md as dict, and takes any mapping
    for _ in range(2):
        engine.md = RunMetadata(path)
        run_engine([*bps.open_run(), *bps.close_run()])
    assert numbers == [1, 2]
    assert RunMetadata(path)["scan_id"] == 2


def test_a_run_engine_takes_it(tmp_path: Path) -> None:
    md: Any = RunMetadata(tmp_path / "metadata.json")
    engine = RunEngine(md, context_managers=[])
    engine.loop.call_soon_threadsafe(engine.loop.stop)
    engine._th.join(timeout=10)
    engine.loop.close()
    assert "bluesky" in engine.md["versions"]


def test_a_deep_copy_is_a_plain_dictionary(tmp_path: Path) -> None:
    md = RunMetadata(tmp_path / "metadata.json")
    md["specimen"] = {"id": "a"}
    copied = copy.deepcopy(md)
    assert type(copied) is dict
    copied["specimen"]["id"] = "b"
    assert md["specimen"] == {"id": "a"} and len(md) == 1


@pytest.mark.parametrize("text", [b"", b'{"scan_id": 7', b"[1]", b"\0\0\0"])
def test_a_damaged_file_is_reported_and_never_reset(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "metadata.json"
    path.write_bytes(text)
    with pytest.raises(RecordError, match=r"metadata\.json are damaged .*restore"):
        RunMetadata(path)
    assert path.read_bytes() == text


def test_memory_never_runs_ahead_of_the_disk(tmp_path: Path, full_disk: Any) -> None:
    path = tmp_path / "metadata.json"
    md = RunMetadata(path)
    md["scan_id"] = 1
    full_disk.fill()
    with pytest.raises(RecordError, match="No space left"):
        md["scan_id"] = 2
    full_disk.free()
    assert md["scan_id"] == RunMetadata(path)["scan_id"] == 1
    with pytest.raises(RecordError, match="JSON"):
        md["device"] = object()
    assert "device" not in md


def test_keys_are_text(tmp_path: Path) -> None:
    md: Any = RunMetadata(tmp_path / "metadata.json")
    with pytest.raises(RecordError, match="text keys"):
        md[1] = 2
