"""docs/unattended.md names a test for each guarantee, and each of them exists."""

import re
from pathlib import Path

from simulators.unrevealed import UNREVEALED

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "unattended.md").read_text(encoding="utf-8")


def test_every_test_that_is_named_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)
    assert len(named) > 20
    missing = [
        (path, name)
        for path, name in named
        if f"def {name}(" not in (ROOT / path).read_text(encoding="utf-8")
    ]
    assert missing == []


def test_every_fault_that_no_protocol_reveals_is_listed_and_no_other() -> None:
    rows = re.findall(r"^  \| (\w+) \| `(\w+)` \|", TEXT, re.MULTILINE)
    assert sorted(rows) == sorted((role, fault.value) for role, fault, _ in UNREVEALED)
