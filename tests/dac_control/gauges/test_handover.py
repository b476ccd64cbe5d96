"""Hand-over between gauges: the chi squared of an overlap, refusals, what is in charge."""

import json

import numpy as np
import pytest
from scipy.stats import chi2 as chi2_distribution

from dac_control.gauges.handover import GaugeSequence, HandOverRefused, hand_over
from dac_control.gauges.measurement import PressureMeasurement

NAN = float("nan")


def measured(gauge, pressure, stat=0.1, sys=0.5, scale="s", ok=True):
    return PressureMeasurement(
        measured=ok,
        pressure_gpa=pressure,
        sigma_stat_gpa=stat,
        sigma_sys_gpa=sys,
        gauge=gauge,
        scale=scale,
        observable=NAN,
        observable_sigma=NAN,
        observable_unit="nm",
        temperature_k=NAN,
        in_range=True,
        budget=(),
        flags=(),
    )


def pairs(first, second, names=("ruby", "diamond_edge"), **changes):
    return [
        (measured(names[0], a, **changes), measured(names[1], b, **changes))
        for a, b in zip(first, second, strict=True)
    ]


GOOD = pairs([80.0, 90.0, 100.0, 110.0], [80.2, 89.9, 100.3, 110.1])


def test_gauges_that_agree_are_joined():
    step = hand_over(GOOD, steps=[11, 12, 13, 14])

    assert step.consistent and step.granted
    assert (step.first_gauge, step.second_gauge) == ("ruby", "diamond_edge")
    assert step.overlap_gpa == (80.2, 110.0)
    assert step.degrees_of_freedom == 4
    assert step.steps == (11, 12, 13, 14)
    assert step.offset_gpa == pytest.approx(-0.125)
    # 0.1 of each gauge over four steps, and 0.5 of each that no averaging removes
    assert step.offset_sigma_gpa == pytest.approx(np.sqrt(2 * 0.01 / 4 + 2 * 0.25))
    assert "consistent from 80.2 to 110.0 GPa" in step.sentence


def test_record_names_both_gauges_and_scales():
    record = json.loads(json.dumps(hand_over(GOOD).to_dict(), allow_nan=False))

    assert record["first"] == {"gauge": "ruby", "scale": "s"}
    assert record["second"] == {"gauge": "diamond_edge", "scale": "s"}
    assert record["granted"] and record["overlap_gpa"] == [80.2, 110.0]


def test_chi_squared_follows_its_distribution():
    """Common errors of each gauge drawn once a trial, proportional to its sigmas."""
    rng = np.random.default_rng(3)
    truth = np.linspace(100.0, 200.0, 6)
    sys_a, sys_b = 0.01 * truth, 0.5 + 0.02 * truth
    values = []
    for _ in range(400):
        a = truth + rng.normal() * sys_a + rng.normal(size=6) * 0.2
        b = truth + rng.normal() * sys_b + rng.normal(size=6) * 0.4
        rows = [
            (measured("ruby", p, 0.2, s), measured("diamond_edge", q, 0.4, t))
            for p, s, q, t in zip(a, sys_a, b, sys_b, strict=True)
        ]
        values.append(hand_over(rows))
    p = np.array([step.p_value for step in values])
    mean = np.mean([step.chi2 for step in values])

    assert mean == pytest.approx(6.0, abs=0.6)
    assert np.mean(p < 0.1) == pytest.approx(0.1, abs=0.05)
    assert p[0] == pytest.approx(chi2_distribution.sf(values[0].chi2, 6))


def test_common_errors_do_not_average_out():
    """Ten steps 2 sigma of the systematic apart stay 2 sigma, whatever their number."""
    first = np.linspace(100.0, 190.0, 10)
    step = hand_over(pairs(first, first + 1.4, stat=0.01, sys=0.5))

    assert step.consistent
    assert step.offset_gpa / step.offset_sigma_gpa == pytest.approx(-1.98, abs=0.02)
    assert step.shape_p_value == pytest.approx(1.0)


def test_an_offset_that_all_pairs_share_is_not_diluted_by_their_number():
    first = np.linspace(100.0, 200.0, 6)
    step = hand_over(pairs(first, first + 2.0, stat=0.2, sys=0.5))

    assert abs(step.offset_gpa) / step.offset_sigma_gpa == pytest.approx(2.8, abs=0.1)
    assert step.p_value > step.level > step.offset_p_value
    assert not step.granted
    assert step.to_dict()["offset_p_value"] == step.offset_p_value
    assert "by itself" in step.sentence


