"""Everything that light goes through: where the optics look, three spectrometers and a camera."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from simulators.twin.anvil import Anvil
from simulators.twin.anvil_light import AnvilLight, fringes
from simulators.twin.draws import Drawn
from simulators.twin.further_draws import Further
from simulators.twin.gasket import hole_um
from simulators.twin.light_path import LightPath
from simulators.twin.microscope import CHANNELS_NM, Look, Microscope
from simulators.twin.physics import Moment, Physics
from simulators.twin.raman_port import RamanPort
from simulators.twin.ruby import RubyLines
from simulators.twin.sample import Sample, anvil_transmission
from simulators.twin.settings import TwinSettings
from simulators.twin.spectrometer import LitMoment, Spectrometer
from simulators.twin.views import PORTS, PortInfo, View
from simulators.twin.vis_port import VisPort
from simulators.twin.white_light import WhiteLight

__all__ = ["Optics"]

SPLINTERED = 0.15
"""Ruby light that still comes through a broken anvil; model default."""
GROWTH = 0.15
"""How much a hole has grown just before its gasket blows out."""
DAY_S = 86_400.0


class Optics:
    """Spectra and frames of one twin.

    Parameters
    ----------
    settings : TwinSettings
    drawn, further : Drawn, Further
        True constants.
    physics : Physics
        What is looked at.
    streams : dict of str to numpy.random.Generator
        Of `draws.generators`.
    """

    def __init__(
        self,
        settings: TwinSettings,
        drawn: Drawn,
        further: Further,
        physics: Physics,
        streams: dict[str, np.random.Generator],
    ) -> None:
        self._settings = settings
        self._drawn = drawn
        self._further = further
        self._physics = physics
        self._path = LightPath(settings.disturbance, further, streams["flicker"])
        self._start_s = physics.lab_s
        self._start_k = physics.cryostat.cell_k
        self.view = View()
        self.spectrometer = self._ruby_port(streams)
        self.microscope = Microscope(
            settings.microscope,
            drawn.hole_um,
            noise=settings.noise,
            rng=streams["microscope"],
            pattern_rng=streams["pattern"],
        )
        self.sample = Sample(settings.sample, further, settings.contents)
        self.anvil = Anvil(settings.anvil, further)
        self.raman = RamanPort(settings, further, self.anvil, self.sample, streams["raman"])
        self.vis = VisPort(settings, further, self.sample, streams["vis"])
        # the light of the port for white light, spread over more pixels
        per_nm = settings.vis.light_e_per_s / float(np.median(self.vis.detector.pitch_nm))
        ruby, raman = self.spectrometer, self.raman.detector
        self._white = {
            "ruby": WhiteLight(ruby.axis_nm, per_nm * ruby.pitch_nm, self.sample),
            "raman": WhiteLight(raman.true_nm, per_nm * raman.pitch_nm, self.sample),
        }

    def port(self, name: str) -> PortInfo:
        """What the instrument behind a port says of itself; ValueError if there is none."""
        if name == "ruby":
            port, coefficients = self._settings.spectrometer, self.spectrometer.coefficients
        elif name == "raman":
            port, coefficients = self._settings.raman, self.raman.detector.coefficients
        elif name == "vis":
            port, coefficients = self._settings.vis, self.vis.detector.coefficients
        else:
            raise ValueError(f"The twin has the ports {', '.join(PORTS)}, not {name!r}.")
        return PortInfo(pixels=port.pixels, full_scale=port.full_scale, coefficients=coefficients)

    def expose(
        self,
        nodes: Sequence[tuple[float, Moment]],
        start_lab_s: float,
        exposure_s: float,
        port: str,
    ) -> tuple[NDArray[np.uint16], list[LitMoment]]:
        """Counts of a port, and what a slit looking at ruby would have seen meanwhile."""
        moments = [self.lit(weight, moment) for weight, moment in nodes]
        middle = nodes[len(nodes) // 2][1]
        spot, lamp = self.view.spot, self._path.lamp(middle) * self.view.lamp_on
        window = self._path.window(middle) ** 2
        if port == "raman":
            if spot in ("lamp", "neon"):
                return self.raman.expose_lamp(exposure_s, lamp), moments
            steady = self._path.flicker()
            dose = (self._physics.light_mw * steady, window)
            white = self._white_light(port, nodes, exposure_s * lamp * window * steady)
            return self.raman.expose(nodes, exposure_s, spot, dose, white), moments
        if port == "vis":
            if spot == "neon":
                return self.vis.expose_lines(exposure_s, lamp), moments
            view = (spot, self.view.illumination)
            through = window if spot != "lamp" else 1.0
            light = lamp * through * self._path.flicker()
            return self.vis.expose(nodes, exposure_s, view, light), moments
        if spot in ("lamp", "neon"):
            return self.spectrometer.expose_lamp(start_lab_s, exposure_s, lamp), moments
        steady = self._path.flicker()
        if steady != 1.0:
            moments = [replace(m, light_mw=m.light_mw * steady) for m in moments]
        white = self._white_light(port, nodes, exposure_s * lamp * window * steady)
        return self.spectrometer.expose(moments, exposure_s, white), moments

    def _white_light(
        self, port: str, nodes: Sequence[tuple[float, Moment]], lit_s: float
    ) -> NDArray[np.float64] | None:
        """Electrons of the white lamp at the ruby or Raman port; None where it is not lit there."""
        if not (self.view.lamp_on_all_ports and lit_s > 0.0):
            return None
        return self._white[port].electrons(nodes, (self.view.spot, self.view.illumination), lit_s)

    def frame(self, exposure_s: float, *, colour: bool) -> NDArray[np.uint8]:
        """One frame of the microscope."""
        return self.microscope.frame(self.look(self._physics.moment()), exposure_s, colour=colour)

    def lit(self, weight: float, moment: Moment) -> LitMoment:
        """Return what the slit of the ruby port sees at a moment."""
        reference = self.view.spot == "reference"
        return LitMoment(
            weight=weight,
            lines=self._ruby(moment),
            axis_error_nm=self.spectrometer.axis_error_nm(moment.lab_s),
            light_mw=self._physics.light_mw,
            pressure_gpa=0.0 if reference else moment.pressure_gpa,
            window=self._path.window(moment) ** 2,
        )

    def look(self, moment: Moment) -> Look:
        """Return what a frame depends on."""
        nm = np.array(CHANNELS_NM)
        pressure, condition = moment.pressure_gpa, moment.condition
        blown = condition.blown(moment.lab_s)
        passed = anvil_transmission(nm, pressure)
        through = passed**2
        if not condition.failure:
            full = self.sample.transmission(nm, 0.0)
            through = through * self.sample.transmission(nm, pressure) / full
        reflected = self.vis.white.reflectance("sample", moment, nm) * passed**2
        film = condition.ice(moment.lab_s, self._settings.disturbance.ice_s)
        return Look(
            hole_um=self.hole_um(moment),
            blown=blown,
            angle=self._further.angle,
            fractured=condition.fractured(moment.lab_s),
            chip_lost=moment.lab_s >= condition.chip_lost_s,
            sample_there=self.sample.there and blown < 0.5,
            through=_three(through),
            reflected=_three(reflected),
            light=self._path.lamp(moment) * self.view.lamp_on,
            ice=self._settings.disturbance.ice_opacity * film,
            defocus=self.defocus_um(moment) / self._settings.disturbance.depth_of_focus_um,
        )

    def hole_um(self, moment: Moment) -> float:
        """Mean diameter of the hole before any blow-out, um."""
        settings = self._settings
        condition = moment.condition
        failed = moment.lab_s >= condition.failed_s
        pressure = condition.failed_gpa if failed else moment.pressure_gpa
        size = hole_um(
            settings.microscope, settings.gasket, self._drawn.hole_um, pressure, moment.peak_gpa
        )
        if self._further.fate >= settings.failure.fracture_part:
            # a gasket that is going to blow out lets its hole grow beforehand
            late = min(max((moment.wear - 0.7) / 0.3, 0.0), 1.0)
            size *= 1.0 + GROWTH * late * late
        return size

    def defocus_um(self, moment: Moment) -> float:
        """Distance of the specimen from the focus, um."""
        settings = self._settings.disturbance
        warm = settings.focus_um_per_k * (moment.cell_k - self._start_k)
        return warm + settings.focus_um_per_day * (moment.lab_s - self._start_s) / DAY_S

    def _ruby_port(self, streams: dict[str, np.random.Generator]) -> Spectrometer:
        settings, further = self._settings, self._further
        c0, c1, c2, c3 = settings.spectrometer.coefficients
        index = np.arange(settings.spectrometer.pixels, dtype=np.float64)
        axis_nm = c0 + index * (c1 + index * (c2 + index * c3))
        waves = fringes(axis_nm, settings.disturbance.etalon, further.etalon_phase)
        return Spectrometer(
            settings.spectrometer,
            self._drawn,
            noise=settings.noise,
            cosmic_rate=settings.cosmic_rate,
            rng=streams["spectrometer"],
            pattern_rng=streams["pattern"],
            shape=settings.shape,
            anvil_light=AnvilLight(settings.anvil, waves),
            axis_bend_nm=further.axis_bend_nm,
            axis_drift_nm_per_h=further.axis_drift_nm_per_h,
        )

    def _ruby(self, moment: Moment) -> RubyLines:
        """Return the lines where the optics look; without light where there is no ruby."""
        ruby, spot = self._physics.ruby, self.view.spot
        pressure, offset_nm = moment.pressure_gpa, 0.0
        if spot == "reference":
            pressure, offset_nm = 0.0, self._further.reference_offset_nm
        elif spot == "chip 2":
            pressure *= 1.0 + self._further.second_part
            offset_nm = self._further.second_offset_nm
        lines = ruby.lines(pressure, moment.ruby_k)
        if offset_nm:
            lines = replace(lines, r1_nm=lines.r1_nm + offset_nm, r2_nm=lines.r2_nm + offset_nm)
        bright = lines.brightness * ruby.excitation(pressure, self._physics.laser_nm)
        if spot not in ("chip", "chip 2", "reference"):
            bright = 0.0
        elif spot == "chip" and moment.lab_s >= moment.condition.chip_lost_s:
            bright = 0.0
        elif spot != "reference" and moment.condition.fractured(moment.lab_s):
            bright *= SPLINTERED
        return lines if bright == lines.brightness else replace(lines, brightness=bright)


def _three(values: NDArray[np.float64]) -> tuple[float, float, float]:
    red, green, blue = (float(value) for value in values)
    return red, green, blue
