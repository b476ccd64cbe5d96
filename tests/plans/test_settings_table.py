"""No number of any table of settings may be endless."""

import math
from dataclasses import fields

import pytest

from dac_control.errors import LimitError
from plans import gauge_settings, optics_settings, outliers, route, settings, watching_settings
from plans.settings_table import SettingsTable

MODULES = (gauge_settings, optics_settings, outliers, route, settings, watching_settings)
TABLES = [
    found
    for module in MODULES
    for found in vars(module).values()
    if isinstance(found, type) and issubclass(found, SettingsTable) and found is not SettingsTable
]
NEEDED = {"Targets": {"unit": "gpa"}, "Closing": {"last_turns": 1.0}, "Repeat": {"pressure_gpa": 8}}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
@pytest.mark.parametrize("endless", [math.inf, math.nan])
def test_every_number_is_finite(table: type, endless: float) -> None:
    numbers = [each for each in fields(table) if "float" in str(each.type)]
    assert numbers
    for each in numbers:
        value = (1.0, endless) if "tuple" in str(each.type) else endless
        with pytest.raises(LimitError, match=rf"\.{each.name} must be a finite number, not"):
            table(**(NEEDED.get(table.__name__, {}) | {each.name: value}))
