"""From the station file's tables to drivers: the only place that knows both."""

from dataclasses import dataclass
from pathlib import Path

from dac_control.app.asking import ask_at_terminal
from dac_control.app.light_tables import ManualLampTable
from dac_control.app.station import (
    BaslerCamera,
    Cobolt06Laser,
    LakeShoreCryostat,
    ManualScrew,
    OceanSpectrometer,
    Station,
    ZaberDrive,
)
from dac_control.safety.limits import StepLimits
from devices.drivers import cobolt06, lakeshore336, zaber
from devices.drivers.basler import Basler
from devices.drivers.light_role import LaserDriver
from devices.drivers.manual_drive import Ask, ManualDrive, remembered_turns
from devices.drivers.manual_lamp import ManualLamp
from devices.drivers.manual_spots import ManualSpots
from devices.drivers.ocean import Ocean
from devices.drivers.roles import (
    CameraDriver,
    CryostatDriver,
    ScrewDriver,
    SpectrometerDriver,
)
from devices.drivers.spot_role import SpotsDriver
from devices.links import open_link

__all__ = ["Drivers", "make_drivers"]


@dataclass(frozen=True, kw_only=True)
class Drivers:
    """One driver per role; none of them connected."""

    cryostat: CryostatDriver
    drive: ScrewDriver
    spectrometer: SpectrometerDriver
    microscope: CameraDriver | None
    laser: LaserDriver | None = None
    raman: SpectrometerDriver | None = None
    vis: SpectrometerDriver | None = None
    spots: SpotsDriver | None = None
    lamp: LaserDriver | None = None
    lamp_behind: LaserDriver | None = None
    line_lamp: LaserDriver | None = None


def make_drivers(station: Station, ask: Ask = ask_at_terminal) -> Drivers:
    """Make the drivers that a station declares; opens nothing.

    Parameters
    ----------
    station : Station
        Its tables ``[devices.ROLE]``.
    ask : Ask
        Puts questions to the person who turns, points or switches, where a person does.

    Raises
    ------
    ConfigurationError
        For an address or a gearing that makes no sense.
    """
    declared, speed = station.devices, station.clock.speed
    return Drivers(
        cryostat=_cryostat(declared.cryostat),
        drive=_drive(declared.drive, station, ask),
        spectrometer=_spectrometer(declared.spectrometer),
        microscope=None if declared.microscope is None else _microscope(declared.microscope),
        laser=None if declared.laser is None else _laser(declared.laser),
        raman=None if declared.raman is None else _spectrometer(declared.raman),
        vis=None if declared.vis is None else _spectrometer(declared.vis),
        spots=None if declared.spots is None else ManualSpots(ask, declared.spots.places),
        lamp=_lamp(declared.lamp, ask, "the white lamp", speed),
        lamp_behind=_lamp(declared.lamp_behind, ask, "the lamp behind the cell", speed),
        line_lamp=_lamp(declared.line_lamp, ask, "the calibration lamp", speed),
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
        shutdown_k=declared.shutdown_k,
        max_heater_range=declared.max_heater_range,
        max_heater_current_a=declared.max_heater_current_a,
    )


def _drive(declared: ZaberDrive | ManualScrew, station: Station, ask: Ask) -> ScrewDriver:
    if isinstance(declared, ManualScrew):
        return _manual(declared, station.limits, station.storage.state, ask)
    return _zaber(declared, station.limits)


def _manual(declared: ManualScrew, limits: StepLimits, state: Path, ask: Ask) -> ScrewDriver:
    def remembered() -> float | None:
        # imported late: with the records comes HDF5, which a rehearsal needs not
        from dac_control.app.state_files import intent_log

        return remembered_turns(intent_log(state).read())

    return ManualDrive(
        ask,
        min_turns=limits.min_turns,
        max_turns=limits.max_turns,
        divisions=declared.divisions,
        tolerance_turns=declared.tolerance_turns,
        clockwise_loads=declared.clockwise_loads,
        remembered=remembered,
    )


def _lamp(
    declared: ManualLampTable | None, ask: Ask, called: str, speed: float
) -> LaserDriver | None:
    if declared is None:
        return None
    return ManualLamp(
        ask,
        power_mw=declared.power_mw,
        called=called,
        patience_s=declared.patience_s / speed,
    )


def _zaber(declared: ZaberDrive, limits: StepLimits) -> ScrewDriver:
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
        max_run_current_a=declared.max_run_current_a,
        max_hold_current_a=declared.max_hold_current_a,
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


def _laser(declared: Cobolt06Laser) -> LaserDriver:
    link = open_link(
        declared.address, settings=cobolt06.LINK_SETTINGS, serial=cobolt06.SERIAL_SETTINGS
    )
    return cobolt06.Cobolt06(
        link,
        wavelength_nm=declared.wavelength_nm,
        max_power_mw=declared.max_power_mw,
        expected_serial=declared.serial,
    )
