"""Recorded spectra as a light source: their own axis, one a step."""

from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import curve_fit

from simulators.replay import ReplayLight, load_recording
from simulators.spectrum_file import read_two_columns

PIXELS = 2068
REAL_SPECTRA = Path(__file__).resolve().parents[3] / "shared" / "data" / "spectra"


def real(name: str) -> Path:
    path = REAL_SPECTRA / name
    if not path.exists():
        pytest.skip(f"the measured spectrum {name} is not on this machine")
    return path


def axis_of(coefficients: tuple[float, ...]) -> np.ndarray:
    return np.polynomial.polynomial.polyval(np.arange(PIXELS), coefficients)


def write(path: Path, axis, counts, *, separator="\t", header="") -> Path:
    lines = [f"{x:.6f}{separator}{y:.2f}" for x, y in zip(axis, counts, strict=True)]
    path.write_text(header + "\n".join(lines) + "\n")
    return path


def ruby_like(axis: np.ndarray, top: float = 8000.0) -> np.ndarray:
    return 500 + top * np.exp(-(((axis - 694.3) / 0.2) ** 2))


def doublet(x, r1, split, a1, a2, w1, w2, base, slope):
    lorentz = a1 / (1 + ((x - r1) / w1) ** 2) + a2 / (1 + ((x - r1 + split) / w2) ** 2)
    return lorentz + base + slope * (x - 694)


def fitted_r1(axis: np.ndarray, counts: np.ndarray) -> float:
    top = axis[np.argmax(counts)]
    near = (axis > top - 4.5) & (axis < top + 3.5)
    x, y = axis[near], counts[near].astype(float)
    start = (top, 1.4, np.ptp(y), 0.6 * np.ptp(y), 0.3, 0.3, y.min(), 0.0)
    return float(curve_fit(doublet, x, y, p0=start)[0][0])


@pytest.mark.parametrize(
    ("name", "r1_nm"), [("ruby_ocean_two_column.txt", 694.825), ("ruby_andor.asc", 694.908)]
)
def test_real_ruby_keeps_its_line(name, r1_nm):
    axis, counts = read_two_columns(real(name))
    recording = load_recording(real(name))
    served = fitted_r1(axis_of(recording.coefficients), recording.counts)
    assert abs(served - fitted_r1(axis, counts)) < 0.002
    assert abs(served - r1_nm) < 0.030
    assert recording.scale == 1.0


def test_real_ruby_with_a_finely_printed_axis_is_reproduced_pixel_by_pixel():
    axis, counts = read_two_columns(real("ruby_andor.asc"))
    recording = load_recording(real("ruby_andor.asc"))
    before = (PIXELS - axis.size) // 2
    served = axis_of(recording.coefficients)[before : before + axis.size]
    assert np.abs(served - axis).max() < 0.002
    assert np.array_equal(recording.counts[before : before + axis.size], np.rint(counts))


def test_real_ruby_with_a_rounded_axis_is_reproduced_within_its_rounding():
    axis, counts = read_two_columns(real("ruby_ocean_two_column.txt"))
    recording = load_recording(real("ruby_ocean_two_column.txt"))
    served = axis_of(recording.coefficients)
    near = np.abs(axis[:PIXELS] - 694.8) < 10
    error = (served - axis[:PIXELS])[near]
    assert np.abs(error).max() < 0.0055  # printed to 0.01 nm
    assert abs(error.mean()) < 0.0005
    assert np.array_equal(recording.counts, np.rint(counts[:PIXELS]))


def test_long_recording_is_cut_around_its_strongest_line(tmp_path):
    index = np.arange(3648)
    axis = 640 + 0.03 * index - 1e-6 * index**2
    recording = load_recording(write(tmp_path / "a.txt", axis, ruby_like(axis)))
    served = axis_of(recording.coefficients)
    peak = int(np.argmax(recording.counts))
    assert peak == PIXELS // 2
    first = int(np.argmax(ruby_like(axis))) - peak
    assert np.abs(served - axis[first : first + PIXELS]).max() < 0.0005


def test_short_recording_is_padded_at_its_edge_level_on_a_rising_axis(tmp_path):
    axis = np.linspace(690, 700, 400)
    recording = load_recording(write(tmp_path / "a.txt", axis, ruby_like(axis)))
    assert np.all(np.diff(axis_of(recording.coefficients)) > 0)
    assert set(recording.counts[:800]) == {500}
    assert set(recording.counts[-800:]) == {500}
    assert recording.counts.max() == np.rint(ruby_like(axis).max())


