"""Plans that calibrate: axis, gain, lambda0; each ends in the station's file of calibrations."""

import datetime
import json
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ophyd import Device
from ophyd.status import Status

from dac_control.errors import (
    ConfigurationError,
    LimitError,
    NotMeasured,
    RampHeld,
    StaleCalibration,
)
from dac_control.records.calibrations_in_use import CalibrationAges
from devices.drivers.roles import Identity, RawSpectrum
from devices.spectrometer import Spectrometer
from plans.calibrate_axis import calibrate_axis_plan
from plans.calibrated import use_calibrations
from plans.gauge_settings import RubySettings
from plans.hold import hold
from plans.measure_gain import measure_gain
from plans.measure_lambda0 import measure_lambda0
from plans.pressure_ramp import pressure_ramp
from plans.settings import Targets
from plans.temperature_ramp import cooldown

SHORT = RubySettings(exposure_s=0.5)


def now() -> datetime.datetime:
    return datetime.datetime.now(tz=datetime.UTC)


class Lamp(Device):
    """A lamp that a plan opens and closes."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.is_on = False
        self.openings = 0

    def set(self, value: bool) -> Status:
        self.openings += bool(value)
        self.is_on = value
        status = Status(obj=self)
        status.set_finished()
        return status


class Detector:
    """A detector in front of a lamp, with a gain and a read noise of its own."""

    address = "bench"
    exposure_limits_s = (0.001, 60.0)
    saturation_counts = 65535.0
    pixels = 1024
    gain, read_e, dark = 2.5, 12.0, 1500.0

    def __init__(self, lamp: Lamp) -> None:
        self.lamp, self.rng = lamp, np.random.default_rng(5)

    def connect(self) -> Identity:
        return Identity(vendor="bench", model="detector", serial="1", firmware="1")

    def concerns(self) -> list[str]:
        return []

    def close(self) -> None: ...

    def acquire(self, exposure_s: float, averages: int) -> RawSpectrum:
        light = 4e4 * exposure_s * np.hanning(self.pixels + 2)[1:-1] if self.lamp.is_on else 0.0
        electrons = self.rng.poisson(np.broadcast_to(light, self.pixels) * self.gain)
        noise = self.rng.normal(0.0, self.read_e, self.pixels)
        counts = np.round((electrons + noise) / self.gain + self.dark)
        return RawSpectrum(
            wavelength_nm=np.linspace(680.0, 720.0, self.pixels),
            counts=np.clip(counts, 0, self.saturation_counts),
            exposure_s=exposure_s,
            averages=averages,
            saturated=bool(counts.max() >= 0.95 * self.saturation_counts),
            time=time.time(),
        )


def test_lambda0_comes_from_several_spectra_and_is_kept_with_its_date(laboratory) -> None:
    settings = RubySettings(exposure_s=0.5)
    laboratory.engine(
        measure_lambda0(laboratory.instruments, "chip 3", readings=5, settings=settings)
    )
    record = laboratory.instruments.calibrations.newest(
        "lambda0", "chip 3", now=now(), limit_h=1.0, simulated=True
    )
    lines = [event["data"]["ruby_r1_nm"] for event in laboratory.events("primary")]
    assert len(lines) == 5
    assert min(lines) <= record.content["value_nm"] <= max(lines)
    assert record.content["sigma_nm"] > 0.0
    assert record.content["temperature_k"] == pytest.approx(80.0, abs=2.0)
    kept = json.loads(laboratory.events("calibration")[0]["data"]["workbench_result"])
    assert kept == record.content
    assert not laboratory.screw.sent


def test_too_few_readings_are_refused_and_no_ruby_holds(laboratory) -> None:
    with pytest.raises(LimitError, match="3 or more"):
        laboratory.engine(measure_lambda0(laboratory.instruments, "chip 3", readings=2))
    laboratory.twin.light_on = False
    settings = RubySettings(exposure_s=0.5, attempts=1)
    with pytest.raises(RampHeld, match="0 of 3 spectra"):
        laboratory.engine(
            measure_lambda0(laboratory.instruments, "chip 3", readings=3, settings=settings)
        )
    assert not laboratory.instruments.calibrations.history("lambda0", "chip 3", simulated=True)


def test_the_lamp_says_where_the_axis_is(laboratory) -> None:
    laboratory.twin.spot, laboratory.twin.lamp_on = "neon", True
    spectrometer = laboratory.instruments.spectrometer
    laboratory.engine(
        calibrate_axis_plan(laboratory.instruments, "neon", exposures_s=(0.02, 0.5), averages=2)
    )
    assert len(laboratory.events("lamp")) == 2
    own = np.asarray(spectrometer.last.wavelength_nm)
    corrected = spectrometer.as_spectrum().wavelength_nm
    assert not np.array_equal(own, corrected)
    np.testing.assert_array_equal(spectrometer.as_spectrum(on_own_axis=True).wavelength_nm, own)
    # the papers of the twin say by how much its axis is wrong, and lamp lines know better
    assert np.max(np.abs(corrected - own)) < 1.0
    assert spectrometer.axis.axis_sigma_nm(694.3) < 0.02


def test_without_a_lamp_the_axis_stays_as_it_is(laboratory) -> None:
    with pytest.raises(RampHeld):
        laboratory.engine(calibrate_axis_plan(laboratory.instruments, "neon", exposures_s=(0.02,)))
    assert laboratory.instruments.spectrometer.axis is None
    with pytest.raises(ConfigurationError):
        laboratory.engine(calibrate_axis_plan(laboratory.instruments, "candle"))


def test_gain_and_read_noise_come_from_the_light_itself(laboratory) -> None:
    lamp = Lamp(name="lamp")
    spectrometer = Spectrometer(driver=Detector(lamp), name="bench")
    spectrometer.connect()
    try:
        instruments = replace(laboratory.instruments, spectrometer=spectrometer, lamp=lamp)
        laboratory.engine(measure_gain(instruments))
        record = instruments.calibrations.newest("gain", "bench", now=now(), simulated=True)
        assert record.content["gain_e_per_count"] == pytest.approx(Detector.gain, rel=0.05)
        assert record.content["read_noise_e"] == pytest.approx(Detector.read_e, rel=0.1)
        assert spectrometer.gain_e_per_count.get() == record.content["gain_e_per_count"]
        assert not lamp.is_on
        assert lamp.openings == len(laboratory.events("lamp"))
    finally:
        spectrometer.destroy()


def test_a_gain_without_darks_is_refused_before_the_run_opens(laboratory) -> None:
    with pytest.raises(NotMeasured, match="no lamp that can be opened"):
        laboratory.engine(measure_gain(laboratory.instruments))
    assert not laboratory.documents


def test_a_lambda0_of_the_chip_in_use_is_used_at_once(laboratory) -> None:
    instruments = laboratory.instruments
    ruby = instruments.ruby
    # the chip as it would be if the cell were unloaded now
    laboratory.engine(measure_lambda0(instruments, "another chip", readings=3, settings=SHORT))
    stated = ruby.gauge.lambda0
    line_nm = float(ruby.r1_nm.get())
    here = replace(stated, value_nm=line_nm, temperature_k=80.0)
    instruments.in_use.lambda0s = (here,)
    use_calibrations(instruments)
    laboratory.engine(measure_lambda0(instruments, stated.chip, readings=3, settings=SHORT))
    record = instruments.calibrations.history("lambda0", stated.chip, simulated=True)[-1]
    assert ruby.gauge.lambda0.value_nm == record.content["value_nm"] != line_nm


def test_a_loaded_cell_gives_no_lambda0(laboratory) -> None:
    instruments = laboratory.instruments
    chip = instruments.ruby.gauge.lambda0.chip
    laboratory.twin.turn_to(0.2)
    plan = measure_lambda0(instruments, chip, readings=3, settings=SHORT)
    with pytest.raises(RampHeld, match="the cell is not unloaded; nothing was stored"):
        laboratory.engine(plan)
    assert not instruments.calibrations.history("lambda0", chip, simulated=True)


def test_a_stale_axis_is_refused_before_a_run_opens(laboratory) -> None:
    instruments = laboratory.instruments
    instruments.in_use.ages = CalibrationAges(max_axis_age_h=24.0)
    for plan in (
        pressure_ramp(instruments, Targets.gpa([9])),
        cooldown(instruments, 60.0),
        hold(instruments, 1.0),
        measure_lambda0(instruments, "chip 3"),
    ):
        with pytest.raises(StaleCalibration, match="run calibrate_axis"):
            laboratory.engine(plan)
    assert not laboratory.documents and not laboratory.screw.sent
