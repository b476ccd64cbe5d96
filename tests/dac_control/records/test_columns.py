import math
from typing import Any

import numpy as np
import pytest

from dac_control.records.columns import column, restore


@pytest.mark.parametrize(
    ("value", "data_key", "expected"),
    [
        (1.5, {"dtype": "number"}, 1.5),
        (None, {"dtype": "number"}, math.nan),
        (None, {"dtype": "integer"}, math.nan),
        (None, {"dtype": "string"}, None),
        ("a", {"dtype": "string"}, "a"),
        (True, {"dtype": "boolean"}, True),
        ([1.0, None], {"dtype": "array", "dtype_numpy": "<f8"}, np.array([1.0, np.nan])),
        ([1.0, None], {"dtype": "array"}, np.array([1.0, np.nan])),
        ([1, None], {"dtype": "array", "dtype_numpy": "<i4"}, np.array([1.0, np.nan])),
        ([[1, 2]], {"dtype": "array", "dtype_numpy": "|u1"}, np.array([[1, 2]], dtype=np.uint8)),
        ([300], {"dtype": "array", "dtype_numpy": "|u1"}, np.array([300])),
        (["a", "b"], {"dtype": "array", "dtype_numpy": "<U1"}, np.array(["a", "b"])),
        ([], {"dtype": "array", "dtype_numpy": "<f8"}, np.array([])),
        ([1], {"dtype": "array", "dtype_numpy": "nonsense"}, np.array([1])),
    ],
)
def test_a_value_comes_back(value: Any, data_key: dict[str, Any], expected: Any) -> None:
    found = restore(value, data_key)
    assert type(found) is type(expected)
    np.testing.assert_array_equal(found, expected)
    if isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype


@pytest.mark.parametrize("value", [[[1, 2], [3]], None, ["a", 1, None], {"a": 1}])
def test_what_is_no_array_is_kept_and_raises_nothing(value: Any) -> None:
    found = restore(value, {"dtype": "array", "dtype_numpy": "<f8"})
    assert isinstance(found, np.ndarray)


def test_columns_have_the_type_of_their_key() -> None:
    assert column([1, 2], {"dtype": "integer"}).dtype == np.int64
    assert column([1, math.nan], {"dtype": "integer"}).dtype == float
    assert column([True, False], {"dtype": "boolean"}).dtype == bool
    assert column([True, None], {"dtype": "boolean"}).dtype == object
    assert column(["", "b"], {"dtype": "string"}).dtype == object
    np.testing.assert_array_equal(column([1.0, None], {"dtype": "number"}), [1.0, np.nan])


def test_arrays_of_one_shape_are_stacked_and_others_kept() -> None:
    array = {"dtype": "array"}
    assert column([np.zeros(3), np.ones(3)], array).shape == (2, 3)
    ragged = column([np.zeros(3), np.ones(2)], array)
    assert ragged.shape == (2,) and ragged.dtype == object and ragged[1].shape == (2,)
    missing = column([np.zeros(3), None], array)
    assert missing.shape == (2,) and missing[1] is None
