"""From a station file to the settings of the twin that stands in for its laboratory.

What the file states is taken over: the chip's zero line, every stated uncertainty as the width
of the error that a seed draws, the detector, the gear, the temperature, the kind of cell. What
it does not state (stiffness, friction, creep) stays the twin's own, scattered between seeds.
"""

import math
from dataclasses import replace

from dac_control.app.station import Gauge, LambdaZero, Station
from simulators.twin import TwinSettings
from simulators.twin.draws import draw, generators
from simulators.twin.ruby import Ruby
from simulators.twin.settings import CryostatSettings, SpectrometerSettings

__all__ = ["fitted_to", "settings_of"]

_STATED_AT_K = 80.0
"""The twin's sensor error is stated at this temperature, and grows with its root."""


def settings_of(station: Station) -> TwinSettings:
    """Settings of the twin of a station, the same for every seed."""
    base = TwinSettings.preset(_kind(station))
    gauge = station.gauge
    ruby = base.ruby
    if gauge.strength_ratio is not None:
        stated = gauge.strength_ratio
        ruby = replace(ruby, strength_ratio=stated.value, strength_scatter=stated.sigma)
    return replace(
        base,
        start_temperature_k=station.rehearsal.start_temperature_k,
        ruby=ruby,
        spectrometer=_spectrometer(base.spectrometer, station),
        cryostat=_cryostat(base.cryostat, station),
    )


def fitted_to(station: Station, settings: TwinSettings, seed: int) -> TwinSettings:
    """Shift the chip of one seed such that its papers would say what the station file says.

    The seed draws an error of the axis and one of the measurement of lambda0; the lambda0 of the
    file is the sum of the truth and both, and it is the sum that is known.
    """
    stated = _zero(station)
    drawn = draw(settings, generators(seed)["draws"])
    measured_nm = (
        Ruby(settings.ruby, drawn).lambda0_nm(stated.temperature_k)
        + drawn.axis_offset_nm
        + drawn.lambda0_noise_nm
    )
    true_nm = settings.ruby.lambda0_nm + stated.value_nm - measured_nm
    return replace(settings, ruby=replace(settings.ruby, lambda0_nm=true_nm))


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


def _cryostat(base: CryostatSettings, station: Station) -> CryostatSettings:
    start_k = station.rehearsal.start_temperature_k
    sigma_k = station.gauge.temperature_sigma_k * math.sqrt(_STATED_AT_K / start_k)
    return replace(base, sensor_sigma_k=sigma_k)
