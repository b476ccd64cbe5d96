"""Results of a long campaign in a file of JSON lines, so that a second call goes on with it."""

import json
import lzma
from pathlib import Path
from typing import Any

__all__ = ["append_result", "read_results"]


def read_results(path: Path | None) -> list[dict[str, Any]]:
    """Read what a file holds, also one packed as ``.xz``, or all such files of a folder.

    A line that was torn by a kill does not count.
    """
    if path is None or not path.exists():
        return []
    results: list[dict[str, Any]] = []
    for each in sorted(path.glob("*.jsonl*")) if path.is_dir() else [path]:
        for line in _text(each).splitlines():
            try:
                results.append(json.loads(line))
            except json.JSONDecodeError:
                continue
    return results


def _text(path: Path) -> str:
    raw = path.read_bytes()
    return (lzma.decompress(raw) if path.suffix == ".xz" else raw).decode()


def append_result(path: Path, result: dict[str, Any]) -> None:
    """Add one result, on a line of its own whatever stands before it."""
    text = json.dumps(result, separators=(",", ":")) + "\n"
    torn = path.exists() and path.stat().st_size and not path.read_bytes().endswith(b"\n")
    with path.open("a", encoding="utf-8") as file:
        file.write("\n" + text if torn else text)
        file.flush()
