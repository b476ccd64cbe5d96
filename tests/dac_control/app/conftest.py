"""A run folder as a ramp leaves it, composed document by document."""

import datetime
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import event_model
import h5py
import hdf5plugin
import numpy as np
import orjson
import pytest

from dac_control.gauges import Lambda0, RubyGauge, Spectrum
from dac_control.records import open_run

WAVELENGTH_NM = np.linspace(640.0, 760.0, 2068)
RAMAN_NM = np.linspace(566.0, 590.0, 512)
AIR_INDEX = 1.00027
PADDING = 16
CELL_K = 80.0
DWELL_S = 1500.0


def make_gauge() -> RubyGauge:
    return RubyGauge(
        scale="ruby2020",
        correction="datchi2007",
        lambda0=Lambda0(
            value_nm=694.246,
            sigma_nm=0.004,
            chip="R3",
            date=datetime.date(2026, 11, 20),
            temperature_k=296.0,
        ),
        axis_sigma_nm=0.01,
        temperature_sigma_k=0.1,
    )


GAUGE = make_gauge()


def curve_gpa(turns: float) -> float:
    return 2.0 + 52.0 * (1.0 - np.exp(-turns / 0.75))


@dataclass
class FakeRun:
    """Writes the documents of one run; every knob has the value of a good run."""

    folder: Path
    load: int = 14
    unload: int = 4
    dwell_readings: int = 8
    simulated: bool = True
    speed: float = 200.0
    exit_status: str | None = "success"
    reason: str = ""
    frames: bool = True
    not_measured: tuple[int, ...] = ()
    drifting: tuple[int, ...] = ()
    rejected_dwell: tuple[int, ...] = ()
    """Numbers of dwell events that give no pressure."""
    start_changes: dict[str, Any] = field(default_factory=dict)
    chip_excess_k: float | None = None
    """How much warmer than the sensor the ruby's own lines say it is; None: not measured."""
    edge_at: tuple[int, ...] = ()
    """Steps at which the diamond edge is taken, too."""
    edge_rejected: tuple[int, ...] = ()
    """Those of them at which it gives no pressure."""
    edge_lost: tuple[int, ...] = ()
    """Those at which it gives one while the cell settles, and none in the end."""
    edge_offset_gpa: float = 0.0
    edge_in_charge_from: int | None = None
    reference_ruby: bool = False
    predicts: bool = False
    """Each step but the first carries what the load curve said before."""
    surprises: tuple[int, ...] = ()
    signs: dict[int, str] = field(default_factory=dict)
    unjudged: tuple[int, ...] | None = None
    """Steps with a frame that was not compared with others; None: no frame was analysed."""
    cooldown: bool = False
    """The steps belong to a cooldown from 300 K."""
    cell_k: float = CELL_K
    uid: str = "ab12cd34-0000-4000-8000-000000000001"
    seed: int = 5

    def write(self) -> Any:
        self.folder.mkdir(parents=True)
        self.rng = np.random.default_rng(self.seed)
        self.lab_s = 0.0
        self.dwell_number = 0
        self.lines: list[bytes] = []
        self.bundle = event_model.compose_run(
            uid=self.uid, time=1_795_335_300.0, metadata=self.start()
        )
        self.emit("start", self.bundle.start_doc)
        self.events: dict[str, Any] = {}
        self.pictures: list[np.ndarray] = []
        for number, (turns, branch, pressure) in enumerate(self.path(), start=1):
            self.step(number, turns, branch, pressure)
        if self.exit_status is not None:
            self.emit(
                "stop",
                {
                    **self.bundle.compose_stop(exit_status=self.exit_status, reason=self.reason),
                    "time": 1_795_335_300.0 + self.lab_s / self.speed,
                },
            )
        (self.folder / "documents.jsonl").write_bytes(b"".join(self.lines))
        return open_run(self.folder)

    def start(self) -> dict[str, Any]:
        found = {
            "plan_name": "pressure_ramp",
            "scan_id": 3,
            "simulated": self.simulated,
            "speed": self.speed,
            "operator": "Ada <ada@example.org>",
            "specimen": {"id": "H2-017", "material": "hydrogen", "ptm": "none"},
            "cell": {"id": "DAC-4", "culet_um": 300.0, "gasket": "rhenium"},
            "gauge": "ruby",
            "scale": "ruby2020",
            "temperature_correction": "datchi2007",
            "axis_sigma_nm": 0.01,
            "temperature_sigma_k": 0.1,
            "lambda0": {
                "value_nm": 694.246,
                "sigma_nm": 0.004,
                "chip": "R3",
                "date": "2026-11-20",
                "temperature_k": 296.0,
            },
            "station": "simulated laboratory",
            "limits": {"max_turns": 3.0, "max_step_gpa": 5.0, "pressure_limit_gpa": 60.0},
            "versions": {"dac-control": "0.1.0", "bluesky": "1.15.1"},
            "instruments": {
                "drive": {
                    "vendor": "Zaber",
                    "model": "X-LSM",
                    "serial": "1234",
                    "firmware": "7.38",
                    "address": "socket://127.0.0.1:50001",
                }
            },
            "targets": {"unit": "gpa", "load": [10, 20, 30, 40], "unload": [35, 20]},
            "plan_args": {"settings": {"dwell": {"drift_limit_gpa_per_h": 0.2}}},
            "devices": {
                "drive": "screw",
                "cryostat": "cryostat",
                "spectrometer": "spectrometer",
                "microscope": "microscope",
                "ruby": "ruby",
                "clock": "clock",
                "step": "step",
            },
        }
        if self.unjudged is not None:
            found["devices"] |= {"picture": "picture"}
        for gauge, wanted in (
            ("diamond_edge", bool(self.edge_at)),
            ("reference_ruby", self.reference_ruby),
        ):
            if wanted:
                found["devices"] |= {gauge: gauge, f"{gauge}_spectrometer": "raman"}
        if self.edge_at:
            found["gauge_scales"] = {"diamond_edge": "akahama2006"}
        return found | self.start_changes

    def path(self) -> list[tuple[float, str, float]]:
        branch = "cooldown" if self.cooldown else "load"
        up = [(t, branch, curve_gpa(t)) for t in np.linspace(0.0, 1.05, self.load)]
        if not self.unload or not up:
            return up
        top_turns, _, top_gpa = up[-1]
        band = [(top_turns - 0.02 * k, "dead_band", top_gpa - 0.01 * k) for k in (1, 2, 3)]
        down = [
            (top_turns - 0.06 - 0.1 * k, "unload", top_gpa - 4.1 * k)
            for k in range(1, self.unload + 1)
        ]
        return up + band + down

    def emit(self, name: str, doc: Any) -> None:
        self.lines.append(orjson.dumps([name, doc], option=orjson.OPT_SERIALIZE_NUMPY) + b"\n")

    def step(self, number: int, turns: float, branch: str, pressure: float) -> None:
        pressure += self.rng.normal(0, 0.04)
        notes = {"number": number, "branch": branch, "outcome": "under_way"}
        for k in range(self.dwell_readings):
            self.lab_s += DWELL_S / self.dwell_readings
            self.dwell_number += 1
            lag = 0.03 * pressure * np.exp(-k / 2.5)
            self.event(
                "dwell",
                self.measured(pressure - lag, self.dwell_number in self.rejected_dwell)
                | self.notes(notes),
            )
        missing = number in self.not_measured
        drifting = number in self.drifting
        gap = missing or number in self.edge_lost
        outcome = "not_measured" if gap else "still_drifting" if drifting else "settled"
        in_charge = self.further(number, pressure, notes) if not missing else {}
        data = self.measured(pressure, missing) | self.notes(
            notes
            | in_charge
            | self.predicted(number, pressure)
            | {
                "target": 40.0,
                "target_turns": turns,
                "outcome": outcome,
                "drift_gpa_per_h": float("nan") if missing else 0.45 if drifting else 0.05,
                "drift_bound_gpa_per_h": float("nan") if missing else 0.61 if drifting else 0.12,
                "dwell_s": DWELL_S,
                "readings": self.dwell_readings,
                "attempts": 1,
            }
        )
        data |= {
            "screw_turns": turns,
            "screw_target_turns": turns,
            "screw_flags": "",
            "microscope_exposure_s": 0.01,
        }
        if self.unjudged is not None:
            data |= {"picture_measured": True, "picture_judged": number not in self.unjudged}
            data |= {"picture_hole_um": 120.0 - 5.0 * number, "picture_hole_sigma_um": 0.5}
            data |= {"picture_hole_px": 300.0 - 9.0 * number, "picture_hole_sigma_px": 1.0}
            data |= {"picture_ellipticity": 0.01 * number, "picture_ellipticity_sigma": 0.01}
            data |= {"picture_brightness": 3.0, "picture_brightness_sigma": 0.1}
            data |= {"picture_core": 2.0 - 0.1 * number, "picture_core_sigma": 0.1}
            data |= {"picture_red": 3.0, "picture_green": 2.5 - 0.1 * number, "picture_blue": 1.0}
            data |= {"picture_focus": 0.5, "picture_flags": ""}
        self.event("primary", data)

    def predicted(self, number: int, pressure: float) -> dict[str, Any]:
        if not self.predicts or number == 1:
            return {}
        middle = pressure + self.rng.normal(0, 0.1) + (2.0 if number in self.surprises else 0.0)
        return {
            "predicted_gpa": middle,
            "predicted_low_gpa": middle - 0.4,
            "predicted_high_gpa": middle + 0.4,
            "bound_gpa": middle + 0.9,
            "surprise": "confirmed" if number in self.surprises else "",
            "signs": self.signs.get(number, ""),
        }

    def further(self, number: int, pressure: float, notes: dict[str, Any]) -> dict[str, Any]:
        """Spectra of further gauges; what the step notes say of the gauge in charge."""
        if self.reference_ruby:
            self.event(
                "reference_ruby",
                self.gauge_data("reference_ruby", 0.01, 0.05, 0.2, True, "r1_nm", 693.36)
                | self.notes(notes),
            )
        charged = self.edge_in_charge_from is not None and number >= self.edge_in_charge_from
        said = {"gauge": "diamond_edge" if charged else "ruby"}
        if number not in self.edge_at:
            return said if self.edge_at else {}
        good = number not in self.edge_rejected
        value = pressure + self.edge_offset_gpa + self.rng.normal(0, 0.3)
        lost = number in self.edge_lost
        for ok in (True, False) if lost else (False, True) if good else (False,):
            self.event(
                "diamond_edge",
                self.gauge_data("diamond_edge", value, 0.3, 0.8, ok, "edge_cm1", 1333 + 1.8 * value)
                | self.notes(notes),
            )
        if charged and good and not lost:
            said |= {
                "pressure_gpa": value,
                "pressure_sigma_stat_gpa": 0.3,
                "pressure_sigma_sys_gpa": 0.8,
            }
        return said

    def gauge_data(
        self, gauge: str, value: float, stat: float, sys: float, ok: bool, name: str, seen: float
    ) -> dict[str, Any]:
        nothing = float("nan")
        line, _, unit = name.rpartition("_")
        return {
            "clock_lab_time_s": self.lab_s,
            "clock_speed": self.speed,
            "cryostat_stage_temperature_k": self.cell_k - 0.6,
            "cryostat_cell_temperature_k": self.cell_k,
            "raman_spectrum": self.raman(seen),
            "raman_wavelength_nm": RAMAN_NM,
            "raman_exposure_s": 60.0,
            "raman_averages": 1,
            f"{gauge}_pressure_gpa": value if ok else nothing,
            f"{gauge}_pressure_sigma_stat_gpa": stat if ok else nothing,
            f"{gauge}_pressure_sigma_sys_gpa": sys if ok else nothing,
            f"{gauge}_{name}": seen if ok else nothing,
            f"{gauge}_{line}_sigma_{unit}": 0.01 if ok else nothing,
            f"{gauge}_temperature_k": self.cell_k,
            f"{gauge}_measured": ok,
            f"{gauge}_flags": "" if ok else "low_signal",
        }

    def raman(self, edge_cm1: float) -> np.ndarray:
        shift = 1e7 / 532.0 - 1e7 / (RAMAN_NM * AIR_INDEX)
        step = 400.0 / (1.0 + np.exp((shift - edge_cm1) / 6.0)) * (shift > 1333)
        return self.rng.poisson(200.0 + step).astype(float)

    def notes(self, values: dict[str, Any]) -> dict[str, Any]:
        nothing = float("nan")
        blank = {
            "number": 0,
            "branch": "",
            "target": nothing,
            "target_turns": nothing,
            "outcome": "",
            "drift_gpa_per_h": nothing,
            "drift_bound_gpa_per_h": nothing,
            "dwell_s": 0.0,
            "readings": 0,
            "attempts": 0,
        }
        if self.edge_at or self.predicts:  # older records lack these
            blank |= {"gauge": "", "surprise": "", "signs": ""}
            blank |= dict.fromkeys(
                (
                    "pressure_gpa",
                    "pressure_sigma_stat_gpa",
                    "pressure_sigma_sys_gpa",
                    "predicted_gpa",
                    "predicted_low_gpa",
                    "predicted_high_gpa",
                    "bound_gpa",
                ),
                nothing,
            )
        return {f"step_{name}": value for name, value in (blank | values).items()}

    def measured(self, pressure: float, dark: bool) -> dict[str, Any]:
        spectrum = self.spectrum(pressure, 0.0 if dark else 4000.0)
        temperature = self.cell_k + self.rng.normal(0, 0.02)
        result = GAUGE.measure(spectrum, temperature_k=temperature)
        fit = result.fit
        assert fit is not None
        parameters, covariance = np.full(PADDING, np.nan), np.full((PADDING, PADDING), np.nan)
        size = fit.parameters.size
        parameters[:size] = fit.parameters
        if size:
            covariance[:size, :size] = fit.covariance
        own = {}
        if self.chip_excess_k is not None:
            own = {
                "ruby_chip_temperature_k": temperature + self.chip_excess_k,
                "ruby_chip_temperature_sigma_k": 2.0,
            }
        return own | {
            "clock_lab_time_s": self.lab_s,
            "clock_speed": self.speed,
            "cryostat_stage_temperature_k": temperature - 0.6 + self.rng.normal(0, 0.02),
            "cryostat_cell_temperature_k": temperature,
            "cryostat_setpoint_k": self.cell_k,
            "cryostat_heater_percent": 31.0,
            "spectrometer_spectrum": spectrum.counts,
            "spectrometer_wavelength_nm": spectrum.wavelength_nm,
            "spectrometer_exposure_s": 0.2,
            "spectrometer_averages": 1,
            "spectrometer_saturated": False,
            "ruby_pressure_gpa": result.pressure_gpa,
            "ruby_pressure_sigma_stat_gpa": result.sigma_stat_gpa,
            "ruby_pressure_sigma_sys_gpa": result.sigma_sys_gpa,
            "ruby_r1_nm": fit.r1_nm,
            "ruby_r1_sigma_nm": fit.r1_sigma_nm,
            "ruby_r1_asymmetry_sigma_nm": fit.asymmetry_sigma_nm,
            "ruby_r2_nm": fit.r2_nm,
            "ruby_r1_fwhm_nm": fit.r1_fwhm_nm,
            "ruby_chi2_reduced": fit.chi2_reduced,
            "ruby_temperature_k": temperature,
            "ruby_measured": result.measured,
            "ruby_flags": " ".join(result.flags),
            "ruby_model": fit.model,
            "ruby_parameters": parameters,
            "ruby_covariance": covariance,
            "ruby_window_nm": np.asarray(fit.window_nm),
        }

    def spectrum(self, pressure: float, height: float) -> Spectrum:
        r1 = GAUGE.line_from_pressure(pressure, self.cell_k)
        width = 0.28 + 0.004 * pressure
        counts = 600.0 + 20.0 * np.sin(WAVELENGTH_NM / 9.0)
        for centre, share in ((r1, 1.0), (r1 - 1.4, 0.45)):
            counts = counts + share * height / (1 + (2 * (WAVELENGTH_NM - centre) / width) ** 2)
        noisy = self.rng.poisson(counts).astype(float) + self.rng.normal(0, 3, counts.size)
        return Spectrum(
            wavelength_nm=WAVELENGTH_NM,
            counts=noisy.round(1),
            exposure_s=0.2,
            averages=1,
            gain_e_per_count=1.0,
            read_noise_e=3.0,
            dark_counts=0.0,
            saturation_counts=65535.0,
        )

    def event(self, stream: str, data: dict[str, Any]) -> None:
        frames = self.frames and stream == "primary"
        if stream not in self.events:
            self.events[stream] = self.describe(stream, data, frames)
        bundle, datum = self.events[stream]
        doc = bundle.compose_event(
            data=data,
            timestamps=dict.fromkeys(data, 1795335300.0 + self.lab_s / self.speed),
            validate=False,
        )
        doc["time"] = 1_795_335_300.0 + self.lab_s / self.speed
        if frames:
            index = len(self.pictures)
            self.pictures.append(self.picture(data["screw_turns"]))
            self.store()
            stamped = datum(
                event_model.StreamRange(start=index, stop=index + 1),
                seq_nums=event_model.StreamRange(start=index + 1, stop=index + 2),
                descriptor=bundle.descriptor_doc,
            )
            self.emit("stream_datum", stamped)
        self.emit("event", doc)

    def describe(self, stream: str, data: dict[str, Any], frames: bool) -> Any:
        keys = {key: data_key(value) for key, value in data.items()}
        if frames:
            keys["microscope_frame"] = {
                "source": "fake",
                "dtype": "array",
                "shape": [1, 120, 160],
                "dtype_numpy": "|u1",
                "external": "STREAM:",
            }
        bundle = self.bundle.compose_descriptor(name=stream, data_keys=keys, validate=False)
        self.emit("descriptor", bundle.descriptor_doc)
        if not frames:
            return bundle, None
        resource = self.bundle.compose_stream_resource(
            mimetype="application/x-hdf5",
            uri="file://localhost/frames.h5",
            data_key="microscope_frame",
            parameters={"dataset": "/entry/data/microscope_frame", "swmr": True},
        )
        self.emit("stream_resource", resource.stream_resource_doc)
        return bundle, resource.compose_stream_datum

    def picture(self, turns: float) -> np.ndarray:
        y, x = np.mgrid[0:120, 0:160]
        hole = np.hypot(x - 80, y - 60) < 45 - 12 * turns
        noise = self.rng.normal(0, 4, hole.shape)
        return np.clip(np.where(hole, 190, 45) + noise, 0, 255).astype(np.uint8)

    def store(self) -> None:
        if len(self.pictures) < self.load + (self.unload + 3 if self.unload else 0):
            return
        with h5py.File(self.folder / "frames.h5", "w", libver="latest") as file:
            file.create_dataset(
                "/entry/data/microscope_frame",
                data=np.stack(self.pictures),
                chunks=(1, 120, 160),
                **hdf5plugin.Bitshuffle(cname="lz4"),
            )


