"""The tables of the station file that say what stands in the optics: cell and specimen."""

from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from dac_control.app.tables import Positive, Strict
from dac_control.reflectance import Loading
from dac_control.reflectance.loading import check_foil

__all__ = ["Cell", "Specimen", "loading_of"]


class Cell(Strict):
    """``[cell]``: the diamond anvil cell."""

    id: str
    type: str = ""
    culet_um: Positive | None = None
    bevel: str = ""
    gasket: str = ""
    foil_u: Annotated[float, Field(strict=True)] | None = None
    """Relative standard uncertainty of what one piece of this foil reflects against others: what a
    reflectance is compared with a control by, whose gasket is another piece."""
    foil_source: str = ""
    """Where `foil_u` comes from."""
    hole_um: Positive | None = None

    @model_validator(mode="after")
    def _a_number_has_a_source(self) -> Self:
        check_foil(self.foil_u, self.foil_source)
        return self


_DIFFUSES: Final = ("hydrogen", "deuterium", "h2", "d2")


class Specimen(Strict):
    """``[specimen]``: what is inside."""

    id: str
    material: str = ""
    ptm: str = ""
    max_temperature_k: Positive | None = None
    """What it stands, by the cell's sensor and by the ruby's own lines: 80 K for hydrogen, which
    goes into the diamond above."""
    contents: str = ""
    """What a control run has in the cell instead of it: ``empty``, ``alumina`` ..."""

    def concerns(self) -> list[str]:
        """What a person should think of before a run, a clause each."""
        inside = (self.contents or self.material).lower()
        if self.max_temperature_k is not None or not any(name in inside for name in _DIFFUSES):
            return []
        return [
            f"{inside} goes into the diamond above about 80 K, and no run stops short of that: "
            "state specimen.max_temperature_k = 80"
        ]


def loading_of(cell: Cell, specimen: Specimen) -> Loading:
    """Which anvils and which piece of gasket the two tables mean.

    The file names no anvil, so the cell's id stands for them; one with another culet or bevel is
    another cell.
    """
    culet = () if cell.culet_um is None else (f"culet {cell.culet_um:g} um",)
    return Loading(
        cell=", ".join((cell.id, *culet, *((cell.bevel,) if cell.bevel else ()))),
        specimen=specimen.id,
        foil_u=cell.foil_u,
        foil_source=cell.foil_source,
    )
