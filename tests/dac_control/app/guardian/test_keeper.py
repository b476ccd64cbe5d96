"""What people hear of a take-over."""

from pathlib import Path

import pytest

from dac_control.app.guardian.aftermath import Aftermath
from dac_control.app.guardian.keeper import Keeper
from dac_control.app.station import load_station
from dac_control.errors import LinkDown


def test_a_take_over_that_fails_is_told_and_ends_nobody(
    optics_station: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Aftermath) -> str:
        raise LinkDown("the bus is gone")

    monkeypatch.setattr(Aftermath, "carry_out", fail)
    with Keeper(load_station(optics_station)) as keeper:
        said = keeper.take_over("the worker died")
        assert "look at them now: the bus is gone" in said
        assert keeper.people.still_held(), "it is told again until somebody knows"