def data_key(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"source": "fake", "dtype": "boolean", "shape": []}
    if isinstance(value, str):
        return {"source": "fake", "dtype": "string", "shape": []}
    if isinstance(value, int):
        return {"source": "fake", "dtype": "integer", "shape": []}
    if isinstance(value, np.ndarray):
        return {
            "source": "fake",
            "dtype": "array",
            "shape": list(value.shape),
            "dtype_numpy": "<f8",
        }
    return {"source": "fake", "dtype": "number", "shape": []}


@pytest.fixture
def fake_run(tmp_path):
    """Return a function that writes a run with the given changes and opens it."""

    def make(**changes: Any) -> Any:
        folder = tmp_path / "runs" / f"2026-11-22_0815_pressure-ramp_ab12c{len(changes)}"
        return FakeRun(folder, **changes).write()

    return make


@pytest.fixture(scope="session")
def good_run(tmp_path_factory):
    """A simulated run, loading and unloading, with three rejected dwell readings."""
    folder = tmp_path_factory.mktemp("runs") / "2026-11-22_0815_pressure-ramp_ab12cd"
    return FakeRun(folder, dwell_readings=3, drifting=(6,), rejected_dwell=(5, 6, 20)).write()


@pytest.fixture(scope="session")
def write_run():
    """Return a function that writes a run into a folder, for fixtures that outlive a test."""
    return lambda folder, **changes: FakeRun(folder, **changes).write()


