"""Two pseudo-Voigt lines on a straight one by lmfit, unweighted, as most programs do.

See README.md. Started where a program that remembers its last line would start, or at the
largest pixel.
"""

import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from lmfit.models import LinearModel, PseudoVoigtModel

LAST_NM = 694.35
SPLITTING_NM = 1.43


def fit(x, counts, at_maximum):
    model = PseudoVoigtModel(prefix="r1_") + PseudoVoigtModel(prefix="r2_") + LinearModel()
    r1, sigma = [], []
    began = time.perf_counter()
    for row in counts:
        place = float(x[np.argmax(row)]) if at_maximum else LAST_NM
        area = float(np.ptp(row)) * 0.5
        start = model.make_params(
            r1_center=place,
            r1_sigma=0.25,
            r1_amplitude=area,
            r2_center=place - SPLITTING_NM,
            r2_sigma=0.25,
            r2_amplitude=0.6 * area,
            slope=0.0,
            intercept=float(np.percentile(row, 20)),
        )
        try:
            found = model.fit(row, start, x=x).params["r1_center"]
            r1.append(float(found.value))
            sigma.append(float(found.stderr) if found.stderr else None)
        except Exception:  # noqa: BLE001 - whatever the library raises is a failure of its
            r1.append(None)
            sigma.append(None)
    return {"r1_nm": r1, "sigma_nm": sigma, "seconds": (time.perf_counter() - began) / len(counts)}


def main():
    warnings.simplefilter("ignore")
    data = np.load(sys.argv[1])
    x, counts = data["wavelength_nm"], data["counts"]
    ways = {"from 694.35": fit(x, counts, False), "from the maximum": fit(x, counts, True)}
    Path(sys.argv[2]).write_text(json.dumps({"ways": ways, "cold_gpa": {}}), encoding="utf-8")


if __name__ == "__main__":
    main()
