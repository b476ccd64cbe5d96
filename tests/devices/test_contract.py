"""One contract for every device of the session, whatever instrument is behind it."""

import threading

import pytest

ROLES = ["drive", "cryostat", "spectrometer", "microscope", "ruby", "clock_reading", "step"]


@pytest.fixture(params=ROLES)
def device(request: pytest.FixtureRequest, laboratory):
    found = getattr(laboratory.instruments, request.param)
    if request.param == "ruby":
        for earlier in (laboratory.instruments.spectrometer, laboratory.instruments.cryostat):
            earlier.trigger().wait(10)
    if hasattr(found, "trigger"):
        found.trigger().wait(10)
    return found


def test_read_and_describe_agree(device) -> None:
    described = device.describe()
    external = {key for key, value in described.items() if "external" in value}
    assert set(device.read()) == set(described) - external
    assert set(device.read_configuration()) == set(device.describe_configuration())


def test_every_number_has_units_a_source_and_a_numpy_type(device) -> None:
    for key, value in {**device.describe(), **device.describe_configuration()}.items():
        assert value["source"], key
        if value["dtype"] in ("number", "integer", "array"):
            assert "units" in value, key
        if value["dtype"] == "number":
            assert "precision" in value, key
        if value["dtype"] != "string":
            assert value["dtype_numpy"][0] in "|<", key


def test_every_reading_has_the_time_of_the_reading(device) -> None:
    first = {key: value["timestamp"] for key, value in device.read().items()}
    assert all(stamp > 1.6e9 for stamp in first.values())
    if hasattr(device, "trigger") and device.name in ("cryostat", "clock"):
        device.trigger().wait(10)
        second = {key: value["timestamp"] for key, value in device.read().items()}
        assert all(second[key] > first[key] for key in first)


def test_hints_name_data_keys(device) -> None:
    assert set(device.hints.get("fields", [])) <= set(device.describe())


def test_stop_twice_does_no_harm(device, laboratory) -> None:
    if hasattr(device, "stop"):
        device.stop(success=True)
        device.stop(success=False)
    assert not laboratory.screw.sent


def test_stage_and_unstage_twice_do_no_harm(device) -> None:
    for _ in range(2):
        device.stage()
        device.unstage()


def test_no_thread_is_left_after_destroy(laboratory) -> None:
    found = laboratory.instruments
    for role in ROLES:
        device = getattr(found, role)
        if hasattr(device, "trigger") and role != "ruby":
            device.trigger().wait(10)
    found.ruby.trigger().wait(10)
    for role in ROLES:
        getattr(found, role).destroy()
    names = {thread.name for thread in threading.enumerate()}
    assert not {name for name in names if name.endswith(("-worker", "-stop"))}
    assert laboratory.screw.closed and laboratory.spectrometer.closed
