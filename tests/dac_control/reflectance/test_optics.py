"""Diamond, bounces, and their inversion."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dac_control.errors import ConfigurationError
from dac_control.reflectance import MultipleReflections, diamond_index
from dac_control.reflectance.anvil_optics import culet_from_total, total_from_culet
from dac_control.reflectance.diamond import INDEX_U, culet_index_u, face_reflectance


def test_index_is_that_of_the_handbook() -> None:
    # helium d line: 2.41748 (refractiveindex.info); the long-wavelength limit is the formula's
    index = diamond_index(np.array([587.6, 50_000.0]))
    assert index[0] == pytest.approx(2.41748, abs=2e-5)
    assert index[1] == pytest.approx(np.sqrt(1.0 + 4.3356 + 0.3306), abs=1e-4)
    assert face_reflectance(index)[0] == pytest.approx(0.172, abs=1e-3)


def test_index_has_a_range() -> None:
    with pytest.raises(ConfigurationError, match="225"):
        diamond_index(np.array([200.0]))


def test_the_stressed_index_is_less_known_than_the_ambient_one() -> None:
    index = np.array([2.4])
    sigmas = [float(culet_index_u(index, gpa)[0]) for gpa in (0.0, 100.0, 300.0, np.nan)]
    assert sigmas[0] == pytest.approx(INDEX_U)
    assert sigmas == sorted(sigmas)


def test_the_sum_is_that_of_rays_followed_one_by_one() -> None:
    culet, table, through = 0.6, 0.17, 0.9
    inside, seen = 1.0 - table, table
    for _ in range(60):
        back = inside * through * culet
        seen += back * (1.0 - table)
        inside = back * table
    one = np.array([culet]), np.array([table]), np.array([through])
    assert total_from_culet(*one, 1.0, 1.0)[0] == pytest.approx(seen, abs=1e-14)
    first = (1.0 - table) ** 2 * through * culet
    assert total_from_culet(*one, 0.0, 0.0)[0] == pytest.approx(first)


def test_leaving_the_bounces_out_is_an_error_of_a_tenth() -> None:
    culet, table, through = np.array([0.87]), np.array([0.17]), np.array([1.0])
    total = total_from_culet(culet, table, through, 1.0, 0.0)
    wrong = culet_from_total(total, table, through, 0.0, 0.0)
    assert wrong[0] / culet[0] == pytest.approx(1.0 / (1.0 - 0.17 * 0.87))


shares = st.floats(0.0, 1.0)


@given(
    culet=st.floats(0.001, 1.0),
    table=st.floats(0.0, 0.3),
    through=st.floats(0.01, 1.0),
    bounce=shares,
    front=shares,
)
def test_inversion_gives_back_what_went_in(
    culet: float, table: float, through: float, bounce: float, front: float
) -> None:
    arrays = np.array([table]), np.array([through])
    total = total_from_culet(np.array([culet]), *arrays, bounce, front)
    assert 0.0 <= total[0] <= 1.0 + 1e-12
    assert culet_from_total(total, *arrays, bounce, front)[0] == pytest.approx(culet, rel=1e-6)


def test_shares_are_fractions() -> None:
    with pytest.raises(ConfigurationError):
        MultipleReflections(
            bounce_share=1.2, bounce_share_u=0.0, table_share=0.0, table_share_u=0.0
        )
    assert not MultipleReflections.unknown().known
    assert MultipleReflections.confocal().order == "first only"
    assert MultipleReflections.all_collected().order == "all"
