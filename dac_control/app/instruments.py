"""From a station file and drivers to the devices that plans work with."""

from typing import TYPE_CHECKING, Any

from dac_control.app.calibrations import station_calibrations
from dac_control.app.further_gauges import further_gauges, make_spectrometer, reference_ruby
from dac_control.app.light import make_lights
from dac_control.app.station import Station
from dac_control.app.surroundings import Storage, Surroundings
from dac_control.gauges import RubyGauge
from dac_control.gauges.ruby_gauge.settings import ruby_gauge_from
from dac_control.gauges.ruby_gauge.thermometer import RubyThermometer, StrengthRatio
from dac_control.safety.hold import HoldFlag
from devices.clock_reading import ClockReading
from devices.cryostat import Cryostat
from devices.microscope_camera import MicroscopeCamera
from devices.ruby import Ruby
from devices.screw_drive import ScrewDrive
from devices.spectrometer import Spectrometer
from devices.spots import Spots
from devices.step_notes import StepNotes
from devices.workbench import Workbench
from plans.calibrated import use_calibrations
from plans.instruments import Instruments

if TYPE_CHECKING:
    from dac_control.picture.scale import BayerPattern
    from devices.picture import Picture

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
    spectrometer = make_spectrometer(drivers.spectrometer, declared.spectrometer, around)
    microscope = None
    if drivers.microscope is not None and declared.microscope is not None:
        microscope = MicroscopeCamera(
            driver=drivers.microscope,
            name=declared.microscope.name,
            sink=storage.frames,
            **shared,
        )
    lights = make_lights(station, around, storage)
    instruments = Instruments(
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
        in_use=station_calibrations(station, storage.calibrations, around.timing.wall_time()),
        wall_time=around.timing.wall_time,
        simulated=station.station.simulated,
        max_temperature_k=station.specimen.max_temperature_k,
        further_gauges={
            **further_gauges(station, around, cryostat, lights.laser),
            **reference_ruby(station, around, cryostat, spectrometer, lights.laser),
        },
        light=lights.laser,
        lamp=lights.lamp,
        lamp_behind=lights.lamp_behind,
        lamp_behind_drift_u=1.0 if declared.lamp_behind is None else declared.lamp_behind.drift_u,
        line_lamp=lights.line_lamp,
        spots=_spots(station, around),
        vis=_vis(station, around),
        reflectance=station.reflectance if "reflectance" in station.arm_needs else None,
        gasket=None
        if station.gasket_reflectance is None
        else station.gasket_reflectance.as_table(),
        loading=station.loading,
        specimen=station.specimen.id,
        new_id=around.timing.new_id,
    )
    use_calibrations(instruments)
    return instruments


def _vis(station: Station, around: Surroundings) -> Spectrometer | None:
    driver, declared = around.drivers.vis, station.devices.vis
    if driver is None or declared is None:
        return None
    return make_spectrometer(driver, declared, around)


def _spots(station: Station, around: Surroundings) -> Spots | None:
    driver, declared = around.drivers.spots, station.devices.spots
    if driver is None or declared is None:
        return None
    return Spots(
        driver=driver,
        name=declared.name,
        clock=around.clock,
        move_timeout_s=declared.move_timeout_s,
        timing=around.timing,
    )


def _picture(
    station: Station, microscope: MicroscopeCamera | None, around: Surroundings
) -> "Picture | None":
    declared = station.devices.microscope
    if microscope is None or declared is None:
        return None
    # most stations have no microscope
    from dac_control.picture import PictureScale
    from devices.picture import Picture

    scale = PictureScale(
        um_per_pixel=declared.um_per_pixel,
        um_per_pixel_sigma=declared.um_per_pixel_sigma,
        culet_um=station.cell.culet_um,
        culet_centre_px=declared.culet_centre_px,
        black_counts=declared.black_counts,
        bayer=_bayer(declared.pixel_format),
    )
    return Picture(microscope=microscope, scale=scale, name="picture", timing=around.timing)


def _bayer(pixel_format: str) -> "BayerPattern | None":
    """Pattern of a raw colour format such as ``BayerRG8``; None for a monochrome one."""
    from dac_control.picture.scale import BAYER_PATTERNS

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
