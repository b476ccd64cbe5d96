"""What a person should think of about the specimen before a run."""

from typing import Any

import pytest

from dac_control.app.cell_tables import Specimen


@pytest.mark.parametrize(
    ("stated", "asked"),
    [
        ({"material": "hydrogen"}, True),
        ({"material": "D2"}, True),
        ({"material": "hydrogen", "max_temperature_k": 80.0}, False),
        ({"material": "hydrogen", "contents": "alumina"}, False),
        ({"material": "FeSe"}, False),
        ({}, False),
    ],
)
def test_hydrogen_without_a_limit_of_its_temperature_is_a_concern(
    stated: dict[str, Any], asked: bool
) -> None:
    concerns = Specimen(id="s1", **stated).concerns()
    assert bool(concerns) == asked
    assert not asked or "max_temperature_k = 80" in concerns[0]
