"""What tables of the station and run files are made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["LightLabel", "Name", "NonNegative", "Positive", "Strict"]

# strict: neither "0.8" nor true is a number
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False, strict=True)]
NonNegative = Annotated[float, Field(ge=0, strict=True)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
LightLabel = Annotated[str, Field(pattern=r"^(lamp|[0-9]{3,4}nm)$")]
"""Label of a light: ``lamp``, or the wavelength of a laser, ``532nm``."""


class Strict(BaseModel):
    """A table of the file in which an unknown key is an error."""

    # built when first used: of some fifty tables and plans, a file has a few
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
