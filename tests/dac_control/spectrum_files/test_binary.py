import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dac_control.spectrum_files import SpectrumFileError, read_spectrum_file

WIDTH = 80
IMAGES = np.arange(3 * 2 * WIDTH, dtype=np.float64).reshape(3, 2, WIDTH) + 500.0
AXIS = 690.0 + 0.03 * np.arange(WIDTH)


def read(tmp_path: Path, data: bytes, name: str = "a.spe", **options: str):
    path = tmp_path / name
    path.write_bytes(data)
    return read_spectrum_file(path, **options)


def test_spe_2_with_its_polynomial(tmp_path: Path, spe2: Callable[..., bytes]) -> None:
    file = read(tmp_path, spe2(IMAGES, (690.0, 0.03, 1e-7), accumulations=4), "a.dat")
    assert file.kind == "SPE 2.5"
    assert len(file) == 6
    frame = file.frames[3]
    assert frame.label == "frame 2, row 2"
    pixel = np.arange(1, WIDTH + 1)  # WinSpec counts from 1
    np.testing.assert_allclose(frame.axis, 690.0 + 0.03 * pixel + 1e-7 * pixel**2)
    np.testing.assert_array_equal(frame.counts, IMAGES[1, 1])
    assert frame.axis_unit == "nm"
    assert frame.metadata == {"exposure_s": 0.5, "averages": 4, "summed": True}


def test_spe_2_without_calibration_counts_pixels(
    tmp_path: Path, spe2: Callable[..., bytes]
) -> None:
    assert read(tmp_path, spe2(IMAGES)).frames[0].axis_unit == "pixel"


def test_spe_2_raman_calibration(tmp_path: Path, spe2: Callable[..., bytes]) -> None:
    assert read(tmp_path, spe2(IMAGES, (100.0, 1.5), unit=5)).frames[0].axis_unit == "cm-1"


@pytest.mark.parametrize("gap", [0, 16])
def test_spe_3_with_wavelengths_of_its_footer(
    tmp_path: Path, spe3: Callable[..., bytes], gap: int
) -> None:
    file = read(tmp_path, spe3(IMAGES, AXIS, gap=gap))
    assert file.kind == "SPE 3"
    assert len(file) == 6
    np.testing.assert_allclose(file.frames[5].axis, AXIS)
    np.testing.assert_array_equal(file.frames[5].counts, IMAGES[2, 1])
    assert file.frames[0].metadata == {"exposure_s": 0.25, "averages": 5, "summed": False}


def test_spe_3_region_of_a_wider_sensor(tmp_path: Path, spe3: Callable[..., bytes]) -> None:
    sensor = 600.0 + 0.1 * np.arange(400)
    frame = read(tmp_path, spe3(IMAGES, sensor, x=100, binning=2)).frames[0]
    np.testing.assert_allclose(frame.axis, sensor[100:260].reshape(WIDTH, 2).mean(axis=1))


def test_wdf_map(tmp_path: Path, wdf: Callable[..., bytes]) -> None:
    shift = 1900.0 - 5.0 * np.arange(WIDTH)
    file = read(tmp_path, wdf(shift, IMAGES.reshape(-1, WIDTH)), "map.wdf")
    assert len(file) == 6
    assert file.frames[0].axis_unit == "cm-1"
    np.testing.assert_allclose(file.frames[4].axis, shift, rtol=1e-6)
    np.testing.assert_allclose(file.frames[4].counts, IMAGES.reshape(-1, WIDTH)[4])
    assert file.frames[0].metadata["laser_nm"] == pytest.approx(532.1, abs=0.01)


def npz(**arrays: object) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)  # pyright: ignore[reportArgumentType]
    return stream.getvalue()


def npy(array: object) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.asarray(array), allow_pickle=True)
    return stream.getvalue()


def test_npz_by_common_names(tmp_path: Path) -> None:
    file = read(tmp_path, npz(wavelength=AXIS, counts=IMAGES[:, 0], exposure_s=0.2), "a.npz")
    assert len(file) == 3
    assert file.frames[0].axis_unit == "nm"
    assert file.frames[0].metadata["exposure_s"] == 0.2


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"a": AXIS, "B": IMAGES[0, 0]}, r"--dataset.*a 80, B 80\."),
        (
            {"wavelength": AXIS, "counts": IMAGES[0, 0], "spectrum": IMAGES[1, 0]},
            r"Several datasets .*--dataset: counts 80, spectrum 80\.",
        ),
        (
            {"a/wavelength": AXIS, "a/counts": IMAGES[0, 0], "B/counts": IMAGES[1, 0]},
            r"--dataset: a/counts 80, B/counts 80\.",
        ),
        (
            {"wavelength": AXIS[:50], "counts": IMAGES[0, 0]},
            r"axis wavelength in .* has 50 values and counts 80;",
        ),
    ],
)
def test_arrays_that_are_not_clear_are_listed(
    tmp_path: Path, arrays: dict[str, np.ndarray], words: str
) -> None:
    with pytest.raises(SpectrumFileError, match=words):
        read(tmp_path, npz(**arrays), "a.npz")


def test_a_named_dataset_is_taken(tmp_path: Path) -> None:
    data = npz(a=AXIS, b=IMAGES[0, 0])
    assert read(tmp_path, data, "a.npz", dataset="b").frames[0].axis_unit == "pixel"


