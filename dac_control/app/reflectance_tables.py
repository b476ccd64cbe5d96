"""The table of the station file that says what is known of the gasket's reflectance."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from dac_control.app.tables import NonNegative, Positive, Strict
from dac_control.errors import ConfigurationError
from dac_control.reflectance import ReferenceTable

__all__ = ["GasketReflectance"]

Row = tuple[Positive, ...]


class GasketReflectance(Strict):
    """``[gasket_reflectance]``: seen through the anvil, against pressure and wavelength.

    None comes with the program; see `dac_control.reflectance.reference`. Outside the table nothing
    is known of the gasket, and a reflectance is relative.
    """

    name: Annotated[str, Field(min_length=1)]
    """Of the material: ``rhenium``."""
    source: Annotated[str, Field(min_length=1)]
    """Where the numbers come from."""
    wavelength_nm: Row
    pressure_gpa: tuple[NonNegative, ...]
    reflectance: tuple[Row, ...]
    """A row for each pressure, fractions."""
    sigma: tuple[Row, ...]
    """Standard uncertainties, as `reflectance`."""
    within_gpa: NonNegative | None = None
    """The gasket beside the sample stands within so much of the ruby's pressure."""
    beyond: str = ""
    """Who measured further than 100 GPa, where the table reaches further."""

    def as_table(self) -> ReferenceTable:
        """The table as the analysis takes it."""
        return ReferenceTable(behind_anvil=True, **self.model_dump())

    @model_validator(mode="after")
    def _is_a_table(self) -> Self:
        lengths = {len(row) for row in (*self.reflectance, *self.sigma)}
        if lengths != {len(self.wavelength_nm)}:
            raise ValueError("every row needs a number for each wavelength_nm")
        try:
            self.as_table()
        except ConfigurationError as error:
            raise ValueError(str(error)) from None
        return self
