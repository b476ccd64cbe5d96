"""Do the stated uncertainties tell the truth? Twins that drew their own errors are the judges."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dac_control.app.session import build_session
from dac_control.gauges import RubyGauge, Spectrum
from simulators.twin import Twin, TwinSettings


class HandClock:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.time_s = 0.0

    def now(self) -> float:
        return self.time_s


def spectrum_of(twin: Twin, clock: HandClock, exposure_s: float, averages: int) -> Spectrum:
    """Expose as the spectrometer simulator does, and add what the certificates say."""
    papers = twin.certificates()
    scans = []
    for _ in range(averages):
        scans.append(twin.expose(clock.now(), exposure_s))
        clock.time_s += exposure_s
    pixel = np.arange(twin.pixels)
    return Spectrum(
        wavelength_nm=np.polynomial.polynomial.polyval(pixel, twin.wavelength_coefficients),
        counts=np.mean(scans, axis=0),
        exposure_s=exposure_s,
        averages=averages,
        gain_e_per_count=papers["gain_e_per_count"],
        read_noise_e=papers["read_noise_e"],
        dark_counts=papers["dark_counts"],
        saturation_counts=twin.full_scale,
    )


GaugeOf = Callable[[dict[str, Any]], RubyGauge]


def test_line_positions_in_memory_scatter_as_their_sigma_says(gauge_of: GaugeOf) -> None:
    """20 seeds, 40 spectra each, at pressures from 2 to about 40 GPa and several exposures."""
    pulls = []
    for seed in range(20):
        clock = HandClock()
        twin = Twin(seed=seed, clock=clock)
        gauge = gauge_of(twin.certificates())
        twin.turn_to(0.015 * seed)
        clock.time_s += 7200
        for index in range(40):
            spectrum = spectrum_of(twin, clock, (0.2, 0.5, 1.0)[index % 3], 1)
            result = gauge.measure(spectrum, temperature_k=twin.sensor_k("B"))
            exposure = twin.last_exposure()
            assert result.measured and exposure is not None, result.flags
            pulls.append((result.fit.r1_nm - exposure["r1_axis_nm"]) / result.fit.r1_sigma_nm)
    assert len(pulls) == 800
    assert 0.9 < np.std(pulls) < 1.1
    # the mean, too: 800 pulls of standard deviation 1 have a mean within 0.035 (1 sigma)
    assert abs(np.mean(pulls)) < 0.25


def test_line_positions_over_the_wire_scatter_as_their_sigma_says(served, tmp_path: Path) -> None:
    """One seed through simulator, socket, seabreeze, driver and device, against the truth file."""
    with build_session(Path(served["station"])) as session:
        session.require_ready()
        found = session.instruments
        found.spectrometer.next_exposure_s.put(0.5)
        found.light.next_spot.put("chip")
        found.light.next_open_s.put(1e6)
        found.light.set(True).wait(20)
        lines, sigmas = [], []
        for _ in range(400):
            found.spectrometer.trigger().wait(10)
            found.ruby.trigger().wait(10)
            assert found.ruby.measured.get(), found.ruby.flags.get()
            lines.append(found.ruby.r1_nm.get())
            sigmas.append(found.ruby.r1_sigma_nm.get())
    truth = [json.loads(line) for line in Path(served["truth"]).read_text().splitlines()]
    true = [line["r1_axis_nm"] for line in truth if "r1_axis_nm" in line][-400:]
    pulls = (np.array(lines) - np.array(true)) / np.array(sigmas)
    # no seed orders threads: the deviation of 400 pulls is known to 0.035, and one of the exposures
    # in memory, whose seeds are fixed, to 0.025; this one looks for what the wire would break
    assert 0.84 < np.std(pulls) < 1.16
    assert abs(np.mean(pulls)) < 0.35


@pytest.mark.parametrize("start_temperature_k", [80.0, 296.0])
def test_pressures_scatter_as_the_total_budget_says(
    start_temperature_k: float, gauge_of: GaugeOf
) -> None:
    """200 twins, each with its own scale, lambda0, axis, sensor and low-temperature errors.

    Each also draws its own shift with temperature, between the published ones mirrored about
    Datchi 2007, and its own way in which that shift goes on under pressure.
    """
    settings = TwinSettings(start_temperature_k=start_temperature_k)
    residuals = []
    for seed in range(200):
        clock = HandClock()
        twin = Twin(seed=1000 + seed, clock=clock, settings=settings)
        twin.turn_to(0.30 * (seed % 10) / 9)
        clock.time_s += 7200
        spectrum = spectrum_of(twin, clock, 0.5, 4)
        temperature_k = twin.sensor_k("B")
        result = gauge_of(twin.certificates()).measure(spectrum, temperature_k=temperature_k)
        exposure = twin.last_exposure()
        assert result.measured and exposure is not None, (seed, result.flags)
        total = np.hypot(result.sigma_stat_gpa, result.sigma_sys_gpa)
        residuals.append((result.pressure_gpa - exposure["pressure_gpa"]) / total)
    assert 0.8 < np.std(residuals) < 1.2
    # At 296 K the light heats the ruby by 0.3 K, which the cell's sensor does not see: 6 MPa,
    # about a quarter of sigma on average here. Below 100 K R1 hardly depends on temperature.
    assert abs(np.mean(residuals)) < (0.2 if start_temperature_k < 100 else 0.4)