def test_gauges_that_drift_apart_are_refused_until_somebody_answers_for_it():
    first = np.linspace(100.0, 140.0, 5)
    step = hand_over(pairs(first, 1.1 * first - 9.0, stat=0.1, sys=0.5))
    sequence = GaugeSequence("ruby")

    assert not step.consistent and not step.granted
    assert "not consistent" in step.sentence
    with pytest.raises(HandOverRefused, match="accept the hand-over with a reason"):
        sequence.add(step)
    with pytest.raises(HandOverRefused, match="give the reason"):
        step.accept("  ")
    accepted = step.accept("the ruby sat at the gasket")
    sequence.add(accepted)
    assert sequence.gauges == ("ruby", "diamond_edge")
    assert not accepted.consistent
    assert accepted.to_dict()["accepted_because"] == "the ruby sat at the gasket"
    assert "the ruby sat at the gasket" in accepted.sentence


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (GOOD[:2], "at 2 steps"),
        ([], "at 0 steps"),
        (pairs([10.0, 11.0, 12.0], [20.0, 21.0, 22.0]), "no interval in common"),
        (pairs([10.0, 10.0, 10.0], [10.0, 10.0, 10.0]), "no interval in common"),
        ([*GOOD[:3], (measured("ruby", NAN, ok=False), GOOD[3][1])], "pair 4.*not measured"),
        ([*GOOD[:3], (measured("ruby", NAN), GOOD[3][1])], "not measured"),
        ([*GOOD[:3], (measured("srb4o7", 110.0), GOOD[3][1])], "more than one gauge"),
        ([*GOOD[:3], (measured("ruby", 110.0, scale="t"), GOOD[3][1])], "more than one gauge or"),
        (pairs([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], ("ruby", "ruby")), "joins two gauges"),
        (pairs([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], stat=0.0), "statistical uncertainty of 0"),
        (pairs([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], sys=NAN), "states no uncertainty"),
    ],
)
def test_refuses_in_a_sentence(rows, words):
    with pytest.raises(HandOverRefused, match=words) as caught:
        hand_over(rows)
    assert str(caught.value).endswith(".")


def test_refuses_impossible_settings():
    with pytest.raises(HandOverRefused, match="between 0 and 1"):
        hand_over(GOOD, level=1.0)
    with pytest.raises(HandOverRefused, match="4 pairs and 1 numbers"):
        hand_over(GOOD, steps=[1])
    with pytest.raises(HandOverRefused, match="needs 5"):
        hand_over(GOOD, fewest_pairs=5)


def test_sequence_says_who_is_in_charge_and_what_a_value_rests_on():
    sequence = GaugeSequence("ruby")
    to_vibron = hand_over(pairs([60.0, 70.0, 80.0], [60.1, 70.2, 80.1], ("ruby", "h2_vibron")))
    to_edge = hand_over(
        pairs([100.0, 120.0, 140.0], [100.3, 120.1, 139.9], ("h2_vibron", "diamond_edge"))
    )
    sequence.add(to_vibron)
    sequence.add(to_edge)

    assert [sequence.in_charge(p) for p in (50.0, 75.0, 90.0, 120.0, 300.0)] == [
        "ruby",
        "ruby",
        "h2_vibron",
        "h2_vibron",
        "diamond_edge",
    ]
    top = sequence.tag(measured("diamond_edge", 300.0))
    low = sequence.tag(measured("diamond_edge", 110.0))
    first = sequence.tag(measured("ruby", 30.0))
    assert top.in_charge and top.rests_on == (to_vibron, to_edge)
    assert not low.in_charge
    assert first.in_charge and first.rests_on == ()
    assert not sequence.tag(measured("ruby", NAN, ok=False)).in_charge
    assert [step["second"]["gauge"] for step in top.to_dict()["rests_on"]] == [
        "h2_vibron",
        "diamond_edge",
    ]
    assert json.loads(json.dumps(sequence.to_dict()))["gauges"] == list(sequence.gauges)


def test_sequence_takes_only_what_leads_on():
    sequence = GaugeSequence("ruby")
    vibron = hand_over(pairs([60.0, 70.0, 80.0], [60.1, 70.2, 80.1], ("ruby", "h2_vibron")))
    below = hand_over(pairs([40.0, 50.0, 60.0], [40.1, 50.1, 60.1], ("h2_vibron", "diamond_edge")))
    sequence.add(vibron)

    with pytest.raises(HandOverRefused, match="goes on from h2_vibron"):
        sequence.add(hand_over(GOOD))
    with pytest.raises(HandOverRefused, match="not yet in charge"):
        sequence.add(below)
    with pytest.raises(HandOverRefused, match="No hand-over leads from"):
        sequence.tag(measured("diamond_edge", 200.0))
