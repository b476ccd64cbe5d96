from pathlib import Path

import numpy as np
import orjson
import pytest

from dac_control.errors import RecordError
from dac_control.records.lines import dumps_line


def test_numpy_and_friends_become_json() -> None:
    content = {
        "strided": np.arange(6)[::2],
        "big_endian": np.array([1.5], dtype=">f8"),
        "text": np.array(["a", "b"]),
        "scalar": np.float32(0.5),
        "flag": np.bool_(True),
        "path": Path("a"),
        "set": {"b", "a"},
        "nan": float("nan"),
        "infinite": np.array([np.inf, 1.0]),
    }
    assert orjson.loads(dumps_line(content)) == {
        "strided": [0, 2, 4],
        "big_endian": [1.5],
        "text": ["a", "b"],
        "scalar": 0.5,
        "flag": True,
        "path": "a",
        "set": ["a", "b"],
        "nan": None,
        "infinite": [None, 1.0],
    }


def test_what_has_no_json_form_is_refused() -> None:
    with pytest.raises(RecordError, match=r"no JSON form|not JSON"):
        dumps_line({"a": object()})
