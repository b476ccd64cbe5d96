"""What holds for every scale of every gauge."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dac_control.errors import ConfigurationError
from dac_control.gauges.scales import (
    SCALES,
    Scale,
    gauges,
    get_scale,
    register,
    scales_of,
    table_form,
)

EVERY = [
    scale for gauge in ("ruby", "diamond_edge", "srb4o7") for scale in scales_of(gauge).values()
]
TABLE = Scale(
    gauge="h2_vibron",
    name="a_table",
    form=table_form(np.array([4150.0, 4200.0, 4230.0, 4245.0]), np.array([0.5, 9.0, 20.0, 31.0])),
    coefficients=(),
    unit="cm-1",
    range_gpa=(0.5, 31.0),
    medium="hydrogen",
    wavelength="Raman shift",
    citation="of this test",
    evidence="user",
)
FALLING = Scale(
    gauge="softening",
    name="a_falling_table",
    form=table_form(np.array([4000.0, 4100.0, 4200.0]), np.array([150.0, 90.0, 40.0])),
    coefficients=(),
    unit="cm-1",
    range_gpa=(40.0, 150.0),
    medium="hydrogen",
    wavelength="Raman shift",
    citation="of this test",
    evidence="user",
)
any_scale = st.sampled_from([*EVERY, TABLE, FALLING])


def within(scale: Scale, share: float) -> float:
    """A pressure inside the range of a scale."""
    low, high = scale.range_gpa
    return low + share * (high - low)


@given(scale=any_scale, share=st.floats(0.001, 0.999))
def test_inverse_and_slope_belong_to_the_pressure(scale: Scale, share: float) -> None:
    pressure = within(scale, share)
    x = scale.inverse(pressure)
    assert scale.pressure_gpa(x) == pytest.approx(pressure, rel=1e-9, abs=1e-9)
    step = 1e-6 if scale.form.argument == "ratio" else 1e-4
    numeric = (scale.pressure_gpa(x + step) - scale.pressure_gpa(x - step)) / (2.0 * step)
    # across a point of a table the third derivative jumps
    rel = 1e-6 if scale.coefficients else 1e-3
    assert scale.slope(x) == pytest.approx(numeric, rel=rel)


@given(name=st.sampled_from(sorted(SCALES)), pressure_gpa=st.floats(-5.0, 300.0))
def test_ruby_scales_invert_far_beyond_their_range(name: str, pressure_gpa: float) -> None:
    scale = get_scale(name)
    delta = scale.inverse(pressure_gpa)
    assert scale.pressure_gpa(delta) == pytest.approx(pressure_gpa, rel=1e-10, abs=1e-10)


@given(scale=any_scale, x=st.floats(allow_nan=True))
def test_no_number_makes_a_scale_raise_or_warn(scale: Scale, x: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for value in (scale.pressure_gpa(x), scale.slope(x), scale.inverse(x), scale.sigma_gpa(x)):
            assert isinstance(value, float)
        assert not np.isinf(scale.pressure_gpa(x))


@given(scale=any_scale, x=st.floats(-1.0, 1.0), y=st.floats(-1.0, 1.0))
def test_no_second_pressure_beyond_a_turn(scale: Scale, x: float, y: float) -> None:
    """Wherever a scale gives pressures, it rises all the way, or falls all the way."""
    if scale.form.argument == "absolute":
        x, y = 1800.0 + 900.0 * x, 1800.0 + 900.0 * y
    low, high = scale.pressure_gpa(min(x, y)), scale.pressure_gpa(max(x, y))
    if np.isfinite(low) and np.isfinite(high):
        assert low <= high or scale is FALLING


@given(
    scale=any_scale,
    shares=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=20),
)
def test_arrays_agree_with_scalars(scale: Scale, shares: list[float]) -> None:
    pressures = np.array([within(scale, share) for share in shares])
    x = scale.inverse(pressures)
    assert x.shape == pressures.shape
    for method in (scale.pressure_gpa, scale.slope, scale.sigma_gpa):
        values = method(x)
        assert isinstance(values, np.ndarray)
        singles = [method(float(one)) for one in x]
        np.testing.assert_allclose(values, singles, rtol=1e-12, equal_nan=True)
    line = scale.observable(x, scale.reference or 694.25)
    np.testing.assert_allclose(scale.argument(line, scale.reference or 694.25), x, atol=1e-9)


@given(scale=st.sampled_from(EVERY), share=st.floats(0.05, 0.95))
def test_slopes_by_observable_and_reference(scale: Scale, share: float) -> None:
    reference = scale.reference or 694.25
    line = scale.observable(scale.inverse(within(scale, share)), reference)

    def pressure(observable: float, zero: float) -> float:
        return scale.pressure_gpa(scale.argument(observable, zero))

    step = 1e-3
    by_line = (pressure(line + step, reference) - pressure(line - step, reference)) / (2 * step)
    by_zero = (pressure(line, reference + step) - pressure(line, reference - step)) / (2 * step)
    assert scale.slope_by_observable(line, reference) == pytest.approx(by_line, rel=1e-5)
    assert scale.slope_by_reference(line, reference) == pytest.approx(by_zero, rel=1e-5)


@pytest.mark.parametrize("scale", EVERY, ids=lambda scale: scale.name)
def test_every_scale_says_where_it_comes_from(scale: Scale) -> None:
    assert scale.citation and scale.medium and scale.wavelength and scale.form.text
    assert scale.range_gpa[0] < scale.range_gpa[1]
    assert scale.range_k[0] < scale.range_k[1]
    assert {item.name for item in scale.coefficients} == set(scale.form.coefficients)
    assert scale.sigma_gpa(scale.inverse(within(scale, 0.9))) > 0.0


def test_no_name_is_used_twice() -> None:
    assert len({scale.name for scale in EVERY}) == len(EVERY)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match=r"'ruby2021'.*ruby2020, mao1986") as caught:
        get_scale("ruby2021")
    assert all(name in str(caught.value) for name in SCALES)


def test_a_name_of_another_gauge_says_so() -> None:
    with pytest.raises(ConfigurationError, match="scale of the gauge diamond_edge, not of ruby"):
        get_scale("akahama2006")
    with pytest.raises(
        ConfigurationError, match=r"no gauge 'sapphire'.*ruby, diamond_edge, srb4o7"
    ):
        get_scale("ruby2020", "sapphire")


@pytest.mark.parametrize("reference", [None, 0.0, -1.0, np.nan, np.inf])
def test_there_is_no_argument_without_a_reference(reference: float | None) -> None:
    with pytest.raises(ConfigurationError, match=r"'ruby2020'.*needs lambda0"):
        get_scale("ruby2020").argument(700.0, reference)
    assert get_scale("akahama2010", "diamond_edge").argument(1900.0, reference) == 1900.0


def test_a_built_in_name_cannot_be_taken_over() -> None:
    with pytest.raises(ConfigurationError, match=r"'ruby2020' belongs to a built-in scale"):
        register(get_scale("ruby2020"))


def test_a_registered_scale_is_found_and_can_be_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    from dac_control.gauges.scales import registry

    monkeypatch.setattr(registry, "_BY_GAUGE", {"ruby": dict(SCALES)})
    register(TABLE)
    register(TABLE)
    assert gauges() == ("ruby", "h2_vibron")
    assert get_scale("a_table", "h2_vibron") is TABLE


def test_a_table_goes_through_its_points_and_ends_with_them() -> None:
    assert TABLE.pressure_gpa(np.array([4150.0, 4200.0, 4230.0, 4245.0])) == pytest.approx(
        np.array([0.5, 9.0, 20.0, 31.0])
    )
    assert np.isnan(TABLE.pressure_gpa(np.array([4149.9, 4245.1, np.inf, np.nan]))).all()
    assert np.isnan(TABLE.inverse(np.array([0.4, 31.1, np.nan]))).all()
    assert FALLING.inverse(90.0) == pytest.approx(4100.0)
