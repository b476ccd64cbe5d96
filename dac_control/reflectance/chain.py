"""From a ratio of counts to the reflectance of the culet, and what each input does to it.

Sensitivities are differences of the whole chain, each input moved by its standard uncertainty
to either side (JCGM 100:2008, 5.1.3, note 2).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dac_control.reflectance.absorption import AbsorptionMeasured
from dac_control.reflectance.anvil_optics import (
    MultipleReflections,
    culet_from_total,
    total_from_culet,
)
from dac_control.reflectance.diamond import INDEX_U, diamond_index, face_reflectance
from dac_control.reflectance.loading import PIECE
from dac_control.reflectance.ratio import CountRatio
from dac_control.reflectance.reference import ReferenceValues
from dac_control.reflectance.uncertainty import Scope, Term

__all__ = ["Chain", "chain_of", "chain_terms", "per_reference"]

Vector = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Chain:
    """Every input of the chain."""

    ratio: Vector
    reference: Vector
    behind_anvil: bool
    log_transmission: Vector
    """Of both anvils, once through each."""
    near_share: float
    gasket_share: float
    index: Vector
    """Of the unstressed table."""
    bounce_share: float
    table_share: float

    def reflectance(self) -> Vector:
        """Return the reflectance of the face between diamond and sample, shape (n,)."""
        table = face_reflectance(self.index)
        depth = 2.0 * self.near_share * self.log_transmission
        total = self.reference
        if self.behind_anvil:
            total = total_from_culet(
                self.reference,
                table,
                np.exp(self.gasket_share * depth),
                self.bounce_share,
                self.table_share,
            )
        return culet_from_total(
            self.ratio * total, table, np.exp(depth), self.bounce_share, self.table_share
        )


def chain_of(
    ratio: CountRatio,
    reference: ReferenceValues,
    behind_anvil: bool,
    absorption: AbsorptionMeasured,
    transmission: Vector,
    bounces: MultipleReflections,
) -> Chain:
    """Put the inputs together; `transmission` is on the axis of the ratio."""
    with_light = np.where(transmission > 0.0, transmission, np.nan)
    return Chain(
        ratio=ratio.value,
        reference=reference.reflectance,
        behind_anvil=behind_anvil,
        log_transmission=np.log(with_light),
        near_share=absorption.near_share,
        gasket_share=absorption.gasket_share,
        index=diamond_index(ratio.wavelength_nm),
        bounce_share=bounces.bounce_share,
        table_share=bounces.table_share,
    )


def chain_terms(
    chain: Chain,
    ratio: CountRatio,
    reference: ReferenceValues,
    reference_pressure_u_gpa: float,
    foil_u: float,
    absorption: AbsorptionMeasured,
    transmission_u: Vector,
    bounces: MultipleReflections,
) -> tuple[Term, ...]:
    """Return every term of the budget, in units of the reflectance.

    Parameters
    ----------
    chain : Chain
    ratio : CountRatio
    reference : ReferenceValues
    reference_pressure_u_gpa : float
        Combined standard uncertainty of the pressure at the reference.
    foil_u : float
        Relative standard uncertainty of this piece of gasket against that of the table.
    absorption : AbsorptionMeasured
    transmission_u : array, shape (n,)
        Relative statistical standard uncertainty of the transmission.
    bounces : MultipleReflections
    """
    by_ratio = _effect(lambda s: replace(chain, ratio=chain.ratio + 1e-4 * s)) / 1e-4
    carried = [replace(term, sigma=_carried(term, by_ratio)) for term in ratio.terms]
    through = _effect(lambda s: replace(chain, log_transmission=chain.log_transmission + 1e-4 * s))
    carried.append(
        Term(
            name="photons of the transmission",
            kind="statistical",
            sigma=np.abs(through) / 1e-4 * transmission_u,
            note="noise of the two transmission readings",
        )
    )
    moved = _reference_moves(chain, reference, reference_pressure_u_gpa, foil_u)
    moved += _absorption_moves(chain, absorption) + _optics_moves(chain, bounces)
    carried += [
        Term(name=name, kind="systematic", sigma=_effect(move), note=note, scope=scope)
        for name, move, scope, note in moved
    ]
    return tuple(carried)


def per_reference(chain: Chain) -> Vector:
    """Return what a reference that reflects more by a fraction adds, over that fraction."""
    more = _effect(lambda s: replace(chain, reference=chain.reference * (1.0 + 1e-4 * s)))
    return more / 1e-4


_Move = Callable[[float], Chain]


_Moves = list[tuple[str, _Move, Scope, str]]


def _reference_moves(
    chain: Chain, reference: ReferenceValues, pressure_u_gpa: float, foil_u: float
) -> _Moves:
    """Systematic inputs of the reference: name, how to move by so many sigmas, reach, note."""

    def by(shift: Vector) -> _Move:
        return lambda s: replace(chain, reference=chain.reference + s * shift)

    return [
        ("reference reflectance", by(reference.sigma), "foil", "stated by its table"),
        (
            "pressure of the reference",
            by(reference.per_gpa * pressure_u_gpa),
            "run",
            f"{pressure_u_gpa:.3g} GPa",
        ),
        (
            PIECE,
            by(chain.reference * foil_u),
            "foil",
            f"{foil_u:.2g}, of one piece against others" if foil_u else "foil_u is not stated",
        ),
    ]


def _absorption_moves(chain: Chain, absorption: AbsorptionMeasured) -> _Moves:
    near_u, gasket_u = absorption.near_share_u, absorption.gasket_share_u
    log_u, lamp_u = absorption.interface_u, absorption.lamp_u
    return [
        (
            "absorption: share of the near anvil",
            lambda s: replace(chain, near_share=chain.near_share + s * near_u),
            "run",
            f"{absorption.near_share:.2g} ± {near_u:.2g}",
        ),
        (
            "absorption: faces against the sample",
            lambda s: replace(chain, log_transmission=chain.log_transmission + s * log_u),
            "run",
            f"{log_u:.2g} of ln(transmission)",
        ),
        (
            "absorption: lamp between the days",
            lambda s: replace(chain, log_transmission=chain.log_transmission + s * lamp_u),
            "run",
            f"{lamp_u:.2g} of the light through the cell",
        ),
        (
            "absorption: over the gasket",
            lambda s: replace(chain, gasket_share=chain.gasket_share + s * gasket_u),
            "run",
            f"{absorption.gasket_share:.2g} ± {gasket_u:.2g} of that over the sample",
        ),
    ]


def _optics_moves(chain: Chain, bounces: MultipleReflections) -> _Moves:
    bounce_u, table_u = bounces.bounce_share_u, bounces.table_share_u
    return [
        (
            "index of the table",
            lambda s: replace(chain, index=chain.index + s * INDEX_U),
            "setup",
            f"{INDEX_U:g}, assessed",
        ),
        (
            "bounces that are collected",
            lambda s: replace(chain, bounce_share=chain.bounce_share + s * bounce_u),
            "setup",
            f"{bounces.bounce_share:.2g} ± {bounce_u:.2g}",
        ),
        (
            "table light that is collected",
            lambda s: replace(chain, table_share=chain.table_share + s * table_u),
            "setup",
            f"{bounces.table_share:.2g} ± {table_u:.2g}",
        ),
    ]


def _effect(move: _Move) -> Vector:
    """Half the difference that one standard uncertainty to either side makes."""
    return 0.5 * (move(1.0).reflectance() - move(-1.0).reflectance())


def _carried(term: Term, sensitivity: Vector) -> Vector:
    moved = term.sigma * sensitivity
    return np.abs(moved) if term.kind == "statistical" else moved