@pytest.mark.parametrize("shared", [True, False])
def test_each_folder_of_a_file_has_its_spectra(tmp_path: Path, shared: bool) -> None:
    arrays = {f"scan_{k}/counts": IMAGES[k, 0] for k in range(2)} | {"monitor/data": np.ones(5)}
    arrays |= {"wavelength": AXIS} if shared else {f"scan_{k}/nm": AXIS + k for k in range(2)}
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name, array in arrays.items():
            file[name] = array
    hdf5 = read_spectrum_file(tmp_path / "a.h5")
    for found in (hdf5, read(tmp_path, npz(**arrays), "a.npz")):
        assert [frame.label for frame in found.frames] == ["scan_0/counts", "scan_1/counts"]
        np.testing.assert_array_equal(found.frames[1].counts, IMAGES[1, 0])
        assert found.frames[1].axis[0] == AXIS[0] + (not shared)


def test_npy_layouts(tmp_path: Path) -> None:
    columns = np.column_stack([AXIS, *IMAGES[:, 0]])
    for array in (columns, np.vstack([AXIS, IMAGES[0, 0]])):
        file = read(tmp_path, npy(array), "a.npy")
        np.testing.assert_allclose(file.frames[0].axis, AXIS)
        np.testing.assert_allclose(file.frames[0].counts, IMAGES[0, 0])
    assert read(tmp_path, npy(IMAGES[0, 0]), "a.npy").frames[0].axis_unit == "pixel"


def test_npy_with_a_torn_header_is_refused(tmp_path: Path) -> None:
    # NumPy hands a header like this to Python's tokenizer
    torn = npy(np.column_stack([AXIS, IMAGES[0, 0]])).replace(b"2), }", b"2\x00, }")
    with pytest.raises(SpectrumFileError, match="no sound NumPy array"):
        read(tmp_path, torn, "a.npy")


def test_npy_with_objects_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpectrumFileError, match="no sound NumPy array"):
        read(tmp_path, npy(np.array([{}, None], dtype=object)), "a.npy")


@pytest.fixture
def hdf5_file(tmp_path: Path) -> Path:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        entry = file.create_group("entry")
        entry["counts"] = IMAGES[:, 0]
        entry["wavelength"] = AXIS
        entry["wavelength"].attrs["units"] = "nm"
        entry["exposure_time"] = 0.3
        entry["other"] = np.zeros((4, 7))
    return path


def test_hdf5_by_common_names(hdf5_file: Path) -> None:
    file = read_spectrum_file(hdf5_file)
    assert len(file) == 3
    assert file.frames[0].axis_unit == "nm"
    assert file.frames[0].metadata["exposure_s"] == pytest.approx(0.3)
    np.testing.assert_allclose(file.frames[2].counts, IMAGES[2, 0])


def test_hdf5_packed_as_beamlines_do_it(tmp_path: Path) -> None:
    import hdf5plugin

    path = tmp_path / "packed.h5"
    counts = np.arange(200.0)
    with h5py.File(path, "w") as file:
        file["wavelength_nm"] = np.linspace(690.0, 700.0, 200)
        packed = hdf5plugin.Bitshuffle(cname="lz4")
        file.create_dataset("counts", data=counts, chunks=(200,), **packed)
    code = (
        "import sys; from dac_control.spectrum_files import read_spectrum_file as read; "
        "print(read(sys.argv[1]).frames[0].counts.sum())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == str(counts.sum()), done.stderr


def test_hdf5_dataset_that_is_not_there(hdf5_file: Path) -> None:
    with pytest.raises(SpectrumFileError, match="entry/counts 3x80"):
        read_spectrum_file(hdf5_file, dataset="/entry/nothing")


def test_nexus_says_what_is_signal_and_axis(tmp_path: Path) -> None:
    path = tmp_path / "a.nxs"
    with h5py.File(path, "w") as file:
        file.attrs["default"] = "entry"
        entry = file.create_group("entry")
        entry.attrs["default"] = "data"
        data = entry.create_group("data")
        data.attrs.update({"signal": "ccd", "axes": [".", "shift"]})
        data["ccd"] = IMAGES[:, 1]
        data["shift"] = 100.0 + np.arange(WIDTH)
        data["shift"].attrs["units"] = "1/cm"
        entry["counts"] = np.zeros(5)
    file = read_spectrum_file(path)
    assert file.frames[0].axis_unit == "cm-1"
    np.testing.assert_allclose(file.frames[1].counts, IMAGES[1, 1])


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_truncated_or_flipped_files_are_refused_in_a_sentence(
    tmp_path_factory: pytest.TempPathFactory,
    spe2: Callable[..., bytes],
    spe3: Callable[..., bytes],
    wdf: Callable[..., bytes],
    data: st.DataObject,
) -> None:
    whole = {
        "a.spe": spe2(IMAGES, (690.0, 0.03)),
        "b.spe": spe3(IMAGES, AXIS),
        "a.wdf": wdf(AXIS, IMAGES[:, 0]),
        "a.npz": npz(wavelength=AXIS, counts=IMAGES[0, 0]),
        "a.npy": npy(np.column_stack([AXIS, IMAGES[0, 0]])),
        "a.h5": _hdf5_bytes(),
    }
    name = data.draw(st.sampled_from(sorted(whole)))
    content = bytearray(whole[name])
    del content[data.draw(st.integers(0, len(content))) :]
    if content and data.draw(st.booleans()):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("cut") / name
    path.write_bytes(content)
    try:
        file = read_spectrum_file(path)
    except SpectrumFileError as error:
        assert str(path) in str(error)
    else:
        assert all(frame.axis.shape == frame.counts.shape for frame in file.frames)


def _hdf5_bytes() -> bytes:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file["wavelength"] = AXIS
        file["counts"] = IMAGES[0, 0]
    return stream.getvalue()
