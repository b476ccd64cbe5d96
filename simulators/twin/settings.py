"""Every number the twin starts from, with its origin.

"Model default" marks a number of this model that no source gives: chosen so that the whole
behaves as an experiment does. Scatter between seeds is drawn around these in `draws`. The
numbers themselves stand in `machine_settings`, `optics_settings`, `port_settings` and
`specimen_settings`.
"""

from dataclasses import dataclass, field

from simulators.twin.machine_settings import CellSettings, CryostatSettings, ScrewSettings
from simulators.twin.optics_settings import MicroscopeSettings, RubySettings, SpectrometerSettings
from simulators.twin.port_settings import (
    DisturbanceSettings,
    PortSettings,
    RubyShapeSettings,
    raman_port,
    vis_port,
)
from simulators.twin.specimen_settings import (
    CONTENTS,
    AnvilSettings,
    FailureSettings,
    GasketSettings,
    SampleSettings,
    StickSlipSettings,
    UnmodelledSettings,
)

__all__ = [
    "ERROR_FAMILIES",
    "AnvilSettings",
    "CellSettings",
    "CryostatSettings",
    "DisturbanceSettings",
    "FailureSettings",
    "GasketSettings",
    "MicroscopeSettings",
    "PortSettings",
    "RubySettings",
    "RubyShapeSettings",
    "SampleSettings",
    "ScrewSettings",
    "SpectrometerSettings",
    "StickSlipSettings",
    "TwinSettings",
    "UnmodelledSettings",
]

ERROR_FAMILIES = (
    "scale",
    "cold",
    "shift",
    "lambda0",
    "axis",
    "sensor",
    "detector",
    "edge_scale",
    "edge_cold",
    "laser",
)
"""Systematic errors that can be switched off one by one with `TwinSettings.exact`: scale
coefficients, pressure coefficient in the cold, temperature shift, zero lines, axes, sensors,
gain and dark, edge scale, edge in the cold, wavelength of the laser."""


@dataclass(frozen=True, kw_only=True)
class TwinSettings:
    """All settings of a twin; the first ones are the switches a user may want to turn."""

    start_temperature_k: float = 80.0
    """Setpoint of loop 1 at the start; the cryostat has settled there."""
    light_mw: float = 1.0
    """Light at the cell, mW."""
    laser_nm: float = 532.0
    """Vacuum wavelength of the laser as its papers state it."""
    cosmic_rate: float = 0.0
    """Cosmic rays per s of exposure on the whole detector; 0.05 would be real."""
    noise: bool = True
    """False: photon, read, sensor and camera noise are off; rounding and clipping stay."""
    systematics: bool = True
    """False: every certificate and every published coefficient is exact."""
    exact: tuple[str, ...] = ()
    """Families of `ERROR_FAMILIES` that are exact while `systematics` is on."""
    contents: str = "hydrogen"
    """What is in the hole: one of `CONTENTS`."""
    laser_sigma_nm: float = 0.02
    """Error of the stated wavelength of the laser; model default."""
    nu0_sigma_cm1: float = 0.3
    """Measurement error of nu0 in the certificate; model default."""
    reference_offset_nm: float = 0.0
    """Line of the reference ruby less that of the chip, both at 0 GPa; model default."""
    reference_sigma_nm: float = 0.002
    """Differences of chips of one boule at 0 GPa; model default."""
    second_chip_part: float = 0.02
    """Bound of the relative pressure difference between the two chips; model default."""
    screw: ScrewSettings = field(default_factory=ScrewSettings)
    """The screw, its springs and its friction."""
    cell: CellSettings = field(default_factory=CellSettings)
    """Force to pressure, and what happens after a step."""
    cryostat: CryostatSettings = field(default_factory=CryostatSettings)
    """Stage, cell, heaters and sensors."""
    ruby: RubySettings = field(default_factory=RubySettings)
    """The chip."""
    spectrometer: SpectrometerSettings = field(default_factory=SpectrometerSettings)
    """Axis and detector."""
    microscope: MicroscopeSettings = field(default_factory=MicroscopeSettings)
    """The camera."""
    stick_slip: StickSlipSettings = field(default_factory=StickSlipSettings)
    """Jumps of the force."""
    gasket: GasketSettings = field(default_factory=GasketSettings)
    """The foil and its memory."""
    failure: FailureSettings = field(default_factory=FailureSettings)
    """Loss of the cell."""
    sample: SampleSettings = field(default_factory=SampleSettings)
    """Optics of the specimen."""
    anvil: AnvilSettings = field(default_factory=AnvilSettings)
    """The diamonds."""
    shape: RubyShapeSettings = field(default_factory=RubyShapeSettings)
    """What real ruby lines have beyond two Voigt profiles."""
    raman: PortSettings = field(default_factory=raman_port)
    """The Raman spectrometer."""
    vis: PortSettings = field(default_factory=vis_port)
    """The spectrometer for reflected white light."""
    disturbance: DisturbanceSettings = field(default_factory=DisturbanceSettings)
    """Flicker, drifts, fringes."""
    unmodelled: UnmodelledSettings = field(default_factory=UnmodelledSettings)
    """Errors that no uncertainty budget knows."""

    @staticmethod
    def preset(name: str, **changes: object) -> "TwinSettings":
        """Return the settings of a kind of cell; see `presets.PRESETS` for the names.

        Parameters
        ----------
        name : str
            "four_pin", "bevelled" or "toroidal", each also with "_realistic" behind it.
        **changes
            Fields of `TwinSettings` that replace those of the preset.

        Raises
        ------
        ValueError
            If there is no such preset.
        """
        from simulators.twin.presets import preset

        return preset(name, **changes)

    def is_exact(self, family: str) -> bool:
        """True where an error of `ERROR_FAMILIES` is switched off."""
        return not self.systematics or family in self.exact

    def __post_init__(self) -> None:
        """Refuse settings that no cryostat or lamp could have."""
        if not 1.5 <= self.start_temperature_k <= 400.0:
            raise ValueError(
                "The start temperature of the twin must lie between 1.5 and 400 K, "
                f"not at {self.start_temperature_k} K."
            )
        if self.light_mw < 0 or self.cosmic_rate < 0:
            raise ValueError("Light power and cosmic rate of the twin cannot be negative.")
        if self.contents not in CONTENTS:
            raise ValueError(f"The twin's hole holds {', '.join(CONTENTS)}, not {self.contents!r}.")
        unknown = sorted(set(self.exact) - set(ERROR_FAMILIES))
        if unknown:
            raise ValueError(
                f"The twin has no errors called {', '.join(unknown)}; "
                f"it has {', '.join(ERROR_FAMILIES)}."
            )
        if not 300.0 <= self.laser_nm <= 700.0:
            raise ValueError(f"The twin's laser has 300 to 700 nm, not {self.laser_nm} nm.")
