"""Bytes to lines of text, in whatever encoding a spectrometer's program wrote them."""

import re
from pathlib import Path
from typing import Final

from dac_control.errors import SpectrumFileError

__all__ = ["decode_lines"]

_BOMS: Final = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_SAMPLE: Final = 4096
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MOST_CONTROL_SHARE: Final = 0.01


def decode_lines(data: bytes, path: Path) -> list[str]:
    """Decode a text file and cut it into lines.

    Raises
    ------
    SpectrumFileError
        It is not text.
    """
    encoding = _encoding(data)
    if encoding is None:
        raise SpectrumFileError(
            f"{path} is neither text nor a format that is known here; export the spectrum as "
            "text (two columns) from the program that wrote it."
        )
    text = data.decode(encoding, errors="replace")
    # Not splitlines(): it also cuts at form feeds and at separators inside of header fields.
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _encoding(data: bytes) -> str | None:
    for bom, name in _BOMS:
        if data.startswith(bom):
            return name
    sample = data[:_SAMPLE]
    if b"\x00" in sample:
        return _wide_without_bom(sample)
    if len(_CONTROL.findall(sample)) > _MOST_CONTROL_SHARE * len(sample):
        return None
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1"  # never fails, and has the degree sign and mu where Windows has them
    return "utf-8"


def _wide_without_bom(sample: bytes) -> str | None:
    """Tell UTF-16 from binary: of text in Latin letters every other byte is 0."""
    even, odd = sample[0::2], sample[1::2]
    for name, high, low in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if high.count(0) > 0.9 * len(high) and low.count(0) == 0 and not _CONTROL.search(low):
            return name
    return None
