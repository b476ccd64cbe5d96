"""Counts of sample, reference, transmission and dark to a reflectance of the type they deserve."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dac_control.errors import NotMeasured
from dac_control.reflectance.absorption import Absorption, AbsorptionMeasured
from dac_control.reflectance.anvil_optics import MultipleReflections
from dac_control.reflectance.chain import chain_of, chain_terms, per_reference
from dac_control.reflectance.evidence import ReflectanceEvidence
from dac_control.reflectance.links import evidence_of
from dac_control.reflectance.loading import Loading
from dac_control.reflectance.names import checked_name
from dac_control.reflectance.pressure import AtPressure
from dac_control.reflectance.ratio import CountRatio, count_ratio
from dac_control.reflectance.reading import LightReading
from dac_control.reflectance.reference import (
    ReferenceTable,
    ReferenceUnknown,
    ReferenceValues,
)
from dac_control.reflectance.results import (
    AbsoluteReflectance,
    Reflectance,
    RelativeReflectance,
)

__all__ = ["evaluate_reflectance"]

Vector = NDArray[np.float64]


def evaluate_reflectance(
    sample: LightReading,
    references: Sequence[LightReading],
    *,
    sample_name: str,
    pressure: AtPressure,
    reference: ReferenceTable | None,
    absorption: Absorption,
    bounces: MultipleReflections | None = None,
    reference_pressure: AtPressure | None = None,
    loading: Loading | None = None,
    lamp_drift_u: float | None = None,
    linearity_u: float = 0.005,
) -> Reflectance:
    """Evaluate one reflectance.

    Parameters
    ----------
    sample : LightReading
        Light that comes back from the sample.
    references : sequence of LightReading
        From the gasket beside it or a mirror in place of the cell: one, or two around it.
    sample_name : str
        What was loaded.
    pressure : AtPressure
        Of the sample.
    reference : ReferenceTable, optional
        What is known about the reflectance of the reference; None for nothing.
    absorption : AbsorptionMeasured or AbsorptionUnknown
        Of these anvils; a measured one counts where it was measured at this pressure.
    bounces : MultipleReflections, optional
        What the optics collect; unless given, anything from none to all.
    reference_pressure : AtPressure, optional
        At the gasket; unless given, that of the sample, with the gradient that the table states
        (`ReferenceTable.within_gpa`).
    loading : Loading, optional
        Which anvils and which piece of gasket; a comparison asks for it.
    lamp_drift_u, linearity_u
        See `count_ratio`.

    Returns
    -------
    AbsoluteReflectance or RelativeReflectance
        Absolute only where every link of the chain is closed.

    Raises
    ------
    ConfigurationError
        Axes, exposures or arguments do not fit together.
    NotMeasured
        No wavelength is usable.
    """
    checked_name("sample", sample_name)
    if reference is not None:
        checked_name("reference", reference.name)
        checked_name("source of the reference", reference.source)
        if reference.beyond:
            checked_name("source of the reference beyond", reference.beyond)
        if reference_pressure is None:
            reference_pressure = reference.beside(pressure)
    bounces = MultipleReflections.unknown() if bounces is None else bounces
    ratio = count_ratio(sample, references, lamp_drift_u=lamp_drift_u, linearity_u=linearity_u)
    at_reference = pressure if reference_pressure is None else reference_pressure
    known = _reference_values(reference, at_reference, ratio)
    evidence = evidence_of(
        ratio, reference, known, absorption, pressure, bounces, reference_pressure, loading
    )
    if (
        isinstance(known, ReferenceUnknown)
        or reference is None
        or not isinstance(absorption, AbsorptionMeasured)
        or evidence.open_links
    ):
        return RelativeReflectance(
            sample=sample_name,
            wavelength_nm=ratio.wavelength_nm,
            count_ratio=ratio.value,
            terms=ratio.terms,
            pressure=pressure,
            flags=ratio.flags,
            evidence=evidence,
        )
    return _absolute(
        sample_name, pressure, at_reference, ratio, reference, known, absorption, bounces, evidence
    )


def _absolute(
    sample_name: str,
    pressure: AtPressure,
    at_reference: AtPressure,
    ratio: CountRatio,
    reference: ReferenceTable,
    known: ReferenceValues,
    absorption: AbsorptionMeasured,
    bounces: MultipleReflections,
    evidence: ReflectanceEvidence,
) -> AbsoluteReflectance:
    through, through_u = _on_axis(absorption, ratio.wavelength_nm)
    chain = chain_of(ratio, known, reference.behind_anvil, absorption, through, bounces)
    pressure_u = float(np.hypot(at_reference.sigma_stat_gpa, at_reference.sigma_sys_gpa))
    foil_u = 0.0
    if reference.behind_anvil and evidence.loading is not None:
        foil_u = evidence.loading.foil_u or 0.0
    terms = chain_terms(chain, ratio, known, pressure_u, foil_u, absorption, through_u, bounces)
    value = chain.reflectance()
    flags = ratio.flags | {
        "reference_unknown": ~known.known,
        "absorption_unknown": ~np.isfinite(through),
    }
    usable = np.isfinite(value)
    if not usable.any():
        raise NotMeasured(
            f"The reflectance of {sample_name} has no wavelength at which both the reference and "
            "the absorption of the anvils are known; measure the transmission on the same axis."
        )
    sigma = np.sqrt(sum(term.sigma**2 for term in terms))
    beyond = usable & ((value < -3.0 * sigma) | (value > 1.0 + 3.0 * sigma))
    wavelength = ratio.wavelength_nm
    return AbsoluteReflectance(
        sample=sample_name,
        wavelength_nm=wavelength,
        reflectance=value,
        terms=terms,
        without_bounces=replace(chain, bounce_share=0.0).reflectance(),
        per_reference=per_reference(chain),
        count_ratio=ratio.value,
        pressure=pressure,
        flags=flags,
        evidence=replace(
            evidence,
            n_wavelengths=int(usable.sum()),
            n_left_out=int((~usable).sum()),
            lowest_nm=float(wavelength[usable][0]),
            highest_nm=float(wavelength[usable][-1]),
            n_impossible=int(beyond.sum()),
        ),
    )


def _on_axis(absorption: AbsorptionMeasured, wavelength_nm: Vector) -> tuple[Vector, Vector]:
    """Transmission and its relative uncertainty at the wavelengths of the reflectance.

    Between two points of the transmission both must have been seen; interpolated noise is that
    of the noisier neighbour.
    """
    axis, value = absorption.wavelength_nm, absorption.transmission
    through = np.interp(wavelength_nm, axis, value, left=np.nan, right=np.nan)
    relative = absorption.sigma_stat / value
    after = np.clip(np.searchsorted(axis, wavelength_nm), 0, axis.size - 1)
    before = np.where(axis[after] == wavelength_nm, after, np.maximum(after - 1, 0))
    return through, np.maximum(relative[after], relative[before])


def _reference_values(
    reference: ReferenceTable | None, pressure: AtPressure, ratio: CountRatio
) -> ReferenceValues | ReferenceUnknown:
    if reference is None:
        return ReferenceUnknown(
            f"the reflectance of the {ratio.reference_spot} that the sample was compared with is "
            "unknown"
        )
    return reference.at(pressure, ratio.wavelength_nm)
