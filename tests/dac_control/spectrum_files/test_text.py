import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dac_control.spectrum_files import SpectrumFileError, read_spectrum_file

N = 60
AXIS = 690.0 + 0.03 * np.arange(N)
COUNTS = 500.0 + np.round(np.linspace(0.0, 900.0, N) ** 1.1, 2)
THOUSANDS = "\n".join(f"{690 + 0.03 * k:.4f};{800 + 10 * k:,}" for k in range(N))
EXCHANGED = str.maketrans(".,", ",.")
RUBY = "\n".join(f"{x:.3f}\t{y:.2f}" for x, y in zip(AXIS, COUNTS, strict=True))


def read(tmp_path: Path, text: str | bytes, name: str = "spectrum.txt"):
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_spectrum_file(path)


def check(file, columns: int = 1) -> None:
    assert len(file) == columns
    for number, frame in enumerate(file.frames):
        np.testing.assert_allclose(frame.axis, AXIS, atol=1e-9)
        np.testing.assert_allclose(frame.counts, COUNTS + number, atol=1e-9)


HEADER_LINES = st.lists(
    st.sampled_from(
        [
            "Date: 2026-11-22",
            "Operator;Müller",
            "Belichtungszeit: 0,5 s",
            "Wavelength (nm): 700.1",
            "# comment 1 2 3",
            "",
            ">>>>>Begin Spectral Data<<<<<",
            "日付 2026年",
            "mesure n° 12, cellule 3",
        ]
    ),
    max_size=70,
)


@settings(max_examples=120, deadline=None)
@given(
    header=HEADER_LINES,
    footer=st.lists(st.sampled_from(["", "end of file", "# 1 2", "Σ done"]), max_size=5),
    delimiter=st.sampled_from(["\t", ";", " ", "   ", ",", ", ", " ; "]),
    comma=st.booleans(),
    columns=st.integers(1, 3),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"]),
    exponent=st.booleans(),
    descending=st.booleans(),
)
def test_every_way_to_write_columns_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    header: list[str],
    footer: list[str],
    delimiter: str,
    comma: bool,
    columns: int,
    newline: str,
    encoding: str,
    exponent: bool,
    descending: bool,
) -> None:
    if comma and "," in delimiter:
        delimiter = ";"
    if encoding == "utf-16-le":  # without a byte order mark only Latin letters tell it
        header = [line for line in header if line.isascii()]
        footer = [line for line in footer if line.isascii()]
    rows = []
    for x, y in zip(AXIS, COUNTS, strict=True):
        form = "{:.9e}" if exponent else "{:.4f}"
        cells = [form.format(value) for value in (x, *(y + k for k in range(columns)))]
        row = delimiter.join(cells)
        rows.append(row.replace(".", ",") if comma else row)
    if descending:
        rows.reverse()
    text = newline.join([*header, *rows, *footer])
    path = tmp_path_factory.mktemp("text") / "a.dat"
    path.write_bytes(text.encode(encoding))
    file = read_spectrum_file(path)
    assert len(file) == columns
    for number, frame in enumerate(file.frames):
        step = -1 if descending else 1
        np.testing.assert_allclose(frame.axis[::step], AXIS, atol=1e-6)
        np.testing.assert_allclose(frame.counts[::step], COUNTS + number, atol=1e-6)


@settings(max_examples=200, deadline=None)
@given(data=st.one_of(st.binary(max_size=3000), st.text(max_size=2000).map(str.encode)))
def test_anything_is_read_or_refused_in_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / "a.txt"
    path.write_bytes(data)
    try:
        file = read_spectrum_file(path)
    except SpectrumFileError as error:
        assert str(path) in str(error)
        assert str(error).endswith(".")
    else:
        assert all(frame.axis.shape == frame.counts.shape for frame in file.frames)


NUMBERISH = st.text(alphabet="0123456789.,;\t \n-+eE#nan", max_size=400)


