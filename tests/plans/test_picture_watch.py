"""Frames are judged wherever they are recorded, and a cell that fails holds any plan."""

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from bluesky.utils import Msg
from ophyd import Signal

from dac_control.app.findings.frame_signs import read_frame_signs
from dac_control.errors import RampHeld
from dac_control.picture import PictureReading, PictureScale
from dac_control.records import open_run
from devices.picture import Picture
from devices.step_notes import StepNotes
from plans.gauge_settings import RubySettings
from plans.hold import hold
from plans.picture_watch import PictureWatch
from plans.temperature_ramp import cooldown
from plans.watched import watched
from plans.watching_settings import HoldSettings, TemperatureSettings
from tests.devices.test_picture import StandInMicroscope

RUBY = RubySettings(exposure_s=0.5, attempts=1)
PLANS = {
    "hold": lambda i: hold(i, 0.5, settings=HoldSettings(every_s=60.0, ruby=RUBY)),
    "cooldown": lambda i: cooldown(
        i, 10.0, settings=TemperatureSettings(every_k=1.0, look_every_s=30.0, ruby=RUBY)
    ),
}


@pytest.fixture
def picture() -> Iterator[Picture]:
    device = Picture(
        microscope=StandInMicroscope(),  # type: ignore[arg-type]
        scale=PictureScale(um_per_pixel=0.5),
        name="picture",
    )
    yield device
    device.destroy()


def instruments_with(picture: Picture) -> Any:
    nothing = SimpleNamespace(get=lambda: False)
    return SimpleNamespace(
        picture=picture,
        frames={},
        spots=SimpleNamespace(spot=Signal(name="spot", value="chip")),
        step=StepNotes(name="step"),
        drive=SimpleNamespace(turns=SimpleNamespace(get=lambda: 0.3)),
        ruby=SimpleNamespace(measured=nothing, pressure_gpa=nothing),
    )


def test_signs_stand_in_the_event_and_hold_after_it(picture: Picture) -> None:
    instruments = instruments_with(picture)
    said: list[tuple[str, bool]] = []

    def show(radius: float, stream: str):
        picture._microscope.show(radius)
        picture.trigger().wait(10)
        yield Msg("create", name=stream)
        said.append((instruments.step.signs.get(), picture.judged.get()))
        yield Msg("save")

    def plan():
        instruments.step.begin(1)
        for radius in (30.0, 29.9, 29.8):
            yield from show(radius, "primary")
        yield from show(34.0, "picture")
        said.append(("went on", True))

    with pytest.raises(RampHeld, match=r"holds at step 1: The hole is 14.* Look at the frame"):
        list(watched(plan(), [PictureWatch(instruments)]))
    assert said == [("", False), ("", False), ("", True), ("blow_out", True)]


def test_a_frame_of_an_earlier_run_or_one_that_cannot_be_analysed_is_not_judged(
    picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> PictureReading:
        raise ZeroDivisionError("oops")

    instruments = instruments_with(picture)
    picture._microscope.show(20.0)
    picture.trigger().wait(10)
    watch = PictureWatch(instruments)
    for radius in (30.0, 29.9, 29.8):
        watch.before(Msg("create", name="primary"))
        picture._microscope.show(radius)
        picture.trigger().wait(10)
    monkeypatch.setattr("devices.picture.read_picture", fail)
    picture.trigger().wait(10)
    watch.before(Msg("create", name="primary"))
    watch.after(Msg("save"))
    assert instruments.step.signs.get() == "" and not picture.judged.get()


def test_a_frame_is_compared_with_those_of_its_place_also_of_the_stage_before(
    picture: Picture,
) -> None:
    instruments = instruments_with(picture)

    def judged(place: str, radius: float) -> tuple[bool, str]:
        instruments.spots.spot.put(place)
        instruments.step.begin(1)
        watch = PictureWatch(instruments)  # each as the first frame of a stage
        picture._microscope.show(radius)
        picture.trigger().wait(10)
        watch.before(Msg("create", name="picture"))
        return picture.judged.get(), instruments.step.signs.get()

    assert [judged("chip", r)[0] for r in (30.0, 29.9, 29.8)] == [False, False, True]
    assert [judged("gasket", r) for r in (40.0, 40.0)] == [(False, ""), (False, "")]
    assert judged("", 60.0) == (False, ""), "nobody knows where this is"
    assert judged("chip", 29.8) == (True, "") and judged("gasket", 40.0) == (True, "")
    assert judged("chip", 34.0) == (True, "blow_out")


@pytest.mark.parametrize("name", PLANS)
def test_a_blow_out_ends_a_run_that_moves_nothing(laboratory, name: str) -> None:
    camera: Any = laboratory.instruments.microscope
    device = Picture(microscope=camera, scale=PictureScale(), name="picture")
    instruments = replace(laboratory.instruments, picture=device)

    def blow_out(kind: str, doc: dict[str, Any]) -> None:
        if kind == "event" and doc["data"].get("step_number") == 2:
            laboratory.twin.inject("blow_out")

    laboratory.engine.subscribe(blow_out)
    try:
        with pytest.raises(RampHeld, match="holds at step 3: The hole is"):
            laboratory.engine(PLANS[name](instruments))
    finally:
        device.destroy()
    assert laboratory.stop_doc()["exit_status"] == "fail"
    frames = read_frame_signs(open_run(laboratory.recorder.folder))
    assert frames.signs == {3: ("blow_out",)} and list(frames.judged) == [False, False, True]
    assert laboratory.twin.moving_setpoint_k(1) > 10.5, "the setpoint stays"
