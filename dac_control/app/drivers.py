"""From the station file's tables to drivers: the only place that knows both."""

from dataclasses import dataclass

from dac_control.app.station import (
    BaslerCamera,
    LakeShoreCryostat,
    OceanSpectrometer,
    Station,
    ZaberDrive,
)
from dac_control.safety.limits import StepLimits
from devices.drivers import lakeshore336, zaber
from devices.drivers.basler import Basler
from devices.drivers.ocean import Ocean
from devices.drivers.roles import CameraDriver, CryostatDriver, ScrewDriver, SpectrometerDriver
from devices.links import open_link

__all__ = ["Drivers", "make_drivers"]


@dataclass(frozen=True, kw_only=True)
class Drivers:
    """One driver per role; none of them connected."""

    cryostat: CryostatDriver
    drive: ScrewDriver
    spectrometer: SpectrometerDriver
    microscope: CameraDriver | None


def make_drivers(station: Station) -> Drivers:
    """Make the drivers that a station declares; opens nothing.

    Raises
    ------
    ConfigurationError
        For an address or a gearing that makes no sense.
    """
    declared = station.devices
    return Drivers(
        cryostat=_cryostat(declared.cryostat),
        drive=_drive(declared.drive, station.limits),
        spectrometer=_spectrometer(declared.spectrometer),
        microscope=None if declared.microscope is None else _microscope(declared.microscope),
    )


def _cryostat(declared: LakeShoreCryostat) -> CryostatDriver:
    link = open_link(
        declared.address,
        settings=lakeshore336.LINK_SETTINGS,
        serial=lakeshore336.SERIAL_SETTINGS,
    )
    return lakeshore336.LakeShore336(
        link,
        stage_input=declared.stage_input,
        cell_input=declared.cell_input,
        output=declared.output,
        expected_serial=declared.serial,
        setpoint_limits_k=(declared.min_setpoint_k, declared.max_setpoint_k),
    )


def _drive(declared: ZaberDrive, limits: StepLimits) -> ScrewDriver:
    link = open_link(declared.address, settings=zaber.LINK_SETTINGS, serial=zaber.SERIAL_SETTINGS)
    return zaber.Zaber(
        link,
        device=declared.device,
        axis=declared.axis,
        steps_per_rev=declared.steps_per_rev,
        microsteps=declared.microsteps,
        gear_ratio=declared.gear_ratio,
        min_turns=limits.min_turns,
        max_turns=limits.max_turns,
        expected_serial=declared.serial,
    )


def _spectrometer(declared: OceanSpectrometer) -> SpectrometerDriver:
    return Ocean(declared.model, host=declared.host, port=declared.port, serial=declared.serial)


def _microscope(declared: BaslerCamera) -> CameraDriver:
    return Basler(
        declared.serial,
        exposure_ms=declared.exposure_ms,
        roi=declared.roi,
        pixel_format=declared.pixel_format,
        nodes=declared.nodes,
        environment=declared.environment,
    )