OPTICS = """
[edge]
nu0_cm1 = 1332.5
nu0_sigma_cm1 = 3.0
nu0_source = "the table of this anvil"
laser_nm = 532.0
laser_sigma_nm = 0.02

[vibron]
scale_file = "scales.toml"
scale = "vibron2026"
expected_cm1 = [4100.0, 4280.0]
laser_nm = 532.0
laser_sigma_nm = 0.02

[devices.raman]
driver = "ocean"
name = "raman"
model = "QE Pro"
serial = "QEP00124"
gain_e_per_count = 1.5
read_noise_e = 5.0
dark_counts = 600

[devices.vis]
driver = "ocean"
name = "vis"
model = "HDX"
serial = "HDX00125"
gain_e_per_count = 4.0
read_noise_e = 20.0

[devices.spots]
driver = "manual"
places = ["chip", "chip 2", "sample", "gasket", "anvil near", "anvil far"]

[devices.lamp]
driver = "manual"
power_mw = 5.0

[light.beams.lamp]
spot_um = 30
transmission = 0.2
"""
SCALES = """
[[scale]]
gauge = "h2_vibron"
name = "vibron2026"
form = "table"
observable_cm1 = [4161.0, 4200.0, 4230.0, 4245.0]
pressure_gpa = [0.0, 10.0, 20.0, 30.0]
sigma_gpa = 1.0
citation = "an invented table"
"""


@pytest.fixture(scope="session")
def optics_station(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """File of a station with stage, lamp and three spectrometers, on the overnight one."""
    folder = tmp_path_factory.mktemp("optics")
    examples = Path(__file__).parents[3] / "examples"
    (folder / "scales.toml").write_text(SCALES)
    path = folder / "station.toml"
    text = (examples / "overnight_station.toml").read_text()
    path.write_text(text.replace('material = "FeSe"', 'material = "hydrogen"') + OPTICS)
    return path
