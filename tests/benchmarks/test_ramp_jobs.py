"""One job of a campaign: every family of errors reaches a cell, and moves after a failure count."""

import importlib
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from dac_control.app.rehearsal.virtual_laboratory import VirtualLaboratory, virtual_laboratory


def module(name: str) -> ModuleType:
    return importlib.import_module(f"ramp_campaign.{name}")


def spectra(gauge: str, family: str) -> list[list[float | None]]:
    """Rows of one cell, as a campaign reads it."""
    stratum = module("strata").named(f"{gauge}-80K")
    job = module("ramp").Job(stratum, family, 3, whole=False)
    (result,) = module("campaign").run_jobs([job], None, processes=1)
    assert module("campaign").key_of(result) == (stratum.name, family + module("ramp").SPECTRA, 3)
    return result["steps"]


# each fits of its own: where nothing is compiled yet, that alone takes half a minute
@pytest.mark.parametrize("gauge", ["ruby", "edge"])
def test_every_family_changes_what_a_gauge_that_feels_it_reads(
    gauge: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the first place, and the last one, where all of them are felt
    monkeypatch.setattr(module("spectra"), "_PLACES", 2)
    unmodelled = module("unmodelled")
    modelled = spectra(gauge, unmodelled.MODELLED)
    assert spectra(gauge, unmodelled.MODELLED) == modelled, "a cell is its seed"
    for name, family in unmodelled.FAMILIES.items():
        if name != unmodelled.MODELLED and gauge in family.gauges:
            assert spectra(gauge, name) != modelled, name


def test_every_family_is_felt_by_a_gauge_of_the_campaign() -> None:
    gauges = {stratum.gauge for stratum in module("strata").STRATA}
    for name, family in module("unmodelled").FAMILIES.items():
        assert family.gauges and set(family.gauges) <= gauges, name


@pytest.fixture
def laboratory() -> Iterator[VirtualLaboratory]:
    stratum = module("strata").named("ruby-80K")
    with virtual_laboratory(stratum.station, 1, settings=stratum.settings()) as found:
        found.session.require_ready()
        yield found


class Steps:
    """What a listener hears of a ramp; the moves between are made by the drive itself."""

    def __init__(self, laboratory: VirtualLaboratory) -> None:
        self.drive: Any = laboratory.session.instruments.drive
        self.listener = module("ramp")._Listener()
        self.listener.meet(laboratory)
        for stream in ("primary", "dwell"):
            self.listener("descriptor", {"name": stream, "uid": f"of {stream}"})

    def move(self) -> None:
        self.drive.set(self.drive.turns.get() + 0.001).wait(60)

    def event(self, pressure_gpa: float | None, stream: str = "primary") -> None:
        names = ("pressure_sigma_stat_gpa", "pressure_sigma_sys_gpa", "pressure_half_width_95_gpa")
        names += ("predicted_low_gpa", "predicted_high_gpa", "bound_gpa", "dwell_s")
        data: dict[str, float] = dict.fromkeys((f"step_{name}" for name in names), 1.0)
        data["drive_turns"] = self.drive.turns.get()
        data["step_pressure_gpa"] = float("nan") if pressure_gpa is None else pressure_gpa
        self.listener("event", {"descriptor": f"of {stream}", "data": data})


def test_moves_after_the_first_step_without_a_measurement_are_counted(
    laboratory: VirtualLaboratory,
) -> None:
    ramp = Steps(laboratory)
    ramp.event(5.0)
    ramp.move()
    ramp.event(6.0)
    ramp.move()
    ramp.event(None)
    assert (ramp.listener.moves(), ramp.listener.moves_after_failure()) == (2, 0)
    for pressure_gpa in (7.0, None, 8.0):
        ramp.move()
        ramp.event(pressure_gpa)
    assert (ramp.listener.moves(), ramp.listener.moves_after_failure()) == (5, 3)
    assert [row[1] for row in ramp.listener.steps] == [5.0, 6.0, None, 7.0, None, 8.0]


def test_spectra_without_a_line_while_it_settles_are_no_failed_steps(
    laboratory: VirtualLaboratory,
) -> None:
    ramp = Steps(laboratory)
    ramp.event(5.0)
    ramp.move()
    ramp.event(None, stream="dwell")
    ramp.event(6.0)
    ramp.move()
    assert ramp.listener.moves_after_failure() == 0
    assert len(ramp.listener.steps) == 2
