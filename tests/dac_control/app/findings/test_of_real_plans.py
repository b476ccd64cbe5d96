"""What plans record with the real devices is what the findings read."""

from dataclasses import replace

import pytest

from dac_control.app.findings import summarise_findings
from dac_control.app.report import render_report
from dac_control.records import dumps_summary, open_run
from devices.ruby import Ruby
from plans.gauge_settings import RubySettings, VibronSettings
from plans.instruments import GaugeOptics
from plans.pressure_ramp import pressure_ramp
from plans.settings import DwellSettings, RampSettings, StepSettings, Targets

FAST = RampSettings(
    dwell=DwellSettings(
        drift_limit_gpa_per_h=50.0,
        window_s=20.0,
        interval_s=2.0,
        min_dwell_s=0.0,
        max_dwell_s=40.0,
        min_readings=3,
    ),
    ruby=RubySettings(attempts=1),
    vibron=VibronSettings(exposure_s=0.2, attempts=1),
    step=StepSettings(probe_turns=0.02),
)


@pytest.fixture
def two_chips(laboratory, gauge_of):
    """The laboratory with another ruby on the same spectrometer, as a gauge of its own."""
    device = Ruby(
        gauge=gauge_of(laboratory.twin.certificates()),
        spectrometer=laboratory.instruments.spectrometer,
        cryostat=laboratory.instruments.cryostat,
        name="other_chip",
    )
    optics = GaugeOptics(device=device, spectrometer=laboratory.instruments.spectrometer)
    yield replace(laboratory.instruments, further_gauges={"second_ruby": optics})
    device.destroy()


def ramp(laboratory, instruments, settings, **md):
    targets = Targets.turns(load=[0.02, 0.04])
    laboratory.engine(pressure_ramp(instruments, targets, settings=settings, md=md))
    folder = laboratory.recorder.folder
    assert folder is not None
    return open_run(folder)


def test_an_ordinary_ramp(laboratory) -> None:
    run = ramp(laboratory, laboratory.instruments, FAST)
    summary = summarise_findings(run)
    dumps_summary(summary)
    columns = {each["name"]: set(each["states"]) for each in summary["evolution"]["columns"]}
    assert columns == {"ruby": {"measured"}, "picture": {"measured"}}
    assert summary["steps"][0]["predicted"] is None
    assert summary["steps"][-1]["predicted"]["low_gpa"] is not None
    assert "Nothing in this figure is extrapolated" in render_report(run)


def test_a_ramp_with_another_gauge_in_charge(laboratory, two_chips) -> None:
    settings = replace(FAST, gauge="second_ruby")
    run = ramp(laboratory, two_chips, settings, gauge_scales={"second_ruby": "ruby2020"})
    summary = summarise_findings(run)
    count = len(summary["steps"])
    columns = {each["name"]: each["states"] for each in summary["evolution"]["columns"]}
    assert columns["ruby"] == ["measured"] * count
    assert columns["second_ruby"][1:] == ["measured"] * (count - 1)
    last = summary["steps"][-1]
    assert last["gauge"] == "second_ruby" and last["scale"] == "ruby2020"
    assert last["pressure_gpa"] == last["gauges"]["second_ruby"]["pressure_gpa"]
    assert last["pressure_gpa"] != last["gauges"]["ruby"]["pressure_gpa"]
    render_report(run)
