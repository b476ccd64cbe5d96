"""Tables of gauges that read Raman lines on a scale of the user's own."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from dac_control.app.tables import Name, NonNegative, Positive, Strict
from dac_control.errors import ConfigurationError
from dac_control.gauges.scales import Scale, load_scales

__all__ = ["Vibron"]


class Vibron(Strict):
    """``[vibron]``: a Raman line of the specimen, seen by ``[devices.raman]``.

    No vetted formula of the vibron's pressure is published, so the scale is the user's.
    """

    gauge: Name = "h2_vibron"
    """Name of the gauge, as the file of scales has it."""
    scale_file: Path
    """Relative to the station file; see `dac_control.gauges.scales.load_scales`."""
    scale: Annotated[str, Field(min_length=1)]
    """Name of one scale of that file."""
    expected_cm1: tuple[Positive, Positive]
    """Shifts between which the line can be."""
    widest_cm1: Positive = 100.0
    """Largest full width at half maximum of the line."""
    laser_nm: Annotated[float, Field(gt=200, lt=1100, strict=True)]
    """Vacuum wavelength of the laser."""
    laser_sigma_nm: Positive
    axis_sigma_cm1: NonNegative = 0.0
    """Standard uncertainty of the Raman axis without the laser's share."""

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if self.expected_cm1[0] >= self.expected_cm1[1]:
            raise ValueError("expected_cm1 needs the lower shift first")
        return self

    def beside(self, folder: Path) -> "Vibron":
        """The same with the file of scales found from the station file's folder.

        Raises
        ------
        ConfigurationError
            If the scale cannot be read, so that nothing is opened for it.
        """
        found = self.model_copy(update={"scale_file": folder / self.scale_file})
        found.load_scale()
        return found

    def load_scale(self) -> Scale:
        """Read the scale.

        Raises
        ------
        ConfigurationError
            If the file has no such scale of this gauge.
        """
        scales = load_scales(self.scale_file)
        for scale in scales:
            if (scale.name, scale.gauge) == (self.scale, self.gauge):
                return scale
        known = ", ".join(f"{scale.name} of {scale.gauge}" for scale in scales)
        raise ConfigurationError(
            f"vibron.scale: {self.scale_file} has no scale {self.scale!r} of {self.gauge}; it has "
            f"{known or 'none'}."
        )
