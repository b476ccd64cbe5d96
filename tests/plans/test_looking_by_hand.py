"""Stage and lamp in a person's hands, in real time: threads, a RunEngine, somebody who answers."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from bluesky.utils import FailedStatus

from dac_control.errors import RampHeld
from dac_control.records import LightLedger
from dac_control.safety.light import Beam, LightAccount, LightBudget, LightLimits
from devices.drivers.manual_lamp import ManualLamp
from devices.drivers.manual_spots import ManualSpots
from devices.laser import Laser
from devices.spectrometer import Spectrometer
from devices.spots import Spots
from plans.gauge_settings import RubySettings
from plans.measure_reflectance import measure_reflectance
from plans.optics_settings import ReflectanceSettings

QUICK = ReflectanceSettings(exposure_s=0.2, averages=2)
RUBY = RubySettings(exposure_s=0.5)


class Person:
    """Does on the twin what is asked for, and says so."""

    def __init__(self, twin: Any) -> None:
        self.twin = twin
        self.questions: list[str] = []
        self.refuses = ""

    def __call__(self, question: str, wanted: Callable[[], bool]) -> str:
        self.questions.append(question)
        if self.refuses and self.refuses in question:
            return "not done"
        if question.startswith("Point"):
            self.twin.spot = question.split('"')[1]
        else:
            self.twin.lamp_on = " on," in question
        return "yes"


class WhiteLight:
    """The twin's port for white light as a driver."""

    address, exposure_limits_s, saturation_counts = "vis", (0.001, 10.0), 65535.0

    def __init__(self, ruby: Any) -> None:
        self._ruby = ruby
        self._port = ruby.twin.port("vis")
        self.pixels = self._port.pixels

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ruby, name)

    def acquire(self, exposure_s: float, averages: int) -> Any:
        twin = self._ruby.twin
        raw = self._ruby.acquire(exposure_s, averages)
        counts = twin.expose(self._ruby.clock.now(), exposure_s, port="vis")
        axis = self._port.wavelength_nm
        return replace(raw, wavelength_nm=axis, counts=counts.astype(float), saturated=False)


@pytest.fixture
def by_hand(laboratory):
    person = Person(laboratory.twin)
    laboratory.twin.lamp_on = False
    clock = laboratory.clock
    account = LightAccount(
        specimen="s1",
        beams={"lamp": Beam(light="lamp", area_um2=700.0, transmission=0.2)},
        ledger=LightLedger(laboratory.folder / "state" / "light.jsonl"),
        clock=clock,
        budget=LightBudget(limits=(LightLimits(light="lamp", max_energy_mj=1e7),)),
    )
    lamp = Laser(
        driver=ManualLamp(person, power_mw=5.0),
        name="lamp",
        light="lamp",
        account=account,
        clock=clock,
        on_timeout_s=36_000.0,
    )
    lamp.next_power_mw.put(5.0)
    spots = Spots(
        driver=ManualSpots(person, ("chip", "sample", "gasket")),
        name="spots",
        clock=clock,
        move_timeout_s=36_000.0,
    )
    vis = Spectrometer(driver=WhiteLight(laboratory.spectrometer), name="vis")
    devices = (lamp, spots, vis)
    for device in devices:
        device.connect()
    instruments = replace(laboratory.instruments, lamp=lamp, spots=spots, vis=vis)
    yield SimpleNamespace(person=person, instruments=instruments, account=account)
    for device in devices:
        device.destroy()


def test_a_person_is_asked_for_each_place_and_each_switch(laboratory, by_hand) -> None:
    plan = measure_reflectance(by_hand.instruments, "hydrogen", settings=QUICK, ruby=RUBY)
    laboratory.engine(plan)
    assert laboratory.stop_doc()["exit_status"] == "success"
    asked = [
        question.split(", then")[0].split(" and see")[0] for question in by_hand.person.questions
    ]
    one = ["Switch the lamp on", "Switch the lamp off"]
    assert asked == [
        'Point the optics at "gasket"',
        *one,
        'Point the optics at "sample"',
        *one,
        'Point the optics at "gasket"',
        *one,
        'Point the optics at "chip"',
    ]
    seen = [
        (event["data"]["spots_spot"], event["data"]["lamp_is_on"])
        for event in laboratory.events("reflectance")
    ]
    assert seen == [
        ("gasket", False),
        ("gasket", True),
        ("sample", False),
        ("sample", True),
        ("gasket", True),
    ]
    assert by_hand.account.unended("lamp") == []
    assert by_hand.account.dose("lamp", "gasket").shots == 2


def test_a_person_who_does_not_find_the_sample_ends_it_dark(laboratory, by_hand) -> None:
    by_hand.person.refuses = '"sample"'
    with pytest.raises(RampHeld, match=r"did not come to 'sample'.* did not point the optics"):
        laboratory.engine(
            measure_reflectance(by_hand.instruments, "hydrogen", settings=QUICK, ruby=RUBY)
        )
    assert laboratory.stop_doc()["exit_status"] == "fail"
    assert not laboratory.twin.lamp_on and not by_hand.instruments.lamp.is_on.get()
    assert by_hand.account.unended("lamp") == []


def leave_the_lamp_on(laboratory, by_hand) -> None:
    """As a session that was killed leaves it: an opening without an end."""
    by_hand.account.begin("lamp", "sample", power_mw=5.0, device="lamp")
    laboratory.twin.lamp_on = True
    by_hand.instruments.lamp.connect()


def test_a_lamp_that_was_left_on_is_switched_off_before_the_run_opens(laboratory, by_hand) -> None:
    leave_the_lamp_on(laboratory, by_hand)
    lit: list[bool] = []
    laboratory.engine.subscribe(lambda name, doc: lit.append(laboratory.twin.lamp_on), "start")
    laboratory.engine(
        measure_reflectance(by_hand.instruments, "hydrogen", settings=QUICK, ruby=RUBY)
    )
    assert by_hand.person.questions[0].startswith("Switch the lamp off") and lit == [False]
    assert laboratory.stop_doc()["exit_status"] == "success"
    assert by_hand.account.unended("lamp") == []


def test_nothing_is_measured_while_nobody_says_that_the_lamp_is_off(laboratory, by_hand) -> None:
    leave_the_lamp_on(laboratory, by_hand)
    by_hand.person.refuses = "off"
    with pytest.raises(FailedStatus) as failed:
        laboratory.engine(
            measure_reflectance(by_hand.instruments, "hydrogen", settings=QUICK, ruby=RUBY)
        )
    assert "Nobody has said that the lamp is off" in str(failed.value.__cause__ or failed.value)
    assert not laboratory.documents
    by_hand.person.refuses = ""
