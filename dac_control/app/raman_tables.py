"""Tables of the station file on gauges that read Raman: ``[edge]`` and ``[vibron]``."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from dac_control.app.tables import Name, NonNegative, Positive, Strict
from dac_control.errors import ConfigurationError
from dac_control.gauges.scales import Scale, load_scales, scales_of

__all__ = ["Edge", "Vibron"]


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
    axis_sigma_cm1: NonNegative | None = None
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


def _known_edge_scale(name: str) -> str:
    known = scales_of("diamond_edge")
    if name not in known:
        raise ValueError(f"no such scale of the diamond edge; there are {', '.join(known)}")
    return name


class Edge(Strict):
    """``[edge]``: the Raman edge of the anvil as a second gauge, seen by ``[devices.raman]``."""

    scale: Annotated[str, AfterValidator(_known_edge_scale)] = "akahama2006"
    nu0_cm1: Annotated[float, Field(gt=1320, lt=1345, strict=True)]
    """The line of unstressed diamond, as measured with this laser and this axis."""
    nu0_sigma_cm1: Positive
    nu0_source: Annotated[str, Field(min_length=1)]
    """Who measured it, when, and on what."""
    nu0_axis: str = ""
    """As `axis` of ``[gauge.lambda0]``."""
    laser_nm: Annotated[float, Field(gt=200, lt=1100, strict=True)]
    """Vacuum wavelength of the laser."""
    laser_sigma_nm: Positive
    axis_sigma_cm1: NonNegative | None = None
    """Standard uncertainty of the Raman axis without the laser's share."""
    stress_sigma_gpa: NonNegative | None = None
    """What the stress state of this anvil may differ by from those of the scales."""
    anvil: str = ""
    """Identity, type and orientation of the anvil."""
