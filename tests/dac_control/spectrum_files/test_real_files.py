"""Files that instruments wrote, against the plainest reading of the same rows."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from dac_control.spectrum_files import read_spectrum_file
from dac_control.spectrum_files.table import Block

DATA = Path(__file__).parent / "data"


def rows(name: str, delimiter: str, columns: tuple[int, ...]) -> NDArray[np.float64]:
    """Every line that begins with a digit, cut at the delimiter."""
    lines = (DATA / name).read_text(encoding="latin-1").splitlines()
    cells = [line.split(delimiter) for line in lines if line[:1].isdigit()]
    return np.array([[float(row[column]) for column in columns] for row in cells])


def test_labspec() -> None:
    file = read_spectrum_file(DATA / "labram_cm1.txt")
    (frame,) = file.frames
    assert (file.kind, frame.axis_unit) == ("LabSpec text", "cm-1")
    np.testing.assert_array_equal(
        np.stack((frame.axis, frame.counts), axis=1), rows("labram_cm1.txt", "\t", (0, 1))
    )
    assert frame.metadata["exposure_s"] == 30.0
    assert (frame.metadata["averages"], frame.metadata["laser_nm"]) == (2, 532.0)


def test_ooibase_whose_channel_is_no_pixel() -> None:
    file = read_spectrum_file(DATA / "oceanoptics_nm.txt")
    (frame,) = file.frames
    assert file.kind == "OceanView text"
    assert frame.axis_unit is None  # the file names none; 340 to 1014 could be a Raman shift
    np.testing.assert_array_equal(
        np.stack((frame.axis, frame.counts), axis=1), rows("oceanoptics_nm.txt", "\t", (0, 1))
    )
    assert (frame.metadata["exposure_s"], frame.metadata["averages"]) == (0.008, 10)


def test_solis_with_its_settings_below() -> None:
    file = read_spectrum_file(DATA / "solis_kinetic.asc")
    assert (file.kind, len(file)) == ("Andor text", 20)
    plain = rows("solis_kinetic.asc", ",", tuple(range(21)))
    for number, frame in enumerate(file.frames, start=1):
        np.testing.assert_array_equal(frame.axis, plain[:, 0])
        np.testing.assert_array_equal(frame.counts, plain[:, number])
        assert frame.metadata["exposure_s"] == 0.050005


def test_the_rows_of_a_block_are_turned_into_an_array_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A camera image of 2160 columns took minutes when each column did it again."""
    made: list[Block] = []
    values = Block.values.fget
    assert values is not None

    def counted(block: Block) -> NDArray[np.float64]:
        made.append(block)
        return values(block)

    monkeypatch.setattr(Block, "values", property(counted))
    path = tmp_path / "image.asc"
    path.write_text("\n".join(f"{700 + k}," + "99," * 300 for k in range(400)))
    assert len(read_spectrum_file(path)) == 300
    assert len(made) <= 2


def test_a_labspec_scan_along_a_line(tmp_path: Path) -> None:
    """The layout of `LabRAM/raman_linescan.txt.gz`: an axis above, places in the first column."""
    axis = np.linspace(600.0, 87.0, 120)
    places = np.linspace(33.1, -34.9, 50)
    counts = np.random.default_rng(3).poisson(50.0, (50, 120)).astype(float)
    lines = ["#Acq. time (s)=\t2", "#Laser (nm)=\t532", "#AxisType[0]=Intens", "#AxisUnit[0]=Cnt",
             "#AxisType[1]=Spectr", "#AxisUnit[1]=1/cm", "#AxisType[2]=Y", "#AxisUnit[2]=\xb5m",
             "\t" + "\t".join(f"{x:.4f}" for x in axis)]  # fmt: skip
    for place, row in zip(places, counts, strict=True):
        lines.append("\t".join((f"{place:.4f}", *(f"{count:g}" for count in row))))
    path = tmp_path / "line.txt"
    path.write_text("\n".join(lines), encoding="latin-1")
    file = read_spectrum_file(path)
    assert len(file) == 50
    assert file.frames[0].axis_unit == "cm-1"
    assert file.frames[0].label == "33.1"
    np.testing.assert_allclose(file.frames[7].axis, axis, atol=1e-4)
    np.testing.assert_array_equal([frame.counts for frame in file.frames], counts)
