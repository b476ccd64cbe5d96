import datetime
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dac_control.errors import ConfigurationError, DacError, NotMeasured
from dac_control.gauges.photon_transfer import (
    ExposurePair,
    PhotonTransfer,
    exposures_for,
    measure_transfer,
)

GAIN, READ_E, OFFSET, PIXELS, FULL = 3.2, 9.0, 1500.0, 1024, 65535.0
WHEN = datetime.datetime(2026, 11, 22, 8, tzinfo=datetime.UTC)
LAMP_E_PER_S = 2.0e5 * (0.05 + np.exp(-0.5 * ((np.arange(PIXELS) - 400) / 220.0) ** 2))


def frame(rng: np.random.Generator, electrons: np.ndarray, **changed: Any) -> np.ndarray:
    gain = changed.get("gain", GAIN)
    made = np.minimum(rng.poisson(electrons), changed.get("full_well_e", 1e12))
    counts = np.rint((made + READ_E * rng.standard_normal(PIXELS)) / gain + OFFSET)
    return np.clip(counts, 0, FULL)


def pair(rng, exposure_s: float, lamp: float = 1.0, change: float = 0.0, **changed) -> ExposurePair:
    light = lamp * LAMP_E_PER_S * exposure_s
    dark = np.full(PIXELS, 40.0 * exposure_s)
    bent = changed.get("bend", 0.0)
    light = light * (1.0 - bent * light / 2e5)
    return ExposurePair(
        exposure_s=exposure_s,
        light=(
            frame(rng, light + dark, **changed),
            frame(rng, light * (1 + change) + dark, **changed),
        ),
        dark=(frame(rng, dark, **changed), frame(rng, dark, **changed)),
    )


EXPOSURES = (*np.geomspace(0.02, 0.9, 8), 0.02)


def measure(seed: int = 0, **changed: Any) -> PhotonTransfer:
    rng = np.random.default_rng(seed)
    pairs = [pair(rng, float(t), **changed) for t in EXPOSURES]
    return measure_transfer(pairs, instrument="test", time=WHEN)


def test_pulls_of_gain_and_read_noise_are_standard_normal() -> None:
    found = [measure(seed) for seed in range(40)]
    # rounding to whole counts adds a variance of 1/12 count, by definition part of read noise
    read = np.hypot(READ_E, GAIN / np.sqrt(12))
    for pulls in (
        [(one.gain_e_per_count - GAIN) / one.gain_sigma_e_per_count for one in found],
        [(one.read_noise_e - read) / one.read_noise_sigma_e for one in found],
    ):
        assert abs(np.mean(pulls)) < 4 / np.sqrt(len(pulls))
        assert 0.75 < np.std(pulls) < 1.25
    assert np.median([one.gain_sigma_e_per_count for one in found]) < 0.02 * GAIN


def test_a_clean_detector_raises_one_flag_only() -> None:
    found = measure()
    assert found.flags == ("full_well_not_reached",)
    assert abs(found.nonlinearity) < 0.005
    assert abs(found.dark_current_e_per_s - 40.0) < 10.0
    assert abs(found.offset_counts - OFFSET) < 1.0
    assert found.saturation_counts is None


def test_the_result_survives_json() -> None:
    found = measure()
    again = PhotonTransfer.from_dict(json.loads(json.dumps(found.to_dict())))
    assert again == found
    assert "electrons per count" in again.describe()
    with pytest.raises(ConfigurationError, match="measure_gain"):
        PhotonTransfer.from_dict({"gain_e_per_count": 1.0})


def test_pixels_clipped_by_the_converter_are_left_out() -> None:
    rng = np.random.default_rng(1)
    pairs = [pair(rng, float(t)) for t in (*np.geomspace(0.02, 3.0, 9), 0.02)]
    found = measure_transfer(pairs, instrument="test", time=WHEN)
    assert found.saturation_counts == FULL
    assert abs(found.gain_e_per_count - GAIN) < 4 * found.gain_sigma_e_per_count
    assert not all(point.used for point in found.points)


def test_the_full_well_is_found() -> None:
    found = measure(full_well_e=90_000)
    assert found.full_well_e == pytest.approx(90_000, rel=0.15)
    assert "full_well_not_reached" not in found.flags
    assert abs(found.gain_e_per_count - GAIN) < 4 * found.gain_sigma_e_per_count


def test_cosmic_rays_do_no_harm() -> None:
    rng = np.random.default_rng(2)
    pairs = [pair(rng, float(t)) for t in EXPOSURES]
    for one in pairs:
        one.light[0][rng.integers(0, PIXELS, 3)] += 5000
        one.dark[1][rng.integers(0, PIXELS, 1)] += 3000
    found = measure_transfer(pairs, instrument="test", time=WHEN)
    assert abs(found.gain_e_per_count - GAIN) < 4 * found.gain_sigma_e_per_count


def test_a_bent_response_is_told() -> None:
    assert "nonlinear" in measure(bend=0.08).flags


