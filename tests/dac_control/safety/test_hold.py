from dac_control.safety.hold import HoldFlag


def test_the_first_reason_stays_until_released() -> None:
    flag = HoldFlag()
    assert not flag.raised
    flag.hold("ice on the window")
    flag.hold("coffee")
    assert flag.reason == "ice on the window"
    flag.release()
    assert not flag.raised


def test_an_interruption_is_taken_once_and_does_not_hold() -> None:
    flag = HoldFlag()
    flag.note_interruption("Ctrl-C")
    assert not flag.raised
    assert flag.take_interruption() == "Ctrl-C"
    assert flag.take_interruption() is None


def test_asking_for_an_end_wakes_the_one_who_can_end_a_run() -> None:
    flag = HoldFlag()
    flag.ask_to_end("the guardian said so")
    flag.wait_until_end_is_asked()
    assert flag.interrupted and flag.take_interruption() == "the guardian said so"
    flag.wake_waiter()
    flag.wait_until_end_is_asked()
    assert not flag.interrupted and not flag.raised


def test_a_rule_releases_only_what_it_held() -> None:
    flag = HoldFlag()
    flag.hold("coffee")
    flag.release("rule 'warm'")
    assert flag.reason == "coffee"
    flag.release()
    flag.hold("rule 'warm': 95 K")
    flag.release("rule 'warm'")
    assert not flag.raised
