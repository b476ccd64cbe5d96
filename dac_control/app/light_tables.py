"""Tables of light: lasers in ``[devices]``, optics and limits in ``[light]``."""

from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from dac_control.app.tables import LightLabel, Name, NonNegative, Positive, Strict
from dac_control.safety.light import Beam, LightLimits, area_of_spot_um2
from dac_control.safety.light.arming import LAMP

__all__ = [
    "LIGHT_ROLES",
    "BeamTable",
    "Cobolt06Laser",
    "LampBehindTable",
    "LightLimit",
    "LightTable",
    "LineLampTable",
    "ManualLampTable",
    "RunLight",
    "WhiteLampTable",
    "label_of",
]


LIGHT_ROLES: Final = ("laser", "lamp", "lamp_behind", "line_lamp")
"""Roles in ``[devices]`` whose light is charged to the specimen."""


def label_of(wavelength_nm: float) -> str:
    """Label of a laser in budgets, tables and the ledger."""
    return f"{wavelength_nm:.0f}nm"


class Cobolt06Laser(Strict):
    """``[devices.laser]`` with a Cobolt 06."""

    driver: Literal["cobolt06"]
    name: Name = "laser"
    address: str
    serial: str | None = None
    wavelength_nm: Annotated[float, Field(ge=200, le=2000, strict=True)]
    max_power_mw: Positive
    """Ceiling at the head, whatever the laser could do."""
    power_mw: Positive = 1.0
    """Power at the head where a plan asks for none."""

    @property
    def light(self) -> str:
        """Its label."""
        return label_of(self.wavelength_nm)

    @model_validator(mode="after")
    def _power_fits(self) -> Self:
        if self.power_mw > self.max_power_mw:
            raise ValueError(
                f"power_mw ({self.power_mw:g}) is above max_power_mw ({self.max_power_mw:g})"
            )
        return self


class ManualLampTable(Strict):
    """``[devices.lamp]``, ``lamp_behind``, ``line_lamp``: what a person switches when asked."""

    driver: Literal["manual"]
    name: Name
    power_mw: Positive
    """What it gives at the head of ``[light.beams.lamp]``, as measured once."""
    patience_s: Positive = 24 * 3600.0
    """How long a question may wait for somebody, laboratory seconds."""

    @property
    def light(self) -> str:
        """Its label."""
        return LAMP


class WhiteLampTable(ManualLampTable):
    """``[devices.lamp]``: white light, for reflectance and for the detector's gain."""

    name: Name = "lamp"


class LampBehindTable(ManualLampTable):
    """``[devices.lamp_behind]``: white light through the cell, for the absorption of its anvils.

    Charged by ``[light.beams.lamp]``, as the lamp in front is: state there what makes the larger
    dose, the smaller spot and the larger transmission of the two.
    """

    name: Name = "lamp_behind"
    drift_u: Annotated[float, Field(gt=0, le=1, strict=True)]
    """Relative standard uncertainty of its light between the day without load and a later one:
    supply, bulb, alignment. Nobody else can know it."""


class LineLampTable(ManualLampTable):
    """``[devices.line_lamp]``: lines of a known element, for the wavelength axis."""

    name: Name = "line_lamp"


class BeamTable(Strict):
    """``[light.beams.532nm]``: what the optics make of a light on the specimen."""

    spot_um: Positive | None = None
    """Diameter of a round spot; or area_um2."""
    area_um2: Positive | None = None
    transmission: Annotated[float, Field(gt=0, le=1, strict=True)]
    """Part of the power at the head that arrives on the specimen, windows and anvil included."""

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        if (self.spot_um is None) == (self.area_um2 is None):
            raise ValueError("give either spot_um (a diameter) or area_um2")
        return self

    def as_beam(self, light: str) -> Beam:
        """The optics as the account of light wants them."""
        area_um2 = self.area_um2
        if area_um2 is None:
            assert self.spot_um is not None  # the validator saw to it
            area_um2 = area_of_spot_um2(self.spot_um)
        return Beam(light=light, area_um2=area_um2, transmission=self.transmission)


class LightLimit(Strict):
    """``[[light.limits]]`` of a station or run file: one light on one spot, or on each."""

    light: LightLabel
    spot: str = "*"
    """Name of a spot; ``*`` for each of all spots by itself."""
    max_intensity_mw_per_um2: NonNegative | None = None
    max_energy_mj: NonNegative | None = None
    """Over the specimen's whole life."""
    max_exposure_s: NonNegative | None = None

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        limits = (self.max_intensity_mw_per_um2, self.max_energy_mj, self.max_exposure_s)
        if all(limit is None for limit in limits):
            raise ValueError(
                "this limits nothing; give max_intensity_mw_per_um2, max_energy_mj or "
                "max_exposure_s"
            )
        return self

    def as_limits(self) -> LightLimits:
        """The limits as the budget wants them."""
        return LightLimits(**self.model_dump())


class RunLight(Strict):
    """``[light]`` of a run file."""

    limits: tuple[LightLimit, ...] = ()
    """``[[light.limits]]``, beside the station's: the stricter of the two counts."""


class LightTable(Strict):
    """``[light]``: optics, limits, and what must be seen before a laser shoots."""

    beams: dict[LightLabel, BeamTable] = Field(default_factory=dict)
    limits: tuple[LightLimit, ...] = ()
    arm_above_gpa: NonNegative = 100.0
    """From there on, and wherever the pressure is unknown, a laser is armed only by what
    `arm_needs` names, at every step. 100 GPa is where stressed anvils begin to luminesce."""
    arm_needs: tuple[Literal["picture", "reflectance"], ...] | None = None
    """By default everything of it that the station can take: the picture with a microscope, the
    reflectance with a lamp and the places ``gasket`` and ``sample``. Where `pressure_limit_gpa`
    lies below `arm_above_gpa`, the picture alone: only an unknown pressure asks for it there. A
    laser that can come to high pressure with neither is refused, unless this says ``[]``."""
