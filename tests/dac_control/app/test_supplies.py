"""Will it last: helium, compressor, disk."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dac_control.app.supplies import Stock, judge_supplies
from dac_control.app.supplies_tables import SuppliesTable, disk_free_bytes


def spread(median: float, high: float | None = None) -> dict[str, float | None]:
    return {"median": median, "low": median, "high": median if high is None else high}


def judged(stock: Stock, *, cooling: str = "helium_flow", litres: float = 20.0) -> dict[str, Any]:
    helium = {"cooling": cooling, "litres": spread(litres)}
    found = judge_supplies(spread(10.0, 12.0), helium, spread(2e9), stock)
    return {each.what: each for each in found}


def test_helium_that_does_not_last_is_said_with_the_hour_at_which_it_ends() -> None:
    stock = Stock(helium_l=30.0, helium_loss_l_per_h=1.0, helium_reserve_l=6.0)
    found = judged(stock)["helium"]
    assert found.enough is False
    # 20 l and 12 h of 1 l/h; 24 l can be used
    assert "needs 32 l of helium in 12.0 h" in found.message
    assert "ends after about 9.0 h" in found.message


def test_enough_helium_is_enough() -> None:
    assert judged(Stock(helium_l=60.0, helium_loss_l_per_h=1.0))["helium"].enough is True


def test_what_nobody_said_is_asked_for() -> None:
    assert judged(Stock())["helium"].enough is None
    assert "--helium-l" in judged(Stock())["helium"].message
    closed = judged(Stock(), cooling="closed_cycle")
    assert "helium" not in closed
    assert "--compressor running" in closed["compressor"].message


@pytest.mark.parametrize(("state", "enough"), [("running", True), ("off", False)])
def test_a_compressor_is_as_it_was_stated(state: Any, enough: bool) -> None:
    assert judged(Stock(compressor=state), cooling="closed_cycle")["compressor"].enough is enough


def test_a_full_disk_is_said() -> None:
    stock = Stock(disk_free_bytes=6e9, disk_reserve_bytes=5e9)
    found = judged(stock)["disk"]
    assert found.enough is False
    assert "at most 2.0 GB" in found.message
    assert judged(Stock(disk_free_bytes=8e9, disk_reserve_bytes=5e9))["disk"].enough is True


@given(st.floats(0, 1e3), st.floats(0, 10), st.floats(0, 50), st.floats(0, 500))
def test_more_helium_never_makes_it_worse(
    litres: float, loss: float, reserve: float, needed: float
) -> None:
    def enough(helium_l: float) -> bool | None:
        stock = Stock(helium_l=helium_l, helium_loss_l_per_h=loss, helium_reserve_l=reserve)
        return judged(stock, litres=needed)["helium"].enough

    assert enough(litres) <= enough(litres + 1.0)  # type: ignore[operator]


def test_the_disk_is_looked_at_where_the_runs_will_be(tmp_path: Path) -> None:
    table = SuppliesTable(disk_reserve_gb=1.0)
    stock = table.as_stock(tmp_path / "not" / "yet")
    assert stock.disk_free_bytes == pytest.approx(disk_free_bytes(tmp_path), rel=0.2)
    assert stock.disk_reserve_bytes == 1e9
