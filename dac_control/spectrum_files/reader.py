"""Which reader a file needs: its first bytes decide, never the name alone."""

import os
from pathlib import Path
from typing import Final

from dac_control.errors import SpectrumFileError
from dac_control.spectrum_files.arrays import read_npy, read_npz
from dac_control.spectrum_files.model import SpectrumFile
from dac_control.spectrum_files.spe import is_spe, read_spe
from dac_control.spectrum_files.text import read_text
from dac_control.spectrum_files.wdf import is_wdf, read_wdf

__all__ = ["read_spectrum_file"]

_HDF5: Final = b"\x89HDF\r\n\x1a\n"
_LARGEST_BYTES: Final = 1 << 30
_FOREIGN: Final = (
    (b"Andor Technology Multi-Channel File", "an Andor .sif file", "export it as ASCII in Solis"),
    (b"\x89PNG", "a picture", ""),
    (b"\xff\xd8\xff", "a picture", ""),
    (b"II*\x00", "a TIFF picture", ""),
    (b"MM\x00*", "a TIFF picture", ""),
    (b"GIF8", "a picture", ""),
    (b"%PDF", "a PDF document", ""),
    (b"\x1f\x8b", "a gzip archive", "unpack it first"),
    (b"\xd0\xcf\x11\xe0", "an Office document or an OPUS project", "save it as CSV"),
    (b"MATLAB 5.0", "a MATLAB 5 file", "save it with -v7.3 (HDF5) or as text"),
    (b"\x7fELF", "a program", ""),
    (b"MZ\x90", "a program", ""),
)


def read_spectrum_file(path: Path | str, *, dataset: str | None = None) -> SpectrumFile:
    """Read the spectra of a file.

    Text of any layout, OceanView, Andor and LabSpec text, Princeton SPE 2 and 3, Renishaw WDF,
    NumPy .npy and .npz, HDF5.

    Parameters
    ----------
    path : Path or str
    dataset : str, optional
        Name of the counts in a file of named arrays (.npz, HDF5).

    Raises
    ------
    SpectrumFileError
        There is no such file, or it cannot be read as spectra; the text names file and line.
    """
    path = Path(path)
    data = _content(path)
    if data.startswith(_HDF5):
        from dac_control.spectrum_files.hdf5 import read_hdf5  # a tenth of a second, if needed

        return read_hdf5(path, dataset)
    if data.startswith(b"\x93NUMPY"):
        return read_npy(data, path)
    if data.startswith(b"PK\x03\x04"):
        return _archive(data, path, dataset)
    if is_wdf(data):
        return read_wdf(data, path)
    for magic, what, remedy in _FOREIGN:
        if data.startswith(magic):
            advice = f"; {remedy}" if remedy else ""
            raise SpectrumFileError(f"{path} is {what}, not a file of spectra{advice}.")
    if is_spe(data):
        return read_spe(data, path)
    if path.suffix.lower() == ".spe" and b"\x00" in data[:512]:
        raise SpectrumFileError(
            f"{path} has no header of an SPE file ({len(data)} bytes); it is truncated or of "
            "another program."
        )
    return read_text(data, path)


def _content(path: Path) -> bytes:
    try:
        size = os.stat(path).st_size
        if path.is_dir():
            raise SpectrumFileError(f"{path} is a folder, not a file of spectra.")
        if size > _LARGEST_BYTES:
            raise SpectrumFileError(
                f"{path} has {size / 1e9:.1f} GB; files of spectra up to 1 GB are read."
            )
        data = path.read_bytes()
    except FileNotFoundError:
        raise SpectrumFileError(f"There is no file {path}.") from None
    except (OSError, ValueError) as error:
        raise SpectrumFileError(f"{path} cannot be read: {error}.") from error
    if not data:
        raise SpectrumFileError(f"{path} is empty.")
    return data


def _archive(data: bytes, path: Path, dataset: str | None) -> SpectrumFile:
    if b"xl/" in data[:4096] or path.suffix.lower() in (".xlsx", ".ods", ".docx"):
        raise SpectrumFileError(f"{path} is an Office document; save the sheet as CSV.")
    return read_npz(data, path, dataset)