def test_a_drifting_lamp_is_told_and_does_not_change_the_gain() -> None:
    rng = np.random.default_rng(3)
    pairs = [pair(rng, float(t), lamp=1 - 0.01 * i, change=-0.005) for i, t in enumerate(EXPOSURES)]
    found = measure_transfer(pairs, instrument="test", time=WHEN)
    assert "source_drifts" in found.flags
    assert found.source_drift == pytest.approx(-0.08, abs=0.01)
    assert abs(found.gain_e_per_count - GAIN) < 4 * found.gain_sigma_e_per_count


def test_without_a_repeated_exposure_the_lamp_is_not_known() -> None:
    rng = np.random.default_rng(3)
    pairs = [pair(rng, float(t)) for t in EXPOSURES[:-1]]
    found = measure_transfer(pairs, instrument="test", time=WHEN)
    assert found.source_drift is None
    assert "source_drift_unknown" in found.flags


def test_averaged_spectra_give_the_gain_of_one_exposure() -> None:
    rng = np.random.default_rng(5)

    def averaged(t: float) -> ExposurePair:
        four = [pair(rng, t) for _ in range(4)]
        light = tuple(np.mean([one.light[k] for one in four], axis=0) for k in (0, 1))
        dark = tuple(np.mean([one.dark[k] for one in four], axis=0) for k in (0, 1))
        return ExposurePair(exposure_s=t, light=light, dark=dark)  # type: ignore[arg-type]

    pairs = [averaged(float(t)) for t in EXPOSURES]
    found = measure_transfer(pairs, instrument="test", time=WHEN, averages=4)
    assert abs(found.gain_e_per_count - GAIN) < 4 * found.gain_sigma_e_per_count


def smoothed(one: ExposurePair) -> ExposurePair:
    kernel = np.ones(3) / 3
    light = tuple(np.convolve(f, kernel, mode="same") for f in one.light)
    return ExposurePair(exposure_s=one.exposure_s, light=light, dark=one.dark)  # type: ignore[arg-type]


def test_what_makes_a_gain_impossible_is_said() -> None:
    rng = np.random.default_rng(4)
    pairs = [pair(rng, float(t)) for t in EXPOSURES]
    with pytest.raises(NotMeasured, match="boxcar"):
        measure_transfer([smoothed(p) for p in pairs], instrument="test", time=WHEN)
    with pytest.raises(NotMeasured, match="4 exposures"):
        measure_transfer(pairs[:3], instrument="test", time=WHEN)
    with pytest.raises(NotMeasured, match="no brighter than the dark"):
        measure_transfer(
            [
                ExposurePair(exposure_s=p.exposure_s, light=p.dark, dark=(p.dark[1], p.light[0]))
                for p in pairs
            ],
            instrument="test",
            time=WHEN,
        )
    with pytest.raises(NotMeasured, match="warm up"):
        measure_transfer(
            [pair(rng, float(t), change=0.2) for t in EXPOSURES], instrument="test", time=WHEN
        )
    with pytest.raises(NotMeasured, match="shorter exposures"):
        measure_transfer(
            [pair(rng, float(t)) for t in np.geomspace(8.0, 40.0, 5)],
            instrument="test",
            time=WHEN,
        )
    with pytest.raises(NotMeasured, match="identical"):
        ExposurePair(exposure_s=1.0, light=(pairs[0].light[0],) * 2, dark=pairs[0].dark)


@pytest.mark.parametrize(
    "change",
    [
        {"exposure_s": 0.0},
        {"light": (np.zeros(10), np.ones(10))},
        {"light": (np.zeros(300), np.ones(301))},
        {"light": (np.zeros((2, 300)), np.ones((2, 300)))},
        {"light": (np.zeros(300), np.full(300, np.nan))},
    ],
)
def test_what_is_no_pair_is_refused(change: dict) -> None:
    good = {"exposure_s": 1.0, "light": (np.zeros(300), np.ones(300)), "dark": (np.zeros(300),) * 2}
    with pytest.raises(DacError):
        ExposurePair(**(good | change))


def test_exposures_span_the_detector_and_end_where_they_began() -> None:
    chosen = exposures_for(1e4, 6e4, (1e-3, 60.0))
    assert chosen[0] == chosen[-1] == pytest.approx(0.12)
    assert max(chosen) == pytest.approx(6.6)
    with pytest.raises(NotMeasured, match="brighter"):
        exposures_for(10.0, 6e4, (1e-3, 60.0))
    with pytest.raises(NotMeasured, match="fainter"):
        exposures_for(1e9, 6e4, (1e-3, 60.0))
    with pytest.raises(NotMeasured, match="switch it on"):
        exposures_for(0.0, 6e4, (1e-3, 60.0))


counts = arrays(np.float64, 128, elements=st.floats(-1e5, 1e5, allow_nan=False))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(1e-3, 100), counts, counts, counts), max_size=6))
def test_any_counts_give_a_result_or_a_sentence(rows) -> None:
    try:
        pairs = [ExposurePair(exposure_s=t, light=(a, b), dark=(c, c)) for t, a, b, c in rows]
        found = measure_transfer(pairs, instrument="test", time=WHEN)
    except DacError as error:
        assert str(error).endswith(".")
    else:
        assert found.gain_e_per_count > 0
