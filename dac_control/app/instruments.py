"""From a station file and drivers to the devices that plans work with."""

from typing import Any

from dac_control.app.device_tables import OceanSpectrometer
from dac_control.app.light import make_account
from dac_control.app.station import Station
from dac_control.app.surroundings import Storage, Surroundings
from dac_control.gauges import RubyGauge
from dac_control.gauges.diamond_edge import DiamondEdgeGauge, Nu0
from dac_control.gauges.ruby_gauge.settings import ruby_gauge_from
from dac_control.gauges.ruby_gauge.thermometer import RubyThermometer, StrengthRatio
from dac_control.picture import PictureScale
from dac_control.picture.scale import BAYER_PATTERNS, BayerPattern
from dac_control.safety.hold import HoldFlag
from devices.clock_reading import ClockReading
from devices.cryostat import Cryostat
from devices.drivers.roles import SpectrometerDriver
from devices.laser import Laser
from devices.microscope_camera import MicroscopeCamera
from devices.picture import Picture
from devices.raman_gauges import DiamondEdge
from devices.ruby import Ruby
from devices.screw_drive import ScrewDrive
from devices.spectrometer import Spectrometer
from devices.step_notes import StepNotes
from devices.workbench import Workbench
from plans.instruments import GaugeOptics, Instruments

__all__ = ["make_instruments"]


def make_instruments(station: Station, around: Surroundings, storage: Storage) -> Instruments:
    """Make every device of a station over its driver; connects to none."""
    drivers, clock, declared = around.drivers, around.clock, station.devices
    shared: dict[str, Any] = {"timing": around.timing}
    cryostat = Cryostat(
        driver=drivers.cryostat,
        name=declared.cryostat.name,
        clock=clock,
        rate_k_per_min=declared.cryostat.rate_k_per_min,
        **shared,
    )
    spectrometer = _spectrometer(drivers.spectrometer, declared.spectrometer, around)
    microscope = None
    if drivers.microscope is not None and declared.microscope is not None:
        microscope = MicroscopeCamera(
            driver=drivers.microscope,
            name=declared.microscope.name,
            sink=storage.frames,
            **shared,
        )
    return Instruments(
        drive=ScrewDrive(
            driver=drivers.drive,
            name=declared.drive.name,
            journal=storage.intents,
            limits=station.limits,
            clock=clock,
            tolerance_turns=declared.drive.tolerance_turns,
            move_timeout_s=declared.drive.move_timeout_s,
            **shared,
        ),
        cryostat=cryostat,
        spectrometer=spectrometer,
        microscope=microscope,
        picture=_picture(station, microscope, around),
        ruby=Ruby(
            gauge=_gauge(station),
            thermometer=_thermometer(station),
            spectrometer=spectrometer,
            cryostat=cryostat,
            name="ruby",
            **shared,
        ),
        clock_reading=ClockReading(clock=clock, name="clock", **shared),
        step=StepNotes(name="step", **shared),
        limits=station.limits,
        hold=HoldFlag(),
        workbench=Workbench(name="workbench", **shared),
        calibrations=storage.calibrations,
        simulated=station.station.simulated,
        max_temperature_k=station.specimen.max_temperature_k,
        light=_laser(station, around, storage),
        further_gauges=_further_gauges(station, around, cryostat),
    )


def _spectrometer(
    driver: SpectrometerDriver, declared: OceanSpectrometer, around: Surroundings
) -> Spectrometer:
    return Spectrometer(
        driver=driver,
        name=declared.name,
        gain_e_per_count=declared.gain_e_per_count,
        read_noise_e=declared.read_noise_e,
        dark_counts=declared.dark_counts,
        timing=around.timing,
    )


def _further_gauges(
    station: Station, around: Surroundings, cryostat: Cryostat
) -> dict[str, GaugeOptics]:
    edge, declared, driver = station.edge, station.devices.raman, around.drivers.raman
    if edge is None or declared is None or driver is None:
        return {}
    raman = _spectrometer(driver, declared, around)
    gauge = DiamondEdgeGauge(
        scale=edge.scale,
        nu0=Nu0(
            value_cm1=edge.nu0_cm1,
            sigma_cm1=edge.nu0_sigma_cm1,
            convention="vacuum",
            source=edge.nu0_source,
            same_axis=True,
        ),
        laser_sigma_nm=edge.laser_sigma_nm,
        laser_nm=edge.laser_nm,
        axis_sigma_cm1=edge.axis_sigma_cm1,
        stress_sigma_gpa=edge.stress_sigma_gpa,
        anvil=edge.anvil,
    )
    device = DiamondEdge(
        gauge=gauge,
        laser_nm=edge.laser_nm,
        spectrometer=raman,
        cryostat=cryostat,
        name="diamond_edge",
        timing=around.timing,
    )
    return {"diamond_edge": GaugeOptics(device=device, spectrometer=raman, spot="anvil near")}


# Any: to a type checker a device's name is not quite a protocol's
def _laser(station: Station, around: Surroundings, storage: Storage) -> Any:
    driver, declared = around.drivers.laser, station.devices.laser
    if driver is None or declared is None:
        return None
    laser = Laser(
        driver=driver,
        name=declared.name,
        light=declared.light,
        account=make_account(station, storage.light, around.clock, around.timing),
        clock=around.clock,
        timing=around.timing,
    )
    laser.next_power_mw.put(declared.power_mw)
    return laser


def _picture(
    station: Station, microscope: MicroscopeCamera | None, around: Surroundings
) -> Picture | None:
    declared = station.devices.microscope
    if microscope is None or declared is None:
        return None
    scale = PictureScale(
        um_per_pixel=declared.um_per_pixel,
        um_per_pixel_sigma=declared.um_per_pixel_sigma,
        culet_um=station.cell.culet_um,
        culet_centre_px=declared.culet_centre_px,
        black_counts=declared.black_counts,
        bayer=_bayer(declared.pixel_format),
    )
    return Picture(microscope=microscope, scale=scale, name="picture", timing=around.timing)


def _bayer(pixel_format: str) -> BayerPattern | None:
    """Pattern of a raw colour format such as ``BayerRG8``; None for a monochrome one."""
    found = pixel_format.removeprefix("Bayer")[:2]
    return next((pattern for pattern in BAYER_PATTERNS if pattern == found), None)


def _gauge(station: Station) -> RubyGauge:
    return ruby_gauge_from(station.gauge.model_dump())


def _thermometer(station: Station) -> RubyThermometer | None:
    """The chip as a thermometer; None where its strength ratio is not stated."""
    stated = station.gauge.strength_ratio
    if stated is None:
        return None
    return RubyThermometer(StrengthRatio(value=stated.value, sigma=stated.sigma))
