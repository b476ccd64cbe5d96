"""One contract for every driver, each over its own wire to its own simulator."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dac_control.app.drivers import make_drivers
from dac_control.app.simulated_station import station_toml
from dac_control.app.station import Station
from dac_control.app.toml_file import parse_toml
from simulators.laboratory import Laboratory

ROLES = ["cryostat", "drive", "spectrometer", "microscope"]
READ = {"spectrometer": lambda d: d.acquire(0.5, 1), "microscope": lambda d: d.grab()}


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """The station file of a laboratory served in this process."""
    folder = tmp_path_factory.mktemp("laboratory")
    with Laboratory(seed=5, speed=600.0, folder=folder) as laboratory:
        text = station_toml(laboratory.endpoints, laboratory.certificates, speed=600.0, seed=5)
        yield parse_toml(text, Station, Path("station.toml"))


@pytest.fixture(params=ROLES)
def driver(request: pytest.FixtureRequest, station: Station) -> Iterator[Any]:
    made = getattr(make_drivers(station), request.param)
    made.role = request.param
    yield made
    made.close()


def read(driver: Any) -> Any:
    return READ.get(driver.role, lambda d: d.read())(driver)


def test_nothing_is_opened_before_connect(station: Station) -> None:
    before = threading.active_count()
    make_drivers(station)
    assert threading.active_count() == before


def test_connect_says_who_is_there_and_may_be_called_again(driver: Any) -> None:
    identity = driver.connect()
    assert identity.model and identity.serial
    assert driver.connect() == identity


def test_a_reading_carries_the_time_at_which_it_was_asked_for(driver: Any) -> None:
    driver.connect()
    first, second = read(driver), read(driver)
    assert 1.6e9 < first.time < second.time


def test_concerns_are_clauses_for_people(driver: Any) -> None:
    driver.connect()
    assert all(isinstance(concern, str) and concern for concern in driver.concerns())


def test_stop_twice_and_close_twice_do_no_harm(driver: Any) -> None:
    driver.connect()
    if driver.role == "drive":
        driver.stop()
        driver.stop()
    if driver.role == "cryostat":
        driver.hold()
        driver.hold()
    driver.close()
    driver.close()


def test_close_leaves_no_thread_and_connect_works_again(driver: Any) -> None:
    before = {thread.ident for thread in threading.enumerate()}
    driver.connect()
    read(driver)
    driver.close()
    left = [t.name for t in threading.enumerate() if t.ident not in before and not t.daemon]
    assert not left
    driver.connect()
    read(driver)