def test_axis_that_is_no_cubic_is_right_where_the_lines_are(tmp_path):
    index = np.arange(2000)
    axis = 660 + 0.03 * index + 0.3 * np.sin(index / 400)
    recording = load_recording(write(tmp_path / "a.txt", axis, ruby_like(axis)))
    served = axis_of(recording.coefficients)[34 : 34 + 2000]
    near = np.abs(axis - 694.3) < 4
    assert np.abs(served - axis)[near].max() < 0.002
    assert recording.axis_error_nm < 0.002


@pytest.mark.parametrize(("top", "factor"), [(1.0, None), (2e5, None), (9e3, 1.0)])
def test_counts_that_do_not_fit_are_scaled_and_others_are_not(tmp_path, top, factor):
    axis = np.linspace(690, 700, 400)
    counts = ruby_like(axis, top) - 500
    recording = load_recording(write(tmp_path / "a.txt", axis, counts))
    if factor is None:
        assert recording.counts.max() == pytest.approx(0.9 * 65535, abs=1)
    else:
        assert recording.scale == factor


def test_each_step_shows_the_next_and_the_last_stays(tmp_path):
    for k in range(3):
        axis = np.linspace(690 + k, 700 + k, 400)
        write(tmp_path / f"step{k}.txt", axis, ruby_like(axis, 1000 * (k + 1)))
    (tmp_path / "README.md").write_text("not a spectrum")
    turns = [0.0]
    light = ReplayLight(tmp_path, lambda: turns[0])
    tops = []
    for turn in (0.0, 0.0, 0.1, 0.1, 0.15, 0.3):
        turns[0] = turn
        before = light.wavelength_coefficients
        tops.append(round(int(light.expose(0.0, 0.1).max()), -2))
        assert light.wavelength_coefficients == before, "the axis belongs to the spectrum"
    assert tops == [1500, 1500, 2500, 2500, 3500, 3500]
    assert [recording.name for recording in light.recordings] == [
        "step0.txt",
        "step1.txt",
        "step2.txt",
    ]


def test_two_moves_between_spectra_are_one_step(tmp_path):
    for k in range(3):
        axis = np.linspace(690, 700, 400)
        write(tmp_path / f"{k}.txt", axis, ruby_like(axis, 1000 * (k + 1)))
    turns = [0.0]
    light = ReplayLight(tmp_path, lambda: turns[0])
    light.expose(0, 1)
    for turns[0] in (0.1, 0.2):
        assert light.current.name == "1.txt"
    light.expose(0, 1)
    assert light.current.name == "1.txt"


@pytest.mark.parametrize(
    "text",
    [
        "{}\t{}\n",
        "{},{}\n",
        "{}, {}\n",
        "{} ; {}\n",
        "  {}   {}  0.5\n",
    ],
)
def test_columns_may_be_parted_in_many_ways(tmp_path, text):
    path = tmp_path / "a.txt"
    rows = "".join(text.format(690 + k / 8, 100 + k) for k in range(20))
    path.write_text("Date: 1 2 2023\nWavelength\tCounts\n\n" + rows + "\n>>>>>End<<<<<\n")
    axis, counts = read_two_columns(path)
    assert np.array_equal(axis, 690 + np.arange(20) / 8)
    assert np.array_equal(counts, 100.0 + np.arange(20))


def test_decimal_commas_and_a_falling_axis(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("".join(f"{700 - k},5\t{k},25\n" for k in range(20)))
    axis, counts = read_two_columns(path)
    assert axis[0] == 681.5
    assert axis[-1] == 700.5
    assert counts[-1] == 0.25


def rows(count: int = 20) -> list[str]:
    return [f"{690 + k / 8} {100 + k}" for k in range(count)]


@pytest.mark.parametrize(
    ("change", "place", "what"),
    [
        ({9: "691.0 abc"}, ":10:", "two numbers"),
        ({9: "691.0"}, ":10:", "two numbers"),
        ({9: "hello"}, ":10:", "text stands between"),
        ({9: "600.0 5"}, ":10:", "does not rise"),
        ({9: "691.125 nan"}, ":10:", "not finite"),
    ],
)
def test_broken_files_are_named_with_their_line(tmp_path, change, place, what):
    lines = rows()
    for number, line in change.items():
        lines[number] = line
    path = tmp_path / "broken.txt"
    path.write_text("\n".join(lines))
    with pytest.raises(ValueError, match=what) as caught:
        read_two_columns(path)
    assert f"{path}{place}" in str(caught.value)


def test_what_is_no_spectrum_is_refused(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("nothing to see\n")
    with pytest.raises(ValueError, match=r"notes\.txt: found 0 rows"):
        ReplayLight(path, lambda: 0.0)
    with pytest.raises(ValueError, match="no such file"):
        ReplayLight(tmp_path / "absent.txt", lambda: 0.0)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="no spectrum file"):
        ReplayLight(tmp_path / "empty", lambda: 0.0)
    with pytest.raises(ValueError, match="nothing to replay"):
        ReplayLight([], lambda: 0.0)
