"""Files that people have: path to arrays and what the header says. No gauge is known here."""

from dac_control.errors import SpectrumFileError
from dac_control.spectrum_files.model import AxisUnit, FileFrame, SpectrumFile
from dac_control.spectrum_files.reader import read_spectrum_file

__all__ = ["AxisUnit", "FileFrame", "SpectrumFile", "SpectrumFileError", "read_spectrum_file"]
