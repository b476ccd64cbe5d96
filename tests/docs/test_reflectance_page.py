"""docs/reflectance.md says what the program says: tables, code and output."""

import contextlib
import io
import re
from pathlib import Path
from typing import Any

from dac_control.reflectance import PIXEL_FLAGS, AbsoluteReflectance, RelativeReflectance
from dac_control.reflectance.evidence import LINKS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reflectance.md"
TEXT = PAGE.read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def run() -> tuple[dict[str, Any], list[str]]:
    found: dict[str, Any] = {}
    printed: list[str] = []
    for code in blocks("python"):
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            exec(compile(code, str(PAGE), "exec"), found)
        printed.append(output.getvalue())
    return found, printed


def test_the_code_runs_and_prints_what_the_page_shows() -> None:
    found, printed = run()
    assert printed == blocks("text")
    assert isinstance(found["known"], AbsoluteReflectance)
    assert isinstance(found["opaque"], RelativeReflectance)
    rows = set(re.findall(r"^\| (.*) \| (statistical|systematic) \| (\w+) \|$", TEXT, re.MULTILINE))
    assert rows == {(term.name, term.kind, term.scope) for term in found["known"].terms}


def test_every_flag_and_link_is_on_the_page() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]*) \|$", TEXT, re.MULTILINE))
    assert rows == PIXEL_FLAGS
    for link in LINKS:
        assert f"| `{link}` |" in TEXT
