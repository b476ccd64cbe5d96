"""The same spectra read by every program for ruby lines that can be installed here.

    python benchmarks/peers.py [-n 20] [--venvs DIR] [--json FILE]

Programs that the running environment lacks are installed from PyPI, each into an environment of its
own below DIR (a temporary folder unless given; keep it to be fast the next time): some minutes, and
three seconds for every spectrum of each of the six cases. They exchange
files with this script and are never imported by the package. A reading is wrong when it is off by
more than 0.1 nm (0.27 GPa); the rms is that of the others.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
from gauge_precision.campaigns import doublet
from gauge_precision.cells import Cell
from gauge_precision.figures import GROSS_NM
from gauge_precision.fitting import fit_spectra, spectrum_fields
from gauge_precision.hard import single
from gauge_precision.peer_environments import PEERS, PeerMissing, ask, python_for
from gauge_precision.printing import print_rows, write_json
from gauge_precision.shapes import Array

from dac_control import gauges

# R1 at 5 K without pressure where it is at 694.25 nm at 296 K (Datchi et al., High Press. Res.
# 27, 447, 2007, eq. 3): a reading should be 0 GPa.
_COLD: Final = (693.363, 5.0, 694.25)


def main() -> None:
    """Draw, ask everybody, print."""
    options = _options()
    cases = _cases()
    spectra = {name: next(cell.batches(options.seed, options.n)) for name, cell in cases.items()}
    truth = {name: batch.r1_nm for name, batch in spectra.items()}
    data = {
        "wavelength_nm": next(iter(spectra.values())).wavelength_nm,
        "counts": np.concatenate([batch.counts for batch in spectra.values()]),
        "cold": np.array(_COLD),
    }
    answers = {"dac-control": _ours(cases, data, options.n)}
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.venvs or Path(scratch) / "environments"
        for peer in PEERS:
            try:
                answers[peer.name] = ask(peer, python_for(peer, folder), data, Path(scratch))
            except PeerMissing as error:
                print(f"{peer.name} is missing: {error}")
    bounds = {name: 1e3 * cell.limits(0).bound ** 0.5 for name, cell in cases.items()}
    document = _lines(answers, truth, bounds)
    _cold(answers)
    if options.json is not None:
        write_json(options.json, {"lines": document, "answers": answers})


def _cases() -> dict[str, Cell]:
    high = {"r1_nm": 708.0}
    return {
        "ambient": doublet("peers: ambient", 1e4, 0.5),
        "39 GPa": doublet("peers: 39 GPa", 1e4, 0.5, changes=high),
        "5 K": single("peers: 5 K", 1e4, 0.3, known={}, drawn={}),
        "spikes": doublet("peers: spikes", 1e4, 0.5, spikes=True),
        "saturated": doublet("peers: saturated", 3e4, 0.5, full_scale=0.6),
        "merged": doublet("peers: merged", 1e4, 1.4),
    }


def _ours(cases: dict[str, Cell], data: dict[str, Array], each: int) -> dict[str, Any]:
    r1: list[float] = []
    sigma: list[float] = []
    began = time.perf_counter()
    for nth, cell in enumerate(cases.values()):
        counts = data["counts"][nth * each : (nth + 1) * each]
        settings = {"temperature_k": cell.temperature_k}
        found = fit_spectra(data["wavelength_nm"], counts, spectrum_fields(cell), settings)
        r1 += list(found.r1_nm)
        sigma += list(found.sigma_nm)
    seconds = (time.perf_counter() - began) / len(r1)
    way = {"r1_nm": r1, "sigma_nm": sigma, "seconds": seconds}
    return {"ways": {"": way}, "cold_gpa": _our_cold_gpa()}


def _our_cold_gpa() -> dict[str, float]:
    line_nm, temperature_k, warm_nm = _COLD
    scale = gauges.get_scale("ruby2020")
    found: dict[str, float] = {}
    for name in gauges.CORRECTIONS:
        shift_nm = gauges.get_correction(name).shift_nm(temperature_k)
        argument = scale.argument(line_nm, warm_nm + shift_nm)
        found[name] = float(scale.pressure_gpa(argument))
    return found


def _lines(
    answers: dict[str, Any], truth: dict[str, Array], bounds: dict[str, float]
) -> list[dict[str, Any]]:
    rows = [("bound", *(f"{bounds[name]:.2f} pm" for name in truth), "")]
    document: list[dict[str, Any]] = []
    for program, answer in answers.items():
        for way, found in answer["ways"].items():
            r1 = np.array(found["r1_nm"], dtype=np.float64)
            cells: list[str] = []
            for nth, (case, true_nm) in enumerate(truth.items()):
                each = true_nm.size
                figures = _figures(r1[nth * each : (nth + 1) * each] - true_nm)
                document.append({"program": program, "way": way, "case": case, **figures})
                cells.append(_words(figures))
            pace = f"{1e3 * found['seconds']:.2f} ms"
            rows.append((f"{program} {way}".strip(), *cells, pace))
    title = "R1: rms and bias of the readings within 0.1 nm; share wrong, share failed"
    print_rows(title, ("program", *truth, "a spectrum"), rows)
    return document


def _figures(error_nm: Array) -> dict[str, float]:
    found = np.isfinite(error_nm)
    right = found & (np.abs(np.where(found, error_nm, np.inf)) <= GROSS_NM)
    e = error_nm[right]
    return {
        "rms_pm": 1e3 * float(np.sqrt(np.mean(e**2))) if e.size else float("nan"),
        "bias_pm": 1e3 * float(np.mean(e)) if e.size else float("nan"),
        "wrong": float(np.mean(found & ~right)),
        "failed": float(np.mean(~found)),
    }


def _words(f: dict[str, float]) -> str:
    trouble = [f"{f[key]:.0%} {key}" for key in ("wrong", "failed") if f[key] > 0.0]
    good = [] if f["rms_pm"] != f["rms_pm"] else [f"{f['rms_pm']:.2f} ({f['bias_pm']:+.2f})"]
    return "; ".join([*good, *trouble])


def _cold(answers: dict[str, Any]) -> None:
    rows = [
        (program, name, f"{pressure:+.3f}")
        for program, answer in answers.items()
        for name, pressure in answer["cold_gpa"].items()
    ]
    title = f"What R1 at {_COLD[0]} nm and {_COLD[1]:g} K, which is 0 GPa after Datchi, is read as"
    print_rows(title, ("program", "correction", "GPa"), rows)


def _options() -> argparse.Namespace:
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words.add_argument("-n", type=int, default=20, help="spectra of each case")
    words.add_argument("--seed", type=int, default=20261122)
    words.add_argument("--venvs", type=Path, help="keep the programs' environments here")
    words.add_argument("--json", type=Path)
    return words.parse_args()


if __name__ == "__main__":
    main()
