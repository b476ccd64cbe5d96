"""Who is told what and when, without a clock and without a network."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dac_control.app.notify.desk import Addressee, Desk, Policy
from dac_control.app.notify.notice import Level, Notice, State

MAIL = Addressee(name="mail")
CHAT = Addressee(name="chat", from_level="warning")
PHONE = Addressee(name="phone", after_s=900.0)


def made(policy: Policy | None = None) -> Desk:
    return Desk([MAIL, CHAT, PHONE], policy)


def notice(
    title: str = "cell warms", level: Level = "warning", state: State = "begins", key: str = ""
) -> Notice:
    return Notice(title=title, level=level, state=state, key=key)


def test_channels_get_what_is_urgent_enough_for_them() -> None:
    desk = made()
    told = {d.channel for d in desk.take(notice(level="info", state="once"), 0.0)}
    assert told == {"mail"}
    told = {d.channel for d in desk.take(notice("x", level="critical"), 0.0)}
    assert told == {"mail", "chat"}


def test_critical_and_unacknowledged_goes_to_further_channels_once() -> None:
    desk = made()
    desk.take(notice(level="critical"), 0.0)
    assert [d for t in range(0, 900, 60) for d in desk.tick(float(t))] == []
    (phone,) = desk.tick(900.0)
    assert (phone.channel, phone.notice.title) == (
        "phone",
        "Nobody acknowledged for 15 min: cell warms",
    )
    assert desk.tick(901.0) == []
    over = desk.take(notice("fine", state="over", key="cell warms"), 1000.0)
    assert {d.channel for d in over} == {"mail", "chat", "phone"}


@pytest.mark.parametrize("level", ["info", "warning"])
def test_what_is_not_critical_does_not_escalate(level: Level) -> None:
    desk = made()
    desk.take(notice(level=level), 0.0)
    assert desk.tick(1000.0) == []


def test_what_is_acknowledged_is_neither_escalated_nor_repeated_but_its_end_is_told() -> None:
    desk = made()
    desk.take(notice(level="critical"), 0.0)
    assert desk.acknowledge() == ["cell warms"]
    assert [d for t in range(0, 20_000, 60) for d in desk.tick(float(t))] == []
    assert {d.channel for d in desk.take(notice(state="over"), 20_000.0)} == {"mail", "chat"}


def test_something_critical_that_is_past_escalates_too_and_is_then_forgotten() -> None:
    desk = made()
    desk.take(notice("the run died", level="critical", state="once"), 0.0)
    assert [d.channel for d in desk.tick(900.0)] == ["phone"]
    assert [d for t in range(901, 20_000, 60) for d in desk.tick(float(t))] == []


def test_what_lasts_is_told_again_until_it_is_over() -> None:
    desk = made()
    desk.take(notice(), 0.0)
    told = [(t, d.notice.title) for t in range(0, 4000, 60) for d in desk.tick(float(t))]
    assert told == [
        (1800, "Still, after 30 min: cell warms"),
        (1800, "Still, after 30 min: cell warms"),
        (3600, "Still, after 60 min: cell warms"),
        (3600, "Still, after 60 min: cell warms"),
    ]
    desk.take(notice(state="over"), 4000.0)
    assert [d for t in range(4000, 9000, 60) for d in desk.tick(float(t))] == []


def test_the_end_of_what_nobody_was_told_of_is_not_told() -> None:
    assert made().take(notice(state="over"), 0.0) == []


def test_the_same_again_is_replaced_by_the_last_until_the_gap_is_over() -> None:
    desk = made()
    assert len(desk.take(notice("a", state="once", key="k"), 0.0)) == 2
    for second in range(1, 30):
        assert desk.take(notice(f"a{second}", state="once", key="k"), float(second)) == []
    assert desk.tick(59.0) == []
    assert {d.notice.title for d in desk.tick(60.0)} == {"a29"}


def test_what_gets_worse_is_told_at_once() -> None:
    desk = made()
    desk.take(notice(level="warning"), 0.0)
    assert len(desk.take(notice(level="critical"), 1.0)) == 2
    assert [d.channel for d in desk.tick(902.0)] == ["phone"]


def test_a_flood_becomes_a_digest_and_critical_passes() -> None:
    desk = made(Policy(burst=3))
    told = [desk.take(notice(f"n{n}", level="info", state="once"), 0.0) for n in range(30)]
    assert sum(map(len, told)) == 3
    assert len(desk.take(notice("bad", level="critical", state="once"), 0.0)) == 2
    (digest,) = desk.tick(60.0)
    assert digest.notice.title == "27 notices were held back"
    assert digest.notice.body.splitlines()[0] == "n3"
    assert digest.notice.body.splitlines()[-1] == "and 7 more"
    assert desk.tick(120.0) == []


def test_a_failing_channel_is_not_told_of_itself() -> None:
    failing = Notice(title="mail fails", level="critical", state="begins", not_to="mail")
    desk = made()
    assert [d.channel for d in desk.take(failing, 0.0)] == ["chat"]
    assert "mail" not in {d.channel for d in desk.tick(1900.0)}


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.floats(0, 300),
            st.sampled_from(["a", "b", "c", "tick", "ack"]),
            st.sampled_from(["info", "warning", "critical"]),
            st.sampled_from(["once", "begins", "over"]),
        ),
        max_size=60,
    )
)
def test_whatever_happens_nobody_is_flooded_and_the_worst_is_told(
    events: list[tuple[float, str, Level, State]],
) -> None:
    desk, now_s, sent = made(), 0.0, []
    for wait_s, what, level, state in events:
        now_s += wait_s
        if what == "ack":
            desk.acknowledge()
        due = desk.tick(now_s)
        if what not in ("ack", "tick"):
            due += desk.take(notice(what, level, state), now_s)
        sent += [(now_s, d) for d in due]
    criticals = [e for e in events if e[1] in "abc" and e[2] == "critical" and e[3] != "over"]
    if criticals:
        assert any(d.notice.level == "critical" for _, d in sent) or desk.tick(now_s + 60.0)
    for channel in ("mail", "chat", "phone"):
        quiet = [t for t, d in sent if d.channel == channel and d.notice.level != "critical"]
        assert len(quiet) <= 10 + now_s / 60.0 + 1