@settings(max_examples=300, deadline=None)
@given(text=NUMBERISH)
def test_numbers_in_disorder_do_no_harm(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.mktemp("any") / "a.txt"
    path.write_text(text)
    try:
        file = read_spectrum_file(path)
    except SpectrumFileError as error:
        assert str(path) in str(error)
    else:
        assert all(frame.axis.shape == frame.counts.shape for frame in file.frames)


def test_latin_1_header_and_micro_sign(tmp_path: Path) -> None:
    text = "Temperatur: 21 °C\nIntegrationszeit (µs): 500\n" + RUBY
    file = read(tmp_path, text.encode("latin-1"))
    check(file)
    assert file.frames[0].metadata["exposure_s"] == pytest.approx(5e-4)


def test_a_damaged_line_is_named_with_its_number(tmp_path: Path) -> None:
    lines = RUBY.split("\n")
    lines[30] = "690.900\t#DIV/0!"
    with pytest.raises(SpectrumFileError, match=r"Line 31 of .*spectrum.txt reads '690.900"):
        read(tmp_path, "\n".join(lines))


def test_a_row_that_lacks_a_number_is_named(tmp_path: Path) -> None:
    lines = RUBY.split("\n")
    lines[30] = "690.900"
    with pytest.raises(SpectrumFileError, match="Line 31 "):
        read(tmp_path, "\n".join(lines))


def test_a_cut_off_last_row_is_left_out_and_said(tmp_path: Path) -> None:
    file = read(tmp_path, RUBY + "\n691.800")
    check(file)
    assert "Line 61" in file.frames[0].notes[0]


def test_one_column_is_counts_by_pixel(tmp_path: Path) -> None:
    frame = read(tmp_path, "\n".join(f"{y:.0f}" for y in COUNTS)).frames[0]
    assert frame.axis_unit == "pixel"
    assert frame.axis[-1] == N - 1


def test_one_column_with_decimal_comma(tmp_path: Path) -> None:
    text = "\n".join(f"{500 + (k * 7) % 13},25" for k in range(40))
    frame = read(tmp_path, text).frames[0]
    assert frame.axis_unit == "pixel"
    assert frame.counts[0] == 500.25


@pytest.mark.parametrize(
    ("above", "below", "note"),
    [
        (f"{N} 2", "", "Line 1: numbers off the axis"),
        ("Exposure 0.5\n12 13\n1 2", "", "Lines 2 to 3: numbers off the axis"),
        ("700 1\n12 2", "", "Lines 1 to 2: numbers off the axis"),
        ("nm counts", RUBY.split("\n")[-1], "Line 62, the last of the table, repeats"),
    ],
)
def test_stray_rows_are_left_out_and_said(
    tmp_path: Path, above: str, below: str, note: str
) -> None:
    file = read(tmp_path, f"{above}\n{RUBY}\n{below}".replace("\t", " "))
    check(file)
    assert file.frames[0].notes[0].startswith(note)


@pytest.mark.parametrize("wild", ["inf", "1e308", "nan"])
def test_wild_numbers_make_no_warnings(tmp_path: Path, wild: str) -> None:
    rows = RUBY.split("\n")
    rows[3:9:2] = [f"{wild}\t{wild}", f"-{wild}\t-{wild}", f"{wild}\t{wild}"]
    assert read(tmp_path, "\n".join(rows)).frames[0].axis.size == N


def test_lines_of_one_wavelength_are_named(tmp_path: Path) -> None:
    lines = RUBY.split("\n")
    lines[30] = lines[29].split("\t")[0] + "\t7"
    frame = read(tmp_path, "nm counts\n\n" + "\n".join(lines)).frames[0]
    assert frame.notes == ("Lines 32 and 33 of the file have one value on the axis.",)


def test_tables_below_each_other_are_spectra(tmp_path: Path) -> None:
    second = RUBY.split("\n")
    file = read(tmp_path, RUBY + "\n\n# second\n" + "\n".join(second))
    assert [frame.label for frame in file.frames] == ["table 1", "table 2"]


def test_quoted_csv_with_named_columns(tmp_path: Path) -> None:
    rows = "\n".join(
        f'"{k}","{x:.3f}","{y:.2f}","90"' for k, (x, y) in enumerate(zip(AXIS, COUNTS, strict=True))
    )
    file = read(tmp_path, '"Pixel","Wavelength / nm","Sample","Dark"\n' + rows)
    check(file)
    assert file.frames[0].axis_unit == "nm"
    assert file.frames[0].metadata["dark_counts"][0] == 90.0


@pytest.mark.parametrize("row", ['"{}","{}"', '"{}", "{}",', '"{};{}"', '"{}";{}', '{},"{}"'])
def test_what_is_in_quotes_is_one_number(tmp_path: Path, row: str) -> None:
    axis = np.arange(N) if row.startswith("{}") else AXIS
    cells = zip((f"{x:.6g}" for x in axis), (f"{y:.2f}" for y in COUNTS), strict=True)
    rows = "\n".join(row.format(x.replace(".", ","), y.replace(".", ",")) for x, y in cells)
    (frame,) = read(tmp_path, '"Wavelength, nm","Counts"\n' + rows).frames
    np.testing.assert_allclose(frame.axis, axis, atol=1e-9)
    np.testing.assert_allclose(frame.counts, COUNTS, atol=1e-9)


@pytest.mark.parametrize(
    ("row", "columns"),
    [("{k} {x} {y}", 1), ("{y} {x}", 1), ("{y} {x} {more}", 2), ("{k} {x} {y} {more}", 2)],
)
def test_an_axis_that_is_not_the_first_column(tmp_path: Path, row: str, columns: int) -> None:
    counts = 500.0 + np.arange(N) * 7 % 13
    rows = [
        row.format(k=k, x=round(x, 3), y=y, more=y + 1)
        for k, (x, y) in enumerate(zip(AXIS, counts, strict=True))
    ]
    file = read(tmp_path, "\n".join(rows))
    assert len(file) == columns
    for number, frame in enumerate(file.frames):
        np.testing.assert_allclose(frame.axis, AXIS)
        np.testing.assert_array_equal(frame.counts, counts + number)


def test_a_map_has_its_axis_in_the_first_row(tmp_path: Path) -> None:
    axis = "\t\t" + "\t".join(f"{x:.3f}" for x in AXIS)
    rows = [f"{k}\t0\t" + "\t".join(f"{y + k:.2f}" for y in COUNTS) for k in range(3)]
    file = read(tmp_path, "\n".join([axis, *rows]))
    check(file, 3)
    assert file.frames[2].label == "2 0"


@pytest.mark.parametrize(
    ("heading", "unit"),
    [
        ("Wavelength (nm)\tCounts", "nm"),
        ("Wellenlänge [nm];Zählrate", "nm"),
        ("longueur d'onde\tintensité", "nm"),
        ("Raman shift (cm-1)\tIntensity", "cm-1"),
        ("# Raman-Verschiebung / cm⁻¹", "cm-1"),
        ("Wavenumber,Counts", "cm-1"),
        ("Pixel Counts", "pixel"),
        ("x y", None),
        ("Wavelength (nm): 520.5", None),
    ],
)
def test_headings_name_the_unit(tmp_path: Path, heading: str, unit: str | None) -> None:
    # values that can be nm as well as a Raman shift
    rows = "\n".join(f"{500.0 + 0.8 * k:.2f}\t{k * k % 97}" for k in range(100))
    assert read(tmp_path, f"{heading}\n{rows}").frames[0].axis_unit == unit


@pytest.mark.parametrize(
    ("first", "step", "unit"),
    [
        (688.0, 0.0128, "nm"),
        (0.0, 1.0, "pixel"),
        (1.0, 1.0, "pixel"),
        (-50.0, 2.1, "cm-1"),
        (2300.0, 2.0, "cm-1"),
        (500.0, 0.8, None),
        (14000.0, 0.9, None),
    ],
)
def test_values_decide_where_they_are_sure(
    tmp_path: Path, first: float, step: float, unit: str | None
) -> None:
    rows = "\n".join(f"{first + step * k:.4f}\t{k * k % 97}" for k in range(600))
    assert read(tmp_path, rows).frames[0].axis_unit == unit


def test_a_grating_outside_of_the_axis_says_that_it_is_a_shift(tmp_path: Path) -> None:
    rows = "\n".join(f"{958.0 + 0.56 * k:.3f}\t{k * k % 97}" for k in range(2000))
    assert read(tmp_path, "Wavelength (nm): 734.84\n\n" + rows).frames[0].axis_unit == "cm-1"


OCEAN = """Data from ruby_USB.txt Node

Date: Sun Nov 22 10:00:00 CET 2026
User: lab
Spectrometer: USB4F01234
Trigger mode: 0
Integration Time (sec): 1.000000E-1
Scans to average: 10
Electric dark correction enabled: true
Nonlinearity correction enabled: false
Boxcar width: 3
XAxis mode: Wavelengths
Number of Pixels in Spectrum: 60
>>>>>Begin Spectral Data<<<<<
"""


def test_oceanview(tmp_path: Path) -> None:
    file = read(tmp_path, OCEAN + RUBY)
    check(file)
    assert file.kind == "OceanView text"
    frame = file.frames[0]
    assert frame.axis_unit == "nm"
    assert frame.metadata["exposure_s"] == pytest.approx(0.1)
    assert frame.metadata["averages"] == 10
    assert frame.metadata["dark_subtracted"] is True
    assert frame.metadata["boxcar_px"] == 3


def test_spectrasuite_with_end_mark(tmp_path: Path) -> None:
    header = (
        "SpectraSuite Data File\n++++++++++++++++++++++++++++++++++++\n"
        "Spectrometers: HR4C1234\nIntegration Time (usec): 250000 (HR4C1234)\n"
        "Spectra Averaged: 4 (HR4C1234)\nBoxcar Smoothing: 0 (HR4C1234)\n"
        "Correct for Electrical Dark: No (HR4C1234)\n>>>>>Begin Processed Spectral Data<<<<<\n"
    )
    file = read(tmp_path, header + RUBY + "\n>>>>>End Processed Spectral Data<<<<<\n")
    check(file)
    frame = file.frames[0]
    assert frame.metadata["exposure_s"] == pytest.approx(0.25)
    assert frame.metadata["averages"] == 4
    assert "dark_subtracted" not in frame.metadata


def test_labspec(tmp_path: Path) -> None:
    header = (
        "#Acq. time (s)=\t0.15\n#Accumulations=\t20\n#Range (cm-1)=\t454...467\n"
        "#Laser=\t532.06\n#Detector temperature (°C)=\t-75.38\n#Instrument=\tOSD\n"
    )
    frame = read(tmp_path, (header + RUBY).encode("latin-1")).frames[0]
    assert frame.axis_unit == "cm-1"
    assert frame.metadata["exposure_s"] == pytest.approx(0.15)
    assert frame.metadata["averages"] == 20
    assert frame.metadata["laser_nm"] == pytest.approx(532.06)


def test_andor_header(tmp_path: Path) -> None:
    header = (
        "Data Type:                    Counts\nAcquisition Mode:             Accumulate\n"
        "Exposure Time (secs):         2\nAccumulate Cycle Time (secs): 2.5\n"
        "Number of Accumulations:      40\nPre-Amplifier Gain:           1.700000\n"
        "Wavelength (nm):              694.84\n\n\n"
    )
    file = read(tmp_path, header + RUBY)
    check(file)
    assert file.kind == "Andor text"
    assert file.frames[0].metadata["exposure_s"] == 2.0
    assert file.frames[0].metadata["averages"] == 40
    assert file.frames[0].metadata["summed"] is True


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n \n\n", "is empty"),
        (b"only words\nand more\n", "holds no numbers"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "is a picture"),
        (bytes(range(256)) * 8, "neither text nor"),
        (b"Andor Technology Multi-Channel File\n65538 1\n", "export it as ASCII"),
        (
            f"2026,11\n{RUBY}".replace(".", ",").replace("\t", ",").encode(),
            "commas both in its numbers",
        ),
        (
            re.sub(r"\.(.*);(.*)", r",\1,\2", THOUSANDS.replace(",", "")).encode(),
            "commas both in its numbers",
        ),
        (THOUSANDS.encode(), r"a point in one number .* \('690.6000;1,000'\)"),
        (THOUSANDS.translate(EXCHANGED).encode(), r"a point in one .* \('690,6000;1.000'\)"),
        (re.sub("[^;\n]+", r'"\g<0>"', THOUSANDS).replace(";", ",").encode(), "a point in one"),
        (b"\x1f\x8b" + bytes(20), r"gzip archive, not a file of spectra; unpack it first\.$"),
        (b"PK\x03\x04" + bytes(20) + b"xl/worksheets", "Office document"),
    ],
)
def test_foreign_files_are_refused(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(SpectrumFileError, match=words):
        read(tmp_path, content)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(SpectrumFileError, match="There is no file"):
        read_spectrum_file(tmp_path / "none.txt")
    with pytest.raises(SpectrumFileError, match="is a folder"):
        read_spectrum_file(tmp_path)
