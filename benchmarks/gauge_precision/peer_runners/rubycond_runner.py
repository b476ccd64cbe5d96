"""Run Rubycond's fit, without its windows, on drawn spectra; see README.md."""

import contextlib
import importlib.util
import json
import os
import sys
import time
import warnings
from pathlib import Path

import numpy as np

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def fit(x, counts, module):
    r1, sigma = [], []
    began = time.perf_counter()
    for row in counts:
        fitter = module.fit(debug=False)
        try:
            fitter.fit_set_x(x)
            fitter.fit_set_y(row)
            fitter.fit_init_model()
            fitter.fit_run()
            centre = fitter.out.params["pk_1_center"]
            r1.append(1e7 / centre.value)
            sigma.append(1e7 / centre.value**2 * centre.stderr if centre.stderr else None)
        except Exception:  # noqa: BLE001 - whatever the program raises is a failure of its
            r1.append(None)
            sigma.append(None)
    return {"r1_nm": r1, "sigma_nm": sigma, "seconds": (time.perf_counter() - began) / len(counts)}


def calculator():
    """The formulas of its calculator, which come as a plain module."""
    folder = importlib.util.find_spec("rubycond_calc").submodule_search_locations[0]
    path = Path(folder) / "view" / "Equations_RubySam_Scale.py"
    spec = importlib.util.spec_from_file_location("equations", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def window_of_error(text, *_rest):
    """In place of the window that would wait for a click."""
    raise RuntimeError(text)


def main():
    warnings.simplefilter("ignore")
    data = np.load(sys.argv[1])
    with contextlib.redirect_stdout(sys.stderr):
        from rubycond.my_models import model_FIT as module

        module.pop_up_error = window_of_error
        ways = {"Double Voigt": fit(data["wavelength_nm"], data["counts"], module)}
        equations = calculator()
        line_nm, temperature_k, warm_nm = map(float, data["cold"])
        corrected = equations.Ruby_Datchi_T(temperature_k, line_nm)
        cold = {"Datchi, by branch": float(np.ravel(equations.Ruby_Shen(corrected, warm_nm))[0])}
    Path(sys.argv[2]).write_text(json.dumps({"ways": ways, "cold_gpa": cold}), encoding="utf-8")


if __name__ == "__main__":
    main()
