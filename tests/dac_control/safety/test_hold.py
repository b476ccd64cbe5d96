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
