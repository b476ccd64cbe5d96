"""What the spectrometer for white light sees: the lamp off the cell or through it, lamp lines."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulators.twin.anvil_light import fringes
from simulators.twin.detector import Detector
from simulators.twin.further_draws import Further
from simulators.twin.lamp_lines import LAMP_LINES_NM, LAMP_STRENGTHS
from simulators.twin.physics import Moment
from simulators.twin.sample import Sample
from simulators.twin.settings import TwinSettings
from simulators.twin.white_light import WhiteLight

__all__ = ["VisPort"]

Vector = NDArray[np.float64]

LAMP_E_PER_S = 2.0e5


class VisPort:
    """Spectra of one twin at its port for white light.

    Parameters
    ----------
    settings : TwinSettings
        Port and fringes.
    further : Further
        True axis.
    sample : Sample
        What lies in the hole.
    rng : numpy.random.Generator
        Stream of this port.
    """

    def __init__(
        self, settings: TwinSettings, further: Further, sample: Sample, rng: np.random.Generator
    ) -> None:
        self.detector = Detector(
            settings.vis,
            further.vis_axis_nm,
            noise=settings.noise,
            cosmic_rate=settings.cosmic_rate,
            rng=rng,
        )
        nm = self.detector.true_nm
        self.white = WhiteLight(nm, settings.vis.light_e_per_s, sample)
        self._fringes = fringes(nm, settings.disturbance.etalon, further.etalon_phase)

    def expose(
        self,
        nodes: Sequence[tuple[float, Moment]],
        exposure_s: float,
        view: tuple[str, str],
        light: float,
    ) -> NDArray[np.uint16]:
        """Counts of one exposure, shape (pixels,).

        Parameters
        ----------
        nodes : sequence of (weight, Moment)
            The exposure's moments; weights sum to 1.
        exposure_s : float
        view : tuple of str
            Where the optics look, and "reflected" or "transmitted".
        light : float
            Lamp and window, 1 for new ones, 0 for a lamp that is off.
        """
        electrons = self.white.electrons(nodes, view, exposure_s * light)
        if self._fringes is not None and view[0] != "lamp":
            electrons *= self._fringes
        return self.detector.counts(electrons, exposure_s)

    def expose_lines(self, exposure_s: float, lamp: float) -> NDArray[np.uint16]:
        """Counts of the calibration lamp, shape (pixels,)."""
        electrons = self.detector.lines(LAMP_LINES_NM, LAMP_E_PER_S * exposure_s * LAMP_STRENGTHS)
        return self.detector.counts(lamp * electrons, exposure_s)
