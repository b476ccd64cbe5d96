"""First estimates where the top of a line is cut off."""

import numpy as np
import pytest

from dac_control.gauges.photon_noise import PhotonNoise
from dac_control.gauges.ruby.clipped import flat_tops, unclipped

X = np.arange(684.0, 710.0, 0.03)


def clipped_line(r1_nm: float, fwhm_nm: float, share: float) -> tuple[np.ndarray, np.ndarray]:
    """A Gaussian on a level, cut off at a share of its height; counts and what is saturated."""
    y = 900.0 + 1e4 * np.exp(-4.0 * np.log(2.0) * ((X - r1_nm) / fwhm_nm) ** 2)
    full = 900.0 + 1e4 * share
    return np.minimum(y, full)[None, :], (y >= full)[None, :]


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("fwhm_nm", [0.2, 0.5, 1.0])
def test_the_flanks_tell_place_and_width(share: float, fwhm_nm: float) -> None:
    y, saturated = clipped_line(694.31, fwhm_nm, share)
    seen = np.array([X[int(np.argmax(saturated[0]))]])  # the search stops at the plateau's end
    r1, fwhm = unclipped(X, y, saturated, seen, np.array([1.5 * fwhm_nm]))
    assert abs(r1[0] - 694.31) <= 0.03
    assert fwhm[0] == pytest.approx(fwhm_nm, rel=0.35, abs=0.06)


def test_a_line_that_is_not_cut_off_keeps_its_estimates() -> None:
    y, saturated = clipped_line(694.31, 0.5, 0.5)
    y = np.concatenate((y, y))
    saturated = np.concatenate((saturated, np.zeros_like(saturated)))
    # nothing saturated in the second; in the first, far from where the line is said to be
    r1, fwhm = unclipped(X, y, saturated, np.array([699.0, 694.2]), np.array([0.4, 0.7]))
    np.testing.assert_array_equal(r1, [699.0, 694.2])
    np.testing.assert_array_equal(fwhm, [0.4, 0.7])


def test_a_plateau_at_the_edge_of_the_spectrum_is_no_error() -> None:
    y, saturated = clipped_line(684.05, 0.5, 0.5)
    r1, fwhm = unclipped(X, y, saturated, np.array([684.0]), np.array([0.5]))
    assert np.isfinite(r1).all()
    assert (fwhm > 0.0).all()


def noise(averages: int = 1) -> PhotonNoise:
    return PhotonNoise(
        gain_e_per_count=1.0,
        read_noise_e=5.0,
        offset_counts=900.0,
        averages=averages,
        gain_assumed=False,
    )


def test_a_flat_top_is_seen_where_full_scale_was_not_stated(rng: np.random.Generator) -> None:
    y, saturated = clipped_line(694.31, 0.5, 0.5)
    whole, _nothing = clipped_line(694.31, 0.5, 1.0)
    drawn = np.round(rng.normal(whole, np.sqrt(whole)))
    found = flat_tops(np.concatenate((y, drawn)), noise(), np.array([True, True]))
    assert found is not None
    np.testing.assert_array_equal(found[0], saturated[0])
    assert not found[1].any()


@pytest.mark.parametrize("averages", [1, 1000])
def test_rounded_counts_are_not_taken_for_a_flat_top(averages: int) -> None:
    level = np.full((1, X.size), 905.0)
    one = np.array([True])
    assert flat_tops(level, noise(), one) is None
    y, _saturated = clipped_line(694.31, 0.5, 0.5)
    assert (flat_tops(y, noise(averages), one) is None) == (averages == 1000)
