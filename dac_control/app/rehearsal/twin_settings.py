"""From a station file to the settings of the twin that stands in for its laboratory.

What the file states is taken over: the chip's zero line, every stated uncertainty as the width
of the error that a seed draws, the detector, the gear, the temperature, the kind of cell. What
it does not state (stiffness, friction, creep) stays the twin's own, scattered between seeds.
"""

import math
from dataclasses import replace
from typing import Any

from dac_control.app.gauge_tables import Gauge, LambdaZero
from dac_control.app.rehearsal.twin_contents import contents_of, contents_said
from dac_control.app.run_models import RunFile
from dac_control.app.station import Station
from simulators.twin import TwinSettings
from simulators.twin.draws import certificates, draw, generators
from simulators.twin.further_draws import draw_further
from simulators.twin.ruby import Ruby
from simulators.twin.settings import CryostatSettings, SpectrometerSettings

__all__ = ["fitted_to", "note_on_realism", "settings_of"]

_STATED_AT_K = 80.0
"""The twin's sensor error is stated at this temperature, and grows with its root."""


def settings_of(station: Station, run: RunFile | None = None) -> TwinSettings:
    """Settings of the twin of a station, the same for every seed.

    A control run says itself what is in the cell.
    """
    base = TwinSettings.preset(_kind(station))
    gauge = station.gauge
    ruby = base.ruby
    if gauge.strength_ratio is not None:
        stated = gauge.strength_ratio
        ruby = replace(ruby, strength_ratio=stated.value, strength_scatter=stated.sigma)
    reference = gauge.reference_ruby
    if reference is not None:
        base = replace(
            base,
            reference_offset_nm=-reference.offset_nm,
            reference_sigma_nm=reference.offset_sigma_nm,
        )
    return replace(
        base,
        contents=contents_of(contents_said(station, run)),
        start_temperature_k=station.rehearsal.start_temperature_k,
        ruby=ruby,
        spectrometer=_spectrometer(base.spectrometer, station),
        cryostat=_cryostat(base.cryostat, station),
        **_raman(base, station),
    )


def fitted_to(station: Station, settings: TwinSettings, seed: int) -> TwinSettings:
    """Shift chip and anvils of one seed such that their papers would say what the file says.

    The seed draws an error of the axis and one of the measurement of lambda0; the lambda0 of the
    file is the sum of the truth and both, and it is the sum that is known. So it is with nu0,
    the axis of the Raman port and the wavelength of the laser. Where the file states nu0 vaguely,
    the diamond becomes one that does not exist (1324 cm-1 of one seed with 3 cm-1 stated): what
    is shifted is the anvil, so that every seed has the file's nu0.
    """
    stated = _zero(station)
    drawn = draw(settings, generators(seed)["draws"])
    measured_nm = (
        Ruby(settings.ruby, drawn).lambda0_nm(stated.temperature_k)
        + drawn.axis_offset_nm
        + drawn.lambda0_noise_nm
    )
    true_nm = settings.ruby.lambda0_nm + stated.value_nm - measured_nm
    fitted = replace(settings, ruby=replace(settings.ruby, lambda0_nm=true_nm))
    if station.edge is None:
        return fitted
    further = draw_further(settings, generators(seed)["further"])
    shown_cm1 = float(certificates(drawn, settings, further)["raman"]["nu0_cm1"])
    nu0_cm1 = settings.anvil.nu0_cm1 + station.edge.nu0_cm1 - shown_cm1
    return replace(fitted, anvil=replace(settings.anvil, nu0_cm1=nu0_cm1))


def note_on_realism(station: Station) -> str:
    """One sentence: whether this twin draws from outside of what the analysis assumes."""
    if station.rehearsal.realistic:
        return (
            "The twin is a realistic one: its spectra have shapes, fringes and cosmic rays that no "
            "fit assumes, its screw jumps, its light drifts, and its cell can fail."
        )
    return (
        "The twin is a quiet one: its ruby lines have the shapes that the fit assumes, and nothing "
        "jumps, drifts or fails; realistic = true in [rehearsal] of the station file is for that."
    )


def _kind(station: Station) -> str:
    """Name of the twin's preset."""
    kind = station.rehearsal.cell
    if kind is None:
        words = f"{station.cell.type} {station.cell.bevel}".lower()
        kind = "toroidal" if "toro" in words else "bevelled" if station.cell.bevel else "four_pin"
    return f"{kind}_realistic" if station.rehearsal.realistic else kind


def _zero(station: Station) -> LambdaZero:
    """The lambda0 that the gauge will use: the one measured next to the run's temperature."""
    gauge: Gauge = station.gauge
    start_k = station.rehearsal.start_temperature_k
    return min(gauge.lambda0, key=lambda each: abs(each.temperature_k - start_k))


def _spectrometer(base: SpectrometerSettings, station: Station) -> SpectrometerSettings:
    detector, gauge = station.devices.spectrometer, station.gauge
    stated = {
        "gain_e_per_count": detector.gain_e_per_count,
        "read_noise_e": detector.read_noise_e,
        "dark_counts": detector.dark_counts,
    }
    return replace(
        base,
        certificate_sigma_nm=_zero(station).sigma_nm,
        axis_drift_sigma_nm=gauge.axis_sigma_nm,
        axis_sigma_nm=gauge.axis_offset_sigma_nm or 0.0,
        **{name: value for name, value in stated.items() if value is not None},
    )


def _raman(base: TwinSettings, station: Station) -> dict[str, Any]:
    """Laser, Raman port and the uncertainty of nu0, where the station has an edge."""
    edge, detector = station.edge, station.devices.raman
    if edge is None or detector is None:
        return {}
    # of a line at nu0
    cm1_per_nm = 1e7 * (1.0 / edge.laser_nm - edge.nu0_cm1 / 1e7) ** 2
    stated = {
        "gain_e_per_count": detector.gain_e_per_count,
        "read_noise_e": detector.read_noise_e,
        "dark_counts": detector.dark_counts,
    }
    return {
        "laser_nm": edge.laser_nm,
        "laser_sigma_nm": edge.laser_sigma_nm,
        "nu0_sigma_cm1": edge.nu0_sigma_cm1,
        "raman": replace(
            base.raman,
            axis_sigma_nm=(edge.axis_sigma_cm1 or 0.0) / cm1_per_nm,
            **{name: value for name, value in stated.items() if value is not None},
        ),
    }


def _cryostat(base: CryostatSettings, station: Station) -> CryostatSettings:
    start_k = station.rehearsal.start_temperature_k
    sigma_k = station.gauge.temperature_sigma_k * math.sqrt(_STATED_AT_K / start_k)
    return replace(base, sensor_sigma_k=sigma_k)
