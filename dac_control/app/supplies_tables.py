"""Table of the station file about what a night uses up: ``[supplies]``."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import Field

from dac_control.app.supplies import Compressor, Stock
from dac_control.app.tables import NonNegative, Strict

if TYPE_CHECKING:
    from dac_control.app.station import Station

__all__ = ["SuppliesTable", "disk_free_bytes", "stock_of"]

_GB = 1e9


class SuppliesTable(Strict):
    """``[supplies]``: what no instrument measures; what changes daily is better said when asked."""

    helium_l: NonNegative | None = None
    """Liquid helium in the dewar at the beginning of a run."""
    helium_loss_l_per_h: NonNegative = 0.0
    """Transfer and boil-off beside what cools; often as much again."""
    helium_reserve_l: NonNegative = 5.0
    """What a dewar no longer delivers."""
    compressor: Compressor | None = None
    disk_reserve_gb: Annotated[float, Field(ge=0, strict=True)] = 5.0

    def as_stock(self, runs: Path) -> Stock:
        """What there is, with the disk that the runs go to."""
        return Stock(
            helium_l=self.helium_l,
            helium_loss_l_per_h=self.helium_loss_l_per_h,
            helium_reserve_l=self.helium_reserve_l,
            compressor=self.compressor,
            disk_free_bytes=disk_free_bytes(runs),
            disk_reserve_bytes=self.disk_reserve_gb * _GB,
        )


def disk_free_bytes(folder: Path) -> float | None:
    """Free bytes where a folder is or will be; None if that cannot be told."""
    for path in (folder, *folder.parents):
        if path.exists():
            try:
                return float(shutil.disk_usage(path).free)
            except OSError:
                return None
    return None


def stock_of(station: "Station", stated: Mapping[str, Any], *, ask: bool) -> Stock:
    """What there is at a station: what was stated now, else its file, else a person is asked.

    Parameters
    ----------
    station : Station
        The station.
    stated : mapping
        ``helium_l`` and ``compressor``, where somebody said them.
    ask : bool
        Ask at the terminal for what is not known.
    """
    stock = station.supplies.as_stock(station.storage.runs)
    stock = replace(stock, **{key: value for key, value in stated.items() if value is not None})
    flow = station.rehearsal.cooling == "helium_flow"
    if ask and flow and stock.helium_l is None:
        litres = typer.prompt("Liquid helium in the dewar now, in litres", type=float)
        stock = replace(stock, helium_l=max(0.0, litres))
    if ask and not flow and stock.compressor is None:
        runs = typer.confirm("Does the compressor run?")
        stock = replace(stock, compressor="running" if runs else "off")
    return stock
