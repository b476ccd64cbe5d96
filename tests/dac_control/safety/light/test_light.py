"""Doses, budget, arming and the next exposure: pure arithmetic, held against a plain count."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dac_control.errors import LimitError
from dac_control.safety.light import (
    LAMP,
    Beam,
    Dose,
    ExposureLimits,
    Exposures,
    LaserArming,
    LightAccount,
    LightBook,
    LightBudget,
    LightLimits,
    Moment,
    area_of_spot_um2,
    check_exposures,
    exposure_for,
)

GREEN = "532nm"
BEAM = Beam(light=GREEN, area_um2=50.0, transmission=0.5)


class Clock:
    speed = 1.0

    def __init__(self) -> None:
        self.time_s = 0.0

    def now(self) -> float:
        return self.time_s

    def wall_s(self, lab_s: float) -> float:
        return lab_s


class Ledger:
    def __init__(self) -> None:
        self.records = []

    def append(self, record) -> None:
        self.records.append(dict(record))

    def read(self):
        return list(self.records)


def account(ledger=None, clock=None, wall=None, limits=(), specimen="s1") -> LightAccount:
    clock = clock or Clock()
    return LightAccount(
        specimen=specimen,
        beams={GREEN: BEAM, LAMP: Beam(light=LAMP, area_um2=1e4, transmission=0.1)},
        ledger=Ledger() if ledger is None else ledger,
        clock=clock,
        budget=LightBudget(limits=tuple(limits)),
        wall_time=wall or (lambda: 1e9 + clock.time_s),
    )


def shine(book: LightAccount, light: str, spot: str, power_mw: float, open_s: float) -> None:
    name = book.begin(light, spot, power_mw=power_mw, device="laser")
    book._clock.time_s += open_s
    book.end(name, open_s=open_s, power_mw=power_mw, reason="shut")


# doses --------------------------------------------------------------------------------------


def test_intensity_and_energy_are_power_over_area_and_power_times_time() -> None:
    cost = BEAM.charge(power_mw=2.0, open_s=10.0)
    assert cost.power_at_cell_mw == pytest.approx(1.0)
    assert cost.intensity_mw_per_um2 == pytest.approx(0.02)
    assert cost.energy_mj == pytest.approx(10.0)
    assert area_of_spot_um2(2.0) == pytest.approx(math.pi)


shots = st.lists(
    st.tuples(
        st.sampled_from([GREEN, LAMP]),
        st.sampled_from(["sample", "chip"]),
        st.floats(0.01, 50.0),
        st.floats(0.01, 500.0),
    ),
    max_size=20,
)


@given(shots=shots)
def test_doses_are_the_sum_of_all_openings_by_light_and_spot(shots) -> None:
    book = account()
    for light, spot, power_mw, open_s in shots:
        shine(book, light, spot, power_mw, open_s)
    doses = book.doses()
    assert set(doses) == {(light, spot) for light, spot, _, _ in shots}
    for (light, spot), dose in doses.items():
        mine = [(p, t) for found, at, p, t in shots if (found, at) == (light, spot)]
        part = 0.5 if light == GREEN else 0.1
        assert dose.energy_mj == pytest.approx(sum(p * part * t for p, t in mine))
        assert dose.open_s == pytest.approx(sum(t for _, t in mine))
        assert (dose.shots, dose.unended) == (len(mine), 0)
        assert dose.longest_shot_s == pytest.approx(max(t for _, t in mine))


def test_a_specimen_has_its_own_account_over_its_whole_life() -> None:
    ledger = Ledger()
    shine(account(ledger), GREEN, "sample", 1.0, 10.0)
    shine(account(ledger), GREEN, "sample", 1.0, 10.0)
    assert account(ledger).dose(GREEN, "sample").energy_mj == pytest.approx(10.0)
    assert account(ledger, specimen="s2").dose(GREEN, "sample").energy_mj == 0.0


def test_an_opening_without_an_end_counts_until_it_is_proved_off() -> None:
    ledger, clock = Ledger(), Clock()
    first = account(ledger, clock)
    first.begin(GREEN, "sample", power_mw=2.0, device="laser")
    clock.time_s = 30.0
    assert first.dose(GREEN, "sample").energy_mj == pytest.approx(30.0)
    assert first.dose(GREEN, "sample").unended == 1

    # the process was killed; the next one has another laboratory clock
    wall = [1e9 + 100.0]
    later = account(ledger, Clock(), wall=lambda: wall[0])
    assert later.dose(GREEN, "sample").energy_mj == pytest.approx(100.0)
    wall[0] += 20.0
    assert [each["device"] for each in later.unended("laser")] == ["laser"]
    assert later.prove_off("lamp", "not this one") == 0
    assert later.prove_off("laser", "read as off") == 1
    wall[0] += 1000.0
    dose = later.dose(GREEN, "sample")
    assert dose.energy_mj == pytest.approx(120.0) and dose.unended == 0


def test_an_accelerated_session_counts_laboratory_time_across_its_end() -> None:
    opening = {
        "kind": "opening",
        "id": "a",
        "specimen": "s",
        "light": GREEN,
        "spot": "sample",
        "power_mw": 1.0,
        "transmission": 1.0,
        "area_um2": 1.0,
        "speed": 100.0,
        "session": "one",
        "time": 50.0,
        "lab_time_s": 5.0,
    }
    book = LightBook.of([opening, {"kind": "unheard of"}])
    now = Moment(time=52.0, lab_time_s=0.0, session="two")
    assert book.doses("s", now)[GREEN, "sample"].open_s == pytest.approx(200.0)
    same = Moment(time=52.0, lab_time_s=8.0, session="one")
    assert book.doses("s", same)[GREEN, "sample"].open_s == pytest.approx(3.0)


def test_how_much_longer_than_asked_for_openings_last_is_known_and_can_be_reckoned_with() -> None:
    mine = account(limits=[LightLimits(light=GREEN, max_energy_mj=100.0)])
    for asked_s, open_s, reason in ((1.0, 1.5, "shut"), (2.0, 2.1, "shut"), (1.0, 9.0, "stopped")):
        opening = mine.begin(GREEN, "sample", power_mw=10.0, asked_s=asked_s)
        mine.end(opening, open_s=open_s, power_mw=None, reason=reason)
    late_s = mine.dose(GREEN, "sample").later_by_s
    assert late_s == pytest.approx(0.3), "one that was stopped says nothing"
    each = Exposures(power_mw=10.0, exposure_s=1.0, count=7)
    mine.check(GREEN, "sample", each)
    with pytest.raises(LimitError, match=r"of 1 s \(open for 1.3 s each\)"):
        mine.check(GREEN, "sample", replace(each, late_s=late_s))


def test_light_that_a_person_states_counts() -> None:
    book = account()
    book.state(LAMP, "sample", power_mw=100.0, open_s=60.0, reason="looked through the eyepiece")
    assert book.dose(LAMP, "sample").energy_mj == pytest.approx(600.0)


def test_a_ledger_that_was_replaced_is_counted_anew() -> None:
    ledger = Ledger()
    book = account(ledger)
    shine(book, GREEN, "sample", 1.0, 10.0)
    assert book.dose(GREEN, "sample").shots == 1
    ledger.records.clear()
    assert book.dose(GREEN, "sample").shots == 0


# the budget ---------------------------------------------------------------------------------


def test_the_stricter_of_station_and_run_counts_and_each_spot_has_its_own() -> None:
    station = LightBudget(limits=(LightLimits(light=GREEN, max_energy_mj=100.0),))
    both = station.with_limits(
        [
            LightLimits(light=GREEN, spot="chip", max_energy_mj=500.0, max_exposure_s=2.0),
            LightLimits(light=LAMP, max_energy_mj=1.0),
        ]
    )
    assert both.allowance(GREEN, "chip").max_energy_mj == 100.0
    assert both.allowance(GREEN, "chip").max_exposure_s == 2.0
    assert both.allowance(GREEN, "sample").max_exposure_s == math.inf
    assert both.allowance("633nm", "chip").max_energy_mj == math.inf


def test_what_is_left_is_said_and_what_would_make_it_possible() -> None:
    book = account(limits=[LightLimits(light=GREEN, max_energy_mj=100.0)])
    shine(book, GREEN, "sample", 2.0, 88.0)
    with pytest.raises(LimitError) as refused:
        book.check(GREEN, "sample", Exposures(power_mw=2.0, exposure_s=20.0))
    text = str(refused.value)
    assert "12 mJ are left: 12 s at this power" in text and "at least 108" in text
    book.check(GREEN, "sample", Exposures(power_mw=2.0, exposure_s=12.0))
    book.check(GREEN, "chip", Exposures(power_mw=2.0, exposure_s=20.0))
    with pytest.raises(LimitError, match="3 exposures"):
        book.check(GREEN, "sample", Exposures(power_mw=2.0, exposure_s=5.0, count=3))


def test_an_opening_without_an_end_is_named_when_it_uses_the_budget_up() -> None:
    book = account(limits=[LightLimits(light=GREEN, max_energy_mj=10.0)])
    book.begin(GREEN, "sample", power_mw=2.0, device="laser")
    book._clock.time_s = 100.0
    with pytest.raises(LimitError, match="no known end"):
        book.check(GREEN, "sample", Exposures(power_mw=1.0, exposure_s=0.1))


def test_intensity_and_length_have_limits_of_their_own() -> None:
    limits = LightLimits(light=GREEN, max_intensity_mw_per_um2=0.1, max_exposure_s=5.0)
    book = account(limits=[limits])
    book.check(GREEN, "sample", Exposures(power_mw=10.0, exposure_s=5.0))
    with pytest.raises(LimitError, match="at most 10 mW"):
        book.check(GREEN, "sample", Exposures(power_mw=10.1, exposure_s=5.0))
    with pytest.raises(LimitError, match="max_exposure_s"):
        book.check(GREEN, "sample", Exposures(power_mw=1.0, exposure_s=5.1))


def test_a_light_without_stated_optics_is_refused() -> None:
    with pytest.raises(LimitError, match=r"light\.beams\.633nm"):
        account().check("633nm", "sample", Exposures(power_mw=1.0, exposure_s=1.0))


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf])
def test_what_is_no_exposure_is_refused(bad: float) -> None:
    with pytest.raises(LimitError):
        account().check(GREEN, "sample", Exposures(power_mw=bad, exposure_s=1.0))
    with pytest.raises(LimitError):
        account().check(GREEN, "sample", Exposures(power_mw=1.0, exposure_s=bad))
    with pytest.raises(LimitError):
        Beam(light=GREEN, area_um2=bad, transmission=0.5)
    if bad != 0.0:
        with pytest.raises(LimitError):
            LightLimits(light=GREEN, max_energy_mj=bad)


def test_the_limits_of_one_run_do_not_bind_the_next() -> None:
    book = account(limits=[LightLimits(light=GREEN, max_energy_mj=100.0)])
    book.limit_run([LightLimits(light=GREEN, max_energy_mj=1.0)])
    assert book.allowance(GREEN, "sample").max_energy_mj == 1.0
    book.limit_run([])
    assert book.allowance(GREEN, "sample").max_energy_mj == 100.0


@given(
    limit_mj=st.floats(0.1, 1000.0),
    exposures=st.lists(st.tuples(st.floats(0.1, 20.0), st.floats(0.1, 100.0)), max_size=30),
)
def test_what_passes_the_check_never_exceeds_the_budget(limit_mj, exposures) -> None:
    book = account(limits=[LightLimits(light=GREEN, max_energy_mj=limit_mj)])
    for power_mw, open_s in exposures:
        try:
            book.check(GREEN, "sample", Exposures(power_mw=power_mw, exposure_s=open_s))
        except LimitError:
            continue
        shine(book, GREEN, "sample", power_mw, open_s)
    assert book.dose(GREEN, "sample").energy_mj <= limit_mj * (1 + 1e-6)


def test_ten_tenths_fit() -> None:
    allowance = LightBudget(limits=(LightLimits(light=GREEN, max_energy_mj=1.0),)).allowance(
        GREEN, "sample"
    )
    dose = Dose(light=GREEN, spot="sample")
    for _ in range(10):
        check_exposures(allowance, dose, BEAM, [Exposures(power_mw=2.0, exposure_s=0.1)])
        dose = dose.plus(energy_mj=0.1, intensity_mw_per_um2=0.02, open_s=0.1)
    with pytest.raises(LimitError):
        check_exposures(allowance, dose, BEAM, [Exposures(power_mw=2.0, exposure_s=1e-3)])


# arming -------------------------------------------------------------------------------------


def test_a_laser_needs_picture_and_reflectance_of_this_step_at_high_pressure() -> None:
    arming = LaserArming(above_gpa=50.0)
    arming.begin_step(3)
    arming.check(GREEN, 49.0)
    with pytest.raises(LimitError, match=r"a picture and the reflectance .* nothing was lit"):
        arming.check(GREEN, 51.0)
    arming.note("picture")
    with pytest.raises(LimitError, match="before the reflectance"):
        arming.check(GREEN, 51.0)
    arming.check(LAMP, 51.0)
    arming.note("reflectance")
    arming.check(GREEN, 51.0)
    arming.begin_step(3)
    arming.check(GREEN, 51.0)
    arming.begin_step(4)
    with pytest.raises(LimitError):
        arming.check(GREEN, 51.0)


@pytest.mark.parametrize("pressure_gpa", [None, math.nan])
def test_an_unknown_pressure_counts_as_high(pressure_gpa) -> None:
    arming = LaserArming(above_gpa=50.0, needs=("picture",))
    with pytest.raises(LimitError, match="unknown pressure"):
        arming.check(GREEN, pressure_gpa)
    arming.note("picture")
    arming.check(GREEN, pressure_gpa)


def test_without_a_threshold_nothing_is_asked_for() -> None:
    LaserArming().check(GREEN, None)
    with pytest.raises(LimitError):
        LaserArming(needs=("smell",))
    with pytest.raises(LimitError):
        LaserArming().note("smell")


# the next exposure --------------------------------------------------------------------------

LIMITS = ExposureLimits(shortest_s=0.01, longest_s=60.0)


def test_half_the_signal_to_noise_needs_four_times_the_light() -> None:
    assert exposure_for(50.0, 100.0, 1.0, LIMITS) == pytest.approx(4.0)
    assert exposure_for(200.0, 100.0, 1.0, LIMITS) == pytest.approx(0.25)


@pytest.mark.parametrize("snr", [0.0, math.nan, -1.0, 5e-324])
def test_no_signal_gives_the_largest_step_up(snr: float) -> None:
    assert exposure_for(snr, 100.0, 1.0, LIMITS) == pytest.approx(4.0)


def test_a_full_detector_is_not_filled_further() -> None:
    assert exposure_for(50.0, 100.0, 1.0, LIMITS, last_fill=0.4) == pytest.approx(2.0)
    assert exposure_for(50.0, 100.0, 1.0, LIMITS, last_fill=1.0) == pytest.approx(0.25)


@given(
    snr=st.floats(allow_nan=True, allow_infinity=True),
    wanted=st.floats(0.1, 1e4),
    last_s=st.floats(1e-3, 1e3),
    fill=st.none() | st.floats(0.0, 2.0),
)
def test_the_next_exposure_lies_within_the_limits(snr, wanted, last_s, fill) -> None:
    found = exposure_for(snr, wanted, last_s, LIMITS, last_fill=fill)
    assert LIMITS.shortest_s <= found <= LIMITS.longest_s


def test_limits_that_make_no_sense_are_refused() -> None:
    with pytest.raises(LimitError):
        ExposureLimits(shortest_s=2.0, longest_s=1.0)
    with pytest.raises(LimitError):
        ExposureLimits(shortest_s=1.0, longest_s=2.0, largest_factor=1.0)
    with pytest.raises(LimitError):
        exposure_for(1.0, 0.0, 1.0, LIMITS)
