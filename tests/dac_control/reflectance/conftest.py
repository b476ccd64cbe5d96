"""A bench that counts photons: lamp, anvils, gasket and sample with known answers."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from dac_control.reflectance import (
    AbsorptionMeasured,
    AtPressure,
    DarkReading,
    LightReading,
    Loading,
    MultipleReflections,
    ReferenceTable,
    Reflectance,
    absorption_from_transmission,
    diamond_index,
    evaluate_reflectance,
)
from dac_control.reflectance.anvil_optics import total_from_culet
from dac_control.reflectance.diamond import face_reflectance

Vector = NDArray[np.float64]


@dataclass
class Bench:
    """What stands on the table, true values included."""

    wavelength_nm: Vector
    transmission: float = 0.8
    averages: int = 20
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))

    @property
    def size(self) -> int:
        return self.wavelength_nm.size

    def at(self, gpa: float, **fields: object) -> AtPressure:
        return AtPressure(
            **({"pressure_gpa": gpa, "sigma_stat_gpa": 0.5, "scale": "ruby"} | fields)
        )

    def table(self, **fields: object) -> ReferenceTable:
        stated: dict[str, object] = {
            "name": "rhenium",
            "behind_anvil": True,
            "wavelength_nm": np.array([350.0, 2000.0]),
            "pressure_gpa": np.array([0.0, 100.0]),
            "reflectance": np.array([[0.30, 0.40], [0.33, 0.45]]),
            "sigma": np.full((2, 2), 0.01),
            "source": "bench",
        }
        return ReferenceTable(**(stated | fields))

    def read(
        self, spot: str, fraction: Vector | float, time_s: float = 0.0, **fields: object
    ) -> LightReading:
        """Photons of a lamp that a fraction comes back of, on a dark of 1000 counts."""
        lamp = 2e4 * np.exp(-(((self.wavelength_nm - 700.0) / 500.0) ** 2)) + 2e3
        electrons = self.rng.poisson(lamp * fraction * 2.4 * self.averages) / self.averages
        noise = self.rng.normal(0.0, 8.0 / np.sqrt(self.averages), (2, self.size))
        stated: dict[str, object] = {
            "spot": spot,
            "wavelength_nm": self.wavelength_nm,
            "counts": (electrons + noise[0]) / 2.4 + 1000.0,
            "exposure_s": 0.5,
            "averages": self.averages,
            "dark": DarkReading(
                counts=noise[1] / 2.4 + 1000.0, exposure_s=0.5, averages=self.averages
            ),
            "gain_e_per_count": 2.4,
            "read_noise_e": 8.0,
            "saturation_counts": 65535.0,
            "lab_time_s": time_s,
        }
        return LightReading(**(stated | fields))

    def absorption(self, gpa: float, **fields: object) -> AbsorptionMeasured:
        through = 0.3 * np.ones(self.size)
        found = absorption_from_transmission(
            self.read("beside", through * self.transmission),
            self.read("beside", through),
            pressure=self.at(gpa),
            **({"interface_u": 0.01, "near_share_u": 0.02, "gasket_share_u": 0.05} | fields),
        )
        assert isinstance(found, AbsorptionMeasured)
        return found

    def light_of(self, culet: Vector, share: float = 1.0) -> Vector:
        """What comes back of a culet under a table, all bounces collected."""
        table = face_reflectance(diamond_index(self.wavelength_nm))
        depth = np.full(self.size, self.transmission**share)
        return total_from_culet(culet, table, depth, 1.0, 1.0)

    def measure(self, culet: Vector | float, gpa: float = 80.0, **fields: object) -> Reflectance:
        """A sample of known reflectance, measured with every link closed unless said otherwise."""
        table = self.table()
        at = self.at(gpa)
        gasket = table.at(self.at(min(gpa, 100.0)), self.wavelength_nm).reflectance
        beside = self.light_of(gasket, share=0.5)
        stated: dict[str, object] = {
            "sample_name": "hydrogen",
            "pressure": at,
            "reference": table,
            "absorption": self.absorption(gpa),
            "bounces": MultipleReflections.all_collected(),
            "loading": Loading(cell="DAC-07", specimen="2026-11-H"),
        }
        own = self.light_of(np.broadcast_to(culet, (self.size,)))
        return evaluate_reflectance(
            self.read("sample", own, 5.0),
            [self.read("gasket", beside, 0.0), self.read("gasket", beside * 1.001, 10.0)],
            **(stated | fields),
        )


@pytest.fixture
def bench() -> Bench:
    """A spectrometer of 150 pixels."""
    return Bench(np.linspace(450.0, 900.0, 150))


@pytest.fixture
def lasers() -> Bench:
    """Two laser lines."""
    return Bench(np.array([642.6, 1550.0]))
