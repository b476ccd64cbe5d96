"""Which links between counts and an absolute reflectance are closed, and why the others are not."""

import numpy as np

from dac_control.reflectance.absorption import Absorption, AbsorptionMeasured
from dac_control.reflectance.anvil_optics import MultipleReflections
from dac_control.reflectance.evidence import Link, ReflectanceEvidence
from dac_control.reflectance.loading import Loading
from dac_control.reflectance.names import checked_name
from dac_control.reflectance.pressure import AtPressure
from dac_control.reflectance.ratio import CountRatio
from dac_control.reflectance.reference import (
    MEASURED_TO_GPA,
    ReferenceTable,
    ReferenceUnknown,
    ReferenceValues,
)

__all__ = ["evidence_of"]


def _pressure_link(pressure: AtPressure) -> Link:
    if pressure.measured:
        return Link(name="pressure", closed=True, reason=f"measured, {pressure.text}")
    return Link(name="pressure", closed=False, reason="the pressure was not measured")


def _reference_link(
    reference: ReferenceTable | None, known: ReferenceValues | ReferenceUnknown
) -> Link:
    if reference is None or isinstance(known, ReferenceUnknown):
        reason = known.reason if isinstance(known, ReferenceUnknown) else "there is no reference"
        return Link(name="reference reflectance", closed=False, reason=reason)
    return Link(
        name="reference reflectance",
        closed=True,
        reason=f"{reference.name}, {reference.source}",
    )


def _absorption_link(absorption: Absorption, pressure: AtPressure) -> Link:
    if not isinstance(absorption, AbsorptionMeasured):
        return Link(name="anvil absorption", closed=False, reason=absorption.reason)
    closed = pressure.agrees_with(absorption.pressure)
    where = f"measured on these anvils at {absorption.pressure.text}"
    if closed:
        return Link(name="anvil absorption", closed=True, reason=where)
    return Link(
        name="anvil absorption",
        closed=False,
        reason=f"the absorption was {where} and the sample is at {pressure.text}",
    )


def evidence_of(
    ratio: CountRatio,
    reference: ReferenceTable | None,
    known: ReferenceValues | ReferenceUnknown,
    absorption: Absorption,
    pressure: AtPressure,
    bounces: MultipleReflections,
    at_reference: AtPressure | None,
    loading: Loading | None,
) -> ReflectanceEvidence:
    """Judge each link and collect what a report prints beside the reflectance.

    `at_reference` is None where nobody said what the pressure there is.
    """
    links = (
        _pressure_link(pressure),
        ratio.drift,
        _reference_link(reference, known),
        _absorption_link(absorption, pressure),
    )
    usable = np.isfinite(ratio.value)
    state, through = "measured", ""
    if not isinstance(absorption, AbsorptionMeasured):
        state = absorption.state
    else:
        through = checked_name("spot of the transmission", absorption.through)
    if isinstance(absorption, AbsorptionMeasured) and not pressure.agrees_with(absorption.pressure):
        state = "measured at another pressure"
    name = ratio.reference_spot if reference is None else reference.name
    gasket = reference if reference is not None and reference.behind_anvil else None
    further = gasket is not None and (at_reference or pressure).pressure_gpa > MEASURED_TO_GPA
    return ReflectanceEvidence(
        n_wavelengths=int(usable.sum()),
        n_left_out=int((~usable).sum()),
        lowest_nm=float(ratio.wavelength_nm[usable][0]),
        highest_nm=float(ratio.wavelength_nm[usable][-1]),
        reference=checked_name("reference", name),
        reference_source="" if reference is None else reference.source,
        reference_measured_to_gpa=None if gasket is None else MEASURED_TO_GPA,
        reference_beyond=gasket.beyond if gasket is not None and further else "",
        reference_pressure_assumed=gasket is not None and at_reference is None,
        absorption=state,
        absorption_through=through,
        multiple_reflections=bounces.order,
        bounces_known=bounces.known,
        gain_assumed=ratio.gain_assumed,
        links=links,
        reference_outside=reference is not None and not reference.behind_anvil,
        loading=loading,
    )
