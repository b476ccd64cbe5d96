"""Run pRuby on drawn spectra; see README.md."""

import contextlib
import json
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from pruby import PressureCalculator
from uncertainties import ufloat


def fit(x, counts, mode):
    r1, sigma = [], []
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spectrum.txt"
        for row in counts:
            np.savetxt(path, np.stack((x, row), axis=1))
            calc = PressureCalculator()
            calc.engine.set_strategy(peakfitting=mode)
            try:
                calc.read(str(path))
                r1.append(float(calc.r1.n))
                sigma.append(float(calc.r1.s))
            except Exception:  # noqa: BLE001 - whatever the program raises is a failure of its
                r1.append(None)
                sigma.append(None)
    return {"r1_nm": r1, "sigma_nm": sigma, "seconds": (time.perf_counter() - began) / len(counts)}


def cold_gpa(cold):
    found = {}
    for name in ("Vos R1", "Ragan R1"):
        calc = PressureCalculator()
        calc.engine.set_strategy(correcting=name)
        calc.r1, calc.t = ufloat(cold[0], 0.0), ufloat(cold[1], 0.0)
        calc.calculate_p_from_r1()
        found[name] = float(calc.p.n)
    return found


def main():
    warnings.simplefilter("ignore")
    data = np.load(sys.argv[1])
    ways = {}
    with contextlib.redirect_stdout(sys.stderr):
        for mode in ("Gaussian", "Pseudovoigt"):
            ways[mode] = fit(data["wavelength_nm"], data["counts"], mode)
        cold = cold_gpa(data["cold"])
    Path(sys.argv[2]).write_text(json.dumps({"ways": ways, "cold_gpa": cold}), encoding="utf-8")


if __name__ == "__main__":
    main()
