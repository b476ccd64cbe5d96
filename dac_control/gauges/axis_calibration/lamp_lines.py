"""Lines of calibration lamps from 400 to 1000 nm, in standard air.

Wavelengths: NIST Atomic Spectra Database (Kramida, Ralchenko, Reader and NIST ASD Team,
https://physics.nist.gov/asd), observed air wavelengths. Behind it stand, for neon, Saloman &
Sansonetti, J. Phys. Chem. Ref. Data 33, 1113 (2004), for argon, Norlen, Phys. Scr. 8, 249 (1973),
and for mercury pencil lamps, Sansonetti, Salit & Reader, Appl. Opt. 35, 74 (1996).

`strength` is a rank, 3 strong to 1 weak, of what a low-pressure lamp shows on a silicon detector.
No tabulated intensity is used: those of different sources do not share a scale.
"""

from dataclasses import dataclass
from typing import Final

from dac_control.errors import ConfigurationError

__all__ = ["LAMPS", "LampLine", "lamp_lines"]


@dataclass(frozen=True)
class LampLine:
    """One line of a lamp."""

    species: str
    wavelength_nm: float
    """In standard air."""
    strength: int
    sigma_nm: float
    """Standard uncertainty of the wavelength as a lamp on the bench shows it."""


# (wavelength in nm, strength)
_NEON: Final = (
    (533.07775, 1), (534.10938, 1), (540.05616, 2), (576.44188, 1), (582.01558, 1), (585.24878, 3),
    (588.18950, 3), (594.48340, 3), (596.54710, 1), (597.46273, 1), (597.55343, 2), (602.99968, 2),
    (607.43376, 3), (609.61630, 3), (612.84498, 1), (614.30627, 3), (616.35937, 3), (618.21460, 1),
    (621.72812, 3), (626.64952, 3), (630.47893, 2), (633.44276, 3), (638.29914, 3), (640.22480, 3),
    (650.65277, 3), (653.28824, 3), (659.89528, 3), (667.82766, 3), (671.70430, 3), (692.94672, 3),
    (702.40500, 2), (703.24128, 3), (705.91079, 1), (717.39380, 3), (724.51665, 3), (743.88981, 3),
    (747.24383, 1), (748.88712, 2), (753.57739, 2), (754.40439, 2), (794.31805, 1), (808.24576, 1),
    (811.85495, 1), (813.64061, 1), (830.03248, 2), (836.57464, 1), (837.76070, 3), (841.84265, 1),
    (846.33569, 1), (849.53591, 3), (854.46952, 1), (857.13535, 1), (859.12583, 2), (863.46472, 2),
    (865.43828, 3), (865.55220, 2), (867.94930, 2), (868.19210, 2), (870.41122, 1), (877.16575, 1),
    (878.06210, 3), (878.37539, 2), (885.38669, 2), (891.95007, 1), (914.86720, 2), (920.17588, 2),
    (930.08532, 1), (932.65072, 1), (942.53797, 1), (948.66825, 1), (953.41640, 1), (966.54200, 1),
)  # fmt: skip
_ARGON: Final = (
    (415.85905, 2), (419.83170, 1), (420.06745, 2), (425.93619, 1), (430.01008, 1), (451.07332, 1),
    (675.28335, 1), (687.12891, 1), (696.54307, 3), (703.02514, 1), (706.72181, 3), (714.70416, 2),
    (727.29359, 3), (737.21184, 1), (738.39805, 3), (750.38691, 3), (751.46518, 3), (763.51060, 3),
    (772.37611, 3), (772.42072, 2), (794.81764, 3), (800.61567, 3), (801.47857, 3), (810.36931, 3),
    (811.53110, 3), (826.45225, 3), (840.82096, 3), (842.46475, 3), (852.14422, 3), (866.79442, 2),
    (912.29674, 3), (922.44992, 2), (935.42198, 1), (965.77863, 3), (978.45028, 2),
)  # fmt: skip
_MERCURY: Final = (
    (404.65650, 3), (407.78370, 1), (434.75060, 1), (435.83350, 3), (546.07500, 3), (576.96100, 3),
    (579.06700, 3),
)  # fmt: skip

# Of the tables; for mercury, isotopes and pressure shift the lines of single lamps by as much.
_SPECIES: Final = {
    "neon": ("Ne I", _NEON, 0.5e-4),
    "argon": ("Ar I", _ARGON, 1.0e-4),
    "mercury": ("Hg I", _MERCURY, 3.0e-4),
}

LAMPS: Final = {
    "neon": ("neon",),
    "argon": ("argon",),
    "mercury": ("mercury",),
    "mercury-argon": ("mercury", "argon"),
    "mercury-neon": ("mercury", "neon"),
}
"""Names of lamps, and the gases in them. A mercury lamp that was started with argon shows argon
while it is cold: call it ``mercury-argon``."""


def lamp_lines(lamp: str) -> tuple[LampLine, ...]:
    """Return the lines of a lamp, in order of rising wavelength.

    Raises
    ------
    ConfigurationError
        No such lamp.
    """
    if lamp not in LAMPS:
        raise ConfigurationError(
            f"There is no lamp '{lamp}' in the tables; choose one of {', '.join(LAMPS)}."
        )
    found = [
        LampLine(species, wavelength_nm, strength, sigma_nm)
        for gas in LAMPS[lamp]
        for species, table, sigma_nm in (_SPECIES[gas],)
        for wavelength_nm, strength in table
    ]
    return tuple(sorted(found, key=lambda line: line.wavelength_nm))
