"""Gauges beside the ruby, from the station file."""

from typing import Any

from dac_control.app.device_tables import REFERENCE_SPOT, OceanSpectrometer
from dac_control.app.station import Station
from dac_control.app.surroundings import Surroundings
from dac_control.gauges.ruby_gauge.settings import ruby_gauge_from
from devices.cryostat import Cryostat
from devices.drivers.roles import SpectrometerDriver
from devices.drivers.spot_role import home_of
from devices.laser import Laser
from devices.ruby import Ruby
from devices.spectrometer import Spectrometer
from plans.gauge_settings import REFERENCE
from plans.instruments import GaugeOptics

__all__ = ["excited_by_the_laser", "further_gauges", "make_spectrometer", "reference_ruby"]

SAME_LASER_NM = 1.0
"""Stated wavelengths this close are of one laser: one may be the nominal one."""


def make_spectrometer(
    driver: SpectrometerDriver, declared: OceanSpectrometer, around: Surroundings
) -> Spectrometer:
    """Make one spectrometer with what the station file says of its detector."""
    return Spectrometer(
        driver=driver,
        name=declared.name,
        gain_e_per_count=declared.gain_e_per_count,
        read_noise_e=declared.read_noise_e,
        dark_counts=declared.dark_counts,
        timing=around.timing,
    )


def reference_ruby(
    station: Station,
    around: Surroundings,
    cryostat: Cryostat,
    spectrometer: Spectrometer,
    laser: Laser | None,
) -> dict[str, GaugeOptics]:
    """Make the ruby outside the pressure chamber, by its name; seen as the chip is seen."""
    if station.gauge.reference_ruby is None:
        return {}
    device = Ruby(
        gauge=ruby_gauge_from(station.gauge.model_dump()),
        spectrometer=spectrometer,
        cryostat=cryostat,
        name=REFERENCE,
        timing=around.timing,
    )
    optics = GaugeOptics(device=device, spectrometer=spectrometer, light=laser, spot=REFERENCE_SPOT)
    return {REFERENCE: optics}


def further_gauges(
    station: Station, around: Surroundings, cryostat: Cryostat, laser: Laser | None
) -> dict[str, GaugeOptics]:
    """Make the gauges beside the ruby that the station declares, by name.

    The station's laser lights one if it has the wavelength that the gauge states; otherwise the
    gauge has a light of its own that nobody here switches.

    Raises
    ------
    ConfigurationError
        If the scale of a line of the specimen cannot be read.
    """
    declared, driver = station.devices.raman, around.drivers.raman
    if declared is None or driver is None:
        return {}
    # most stations have the ruby only
    from dac_control.app.stated_gauges import edge_gauge, vibron_gauge
    from devices.raman_gauges import DiamondEdge, RamanLine

    raman = make_spectrometer(driver, declared, around)
    shared: dict[str, Any] = {
        "spectrometer": raman,
        "cryostat": cryostat,
        "timing": around.timing,
    }
    devices: list[DiamondEdge | RamanLine] = []
    if station.edge is not None:
        gauge, nm = edge_gauge(station.edge), station.edge.laser_nm
        devices.append(DiamondEdge(gauge=gauge, laser_nm=nm, name="diamond_edge", **shared))
    if station.vibron is not None:
        line, nm = vibron_gauge(station.vibron), station.vibron.laser_nm
        devices.append(RamanLine(gauge=line, laser_nm=nm, name=station.vibron.gauge, **shared))
    return {
        device.name: GaugeOptics(
            device=device,
            spectrometer=raman,
            light=laser if device.name in excited_by_the_laser(station) else None,
            spot=home_of(device.name),
        )
        for device in devices
    }


def excited_by_the_laser(station: Station) -> tuple[str, ...]:
    """Raman gauges that the station's laser lights, by name: it has the wavelength they state."""
    laser = station.devices.laser
    stated = {} if station.edge is None else {"diamond_edge": station.edge.laser_nm}
    if station.vibron is not None:
        stated[station.vibron.gauge] = station.vibron.laser_nm
    return tuple(
        name
        for name, nm in stated.items()
        if laser is not None and abs(laser.wavelength_nm - nm) < SAME_LASER_NM
    )
