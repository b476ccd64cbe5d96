"""Will it last for the night? What a rehearsal needs against what there is. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

__all__ = ["Compressor", "Finding", "Stock", "judge_supplies"]

Compressor: TypeAlias = Literal["running", "off"]


@dataclass(frozen=True, kw_only=True)
class Stock:
    """What there is; None where nobody said."""

    helium_l: float | None = None
    """Liquid helium in the dewar now."""
    helium_loss_l_per_h: float = 0.0
    """Transfer and boil-off, which a rehearsal does not know."""
    helium_reserve_l: float = 0.0
    """What must be left at the end: below it a dewar no longer delivers."""
    compressor: Compressor | None = None
    disk_free_bytes: float | None = None
    disk_reserve_bytes: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Whether one thing will last."""

    what: Literal["helium", "compressor", "disk"]
    enough: bool | None
    """None where nobody said how much there is."""
    message: str

    def as_document(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def judge_supplies(
    duration_h: Mapping[str, float | None],
    helium: Mapping[str, Any],
    record_bytes: Mapping[str, float | None],
    stock: Stock,
) -> list[Finding]:
    """Compare what a run needs with what there is.

    The upper end of the rehearsed band counts: a night that lasts in the median is one in two.

    Parameters
    ----------
    duration_h, record_bytes : mapping
        ``median``, ``low`` and ``high`` over the rehearsed seeds.
    helium : mapping
        ``cooling`` (``closed_cycle`` or ``helium_flow``) and ``litres``, a spread as above.
    stock : Stock
        What there is.
    """
    hours = _upper(duration_h)
    if helium["cooling"] == "closed_cycle":
        found = [_compressor(stock.compressor)]
    else:
        found = [_helium(hours, _upper(helium["litres"]), stock)]
    return [*found, _disk(_upper(record_bytes), stock)]


def _upper(spread: Mapping[str, float | None]) -> float:
    high = spread["high"] if spread["high"] is not None else spread["median"]
    return 0.0 if high is None else float(high)


def _helium(hours: float, rehearsed_l: float, stock: Stock) -> Finding:
    needed_l = rehearsed_l + stock.helium_loss_l_per_h * hours
    need = (
        f"The run needs {needed_l:.0f} l of helium in {hours:.1f} h "
        f"({rehearsed_l:.0f} l in the cryostat, {needed_l - rehearsed_l:.0f} l on the way)"
    )
    if stock.helium_l is None:
        return Finding(
            what="helium",
            enough=None,
            message=f"{need}; say how much there is with --helium-l, or in [supplies].",
        )
    usable_l = stock.helium_l - stock.helium_reserve_l
    if usable_l >= needed_l:
        return Finding(
            what="helium",
            enough=True,
            message=f"{need}; {usable_l:.0f} l can be used.",
        )
    lasts_h = hours * max(0.0, usable_l) / needed_l if needed_l else hours
    return Finding(
        what="helium",
        enough=False,
        message=(
            f"{need}, and {max(0.0, usable_l):.0f} l can be used: it ends after about "
            f"{lasts_h:.1f} h. Change the dewar before, or shorten the run."
        ),
    )


def _compressor(state: Compressor | None) -> Finding:
    if state is None:
        message = "Nobody said whether the compressor runs; look, and say --compressor running."
        return Finding(what="compressor", enough=None, message=message)
    if state == "off":
        message = "The compressor is off: the cell will warm up. Start it before the run."
        return Finding(what="compressor", enough=False, message=message)
    return Finding(what="compressor", enough=True, message="The compressor runs, as stated.")


def _disk(needed_bytes: float, stock: Stock) -> Finding:
    need = f"The record takes at most {_size(needed_bytes)}"
    if stock.disk_free_bytes is None:
        message = f"{need}; the folder of runs could not be looked at."
        return Finding(what="disk", enough=None, message=message)
    usable = stock.disk_free_bytes - stock.disk_reserve_bytes
    left = f"the disk has {_size(stock.disk_free_bytes)}"
    if usable >= needed_bytes:
        return Finding(what="disk", enough=True, message=f"{need}; {left}.")
    message = (
        f"{need}, and {left}, of which {_size(stock.disk_reserve_bytes)} are kept in reserve. "
        "Make room, or name another folder in [storage]."
    )
    return Finding(what="disk", enough=False, message=message)


def _size(size: float) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
