"""A reflectance read back from its record is the one that was recorded."""

import json
from typing import Any

import numpy as np
import pytest

from dac_control.errors import RecordError
from dac_control.reflectance import AbsorptionUnknown, compare_with_control
from dac_control.reflectance.stored import reflectance_from_dict


@pytest.mark.parametrize("absolute", [True, False])
def test_there_and_back(bench: Any, absolute: bool) -> None:
    how = {} if absolute else {"absorption": AbsorptionUnknown.behind_opaque_sample()}
    found, control = (bench.measure(each, **how) for each in (0.6, 0.4))
    record = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    again = reflectance_from_dict(record)
    assert type(again) is type(found) and again.evidence == found.evidence
    np.testing.assert_array_equal(again.values, found.values)
    kept = compare_with_control([again], [control])
    assert kept.chi2 == compare_with_control([found], [control]).chi2


def test_a_record_that_lacks_something_is_a_sentence(bench: Any) -> None:
    record = bench.measure(0.6).to_dict()
    del record["terms"]
    with pytest.raises(RecordError, match="compare the run with its manifest"):
        reflectance_from_dict(record)
