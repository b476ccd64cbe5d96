import base64
import io
import json
import re
from html.parser import HTMLParser

import numpy as np
import orjson
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from PIL import Image

from dac_control.app.report import canvas, render_report, write_report
from dac_control.app.report.picture_figure import picture_figure
from dac_control.app.steps_in_charge import steps_in_charge
from dac_control.errors import RecordError
from dac_control.records import dumps_summary, open_run, summarise

VOID = {"meta", "link", "br", "img", "path", "use"}


class Page(HTMLParser):
    """Collects what the tests ask of a page and checks that its elements close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.tags: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        self._take(dict(attrs))

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self._take(dict(attrs))

    def _take(self, attrs):
        if attrs.get("id"):
            self.ids.append(attrs["id"])
        for name in ("src", "href", "xlink:href", "action", "srcset"):
            if attrs.get(name):
                self.addresses.append(attrs[name])

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
            self.open.pop()

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.words))


@pytest.fixture(scope="module")
def good_html(good_run):
    return render_report(good_run)


@pytest.fixture(scope="module")
def good_page(good_html):
    return Page(good_html)


@pytest.fixture
def undrawn(monkeypatch):
    """Pages with empty figures, where only words or frames are asked for: drawing takes a second.

    Figures are made all the same; what draws them is matplotlib's.
    """
    monkeypatch.setattr(
        FigureCanvasSVG, "print_svg", lambda _, file, **kw: file.write("<svg></svg>")
    )
    monkeypatch.setattr(FigureCanvasAgg, "print_figure", lambda _, file, **kw: file.write(b""))


def small(fake_run, **changes):
    return fake_run(**{"load": 4, "unload": 0, "dwell_readings": 1, **changes})


def pictures(html, kind):
    found = re.findall(rf"data:image/{kind};base64,([A-Za-z0-9+/=]+)", html)
    return [Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB") for data in found]


def reddish(image):
    """Share of pixels in which red stands clearly above green and blue."""
    red, green, blue = (np.asarray(image, dtype=float)[..., k] for k in range(3))
    return float(np.mean((red - green > 15) & (red - blue > 15)))


def test_page_is_well_formed_and_needs_nothing_else(good_html, good_page):
    assert good_page.open == []
    assert len(good_page.ids) == len(set(good_page.ids))
    assert all(address.startswith(("data:", "#")) for address in good_page.addresses)
    for address in good_page.addresses:
        if address.startswith("#"):
            assert address[1:] in good_page.ids
    assert "script" not in good_page.tags
    assert re.findall(r"url\((?!#)", good_html) == []
    assert "@import" not in good_html
    assert '<meta name="viewport"' in good_html


def test_headline_is_the_highest_measured_pressure(good_run, good_page):
    pressure = good_run.column("ruby", "pressure_gpa")
    top = int(np.nanargmax(pressure))
    stat = good_run.column("ruby", "pressure_sigma_stat_gpa")[top]
    head = good_page.text[: good_page.text.index("What this run cannot show")]
    found = re.search(r"([\d.]+) ± ([\d.]+) \(stat\) ± ([\d.]+) \(sys\) GPa", head)
    assert found
    assert float(found[1]) == pytest.approx(pressure[top], abs=1e-4)
    assert float(found[2]) == pytest.approx(stat, rel=0.05)
    assert "ruby on ruby2020" in head
    assert "speed 200" in head


def test_simulated_stands_in_every_figure_and_on_every_page(good_html):
    figures = re.findall(r"<svg.*?</svg>", good_html, flags=re.DOTALL)
    assert len(figures) == 8
    assert all(">SIMULATED<" in figure for figure in figures)
    assert "<title>SIMULATED" in good_html
    thead = good_html[good_html.index("<thead>") : good_html.index("</thead>")]
    assert "SIMULATED" in thead  # a table head repeats on every printed page
    assert all(reddish(image) > 0.01 for image in pictures(good_html, "jpeg"))
    assert all(reddish(image) > 0.01 for image in pictures(good_html, "png"))
    assert len(pictures(good_html, "jpeg")) == 21
    assert len(pictures(good_html, "png")) == 1


def test_a_real_run_is_not_marked(fake_run):
    html = render_report(small(fake_run, simulated=False, speed=1.0))
    assert "SIMULATED" not in html
    assert all(reddish(image) < 0.001 for image in pictures(html, "jpeg"))
    assert "The instruments were real." in html
    assert "real time" in html


def test_every_spectrum_is_listed_and_the_rejected_with_reason(good_run, good_html):
    taken = good_run.table("dwell")["seq_num"].size + good_run.table("primary")["seq_num"].size
    details = good_html[good_html.index("<details") : good_html.index("</details>")]
    assert details.count("<tr") - 1 == taken
    rejected = good_html[good_html.index("Rejected readings") : good_html.index("<details")]
    assert rejected.count('<tr class="bad">') == 3
    assert rejected.count("<code>no_line</code>") == 4  # three rows, one explanation
    assert f"{taken} spectra were recorded and {taken} are listed" in good_html


def test_limitations_of_a_good_run(good_page):
    text = good_page.text
    for sentence in (
        "The run is SIMULATED",
        "The largest such gap is",
        "still drifting at step 6.",
        "One gauge only (ruby)",
        "λ0 was measured at 296.0 K and the pressures at",
        "No control run",
        "nothing is said of repeatability",
        "Extrapolation fraction 0",
        "Measured on loading (14 steps) and on unloading (4 steps).",
        "every pressure comes out as recorded",
    ):
        assert sentence in text


def test_load_curve_and_both_uncertainties_are_named_as_what_they_are(good_page):
    assert "Loading: saturating over 14 steps" in good_page.text
    assert "Lines are fits and no measurements" in good_page.text
    assert "the record states no error in turns" in good_page.text
    assert "pressure coefficient in the cold" in good_page.text
    for scale in ("mao1986", "dewaele2008", "dorogokupets2007"):
        assert scale in good_page.text


def test_a_cold_pressure_stands_on_two_scales_side_by_side(good_html, good_page):
    part = good_html[good_html.index("In the cold") : good_html.index("The same line on other")]
    assert part.index("<td>ruby2020</td>") < part.index("<td>feng2010</td>")
    assert part.count("<tr") == 3
    assert "made for 0 to 150 GPa at 290 to 310 K and is used at" in good_page.text
    assert "from memory" in good_page.text


def test_every_term_of_the_budget_is_printed(good_page):
    budget = good_page.text[good_page.text.index("Its uncertainty, term by term") :]
    for term in (
        "photon statistics",
        "reference line",
        "line asymmetry",
        "lambda0",
        "wavelength axis drift",
        "wavelength axis offset, in the line",
        "wavelength axis offset, in lambda0",
        "wavelength axis dispersion",
        "temperature sensor",
        "temperature correction",
        "spread between corrections",
        "way of applying the shift",
        "scale coefficient A",
        "pressure coefficient in the cold",
        "deviatoric stress",
        "gradient across the chip",
    ):
        assert term in budget
    assert "not stated; gradient_gpa states" in budget


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(
    ("excess_k", "words"),
    [
        (1.0, "put it at most 1.0 ± 2.0 K above it: no heating"),
        (30.0, "put it at most 30.0 ± 2.0 K above it; that is"),
    ],
)
def test_the_ruby_as_its_own_thermometer(fake_run, excess_k, words):
    assert words in Page(render_report(small(fake_run, chip_excess_k=excess_k))).text


@pytest.mark.usefixtures("undrawn")
def test_several_lambda0_are_all_looked_at(fake_run):
    lambda0 = [
        {"value_nm": 694.246, "sigma_nm": 0.004, "chip": "R3", "date": "2026-11-20"} | extra
        for extra in ({"temperature_k": 296.0}, {"temperature_k": 80.0, "value_nm": 693.362})
    ]
    settings = {
        "scale": "ruby2020",
        "temperature_correction": "datchi2007",
        "axis_sigma_nm": 0.01,
        "temperature_sigma_k": 0.1,
        "gradient_gpa": 0.5,
        "lambda0": lambda0,
    }
    page = Page(render_report(small(fake_run, start_changes={"gauge_settings": settings}))).text
    assert "λ0 was measured at 80.0 K, the temperature of the run." in page
    assert "out of 2 the one with the smallest uncertainty there" in page
    assert "0.5 GPa across the chip" in page


def test_provenance(good_page):
    for words in (
        "ab12cd34-0000-4000-8000-000000000001",
        "Shen et al., High Press. Res. 40, 299 (2020)",
        "Datchi et al.",
        "694.246 ± 0.004 nm at 296 K, chip R3, measured 2026-11-20",
        "H2-017",
        "7.38",
        "dac-control 0.1.0",
        "200 laboratory seconds pass in one second on the wall",
        "max step gpa 5",
    ):
        assert words in good_page.text


def test_same_run_gives_same_bytes(good_run, good_html, monkeypatch):
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    assert render_report(open_run(good_run.folder)) == good_html


@pytest.mark.usefixtures("undrawn")
def test_report_lands_in_the_run_folder_or_where_it_is_wanted(fake_run, tmp_path):
    run = small(fake_run)
    path = write_report(run)
    assert path == run.folder / "report.html"
    other = write_report(run, tmp_path / "other.html")
    assert other.read_bytes() == path.read_bytes()
    assert [p.name for p in run.folder.glob("*.part")] == []


@pytest.mark.usefixtures("undrawn")
def test_unwritable_place_is_a_sentence(fake_run, tmp_path):
    with pytest.raises(RecordError, match=r"cannot be written to .*nowhere"):
        write_report(small(fake_run), tmp_path / "nowhere" / "report.html")


def test_names_from_people_cannot_break_the_page(fake_run):
    html = render_report(
        small(
            fake_run,
            exit_status="abort",
            reason="<script>alert(1)</script> & $x^$",
            start_changes={
                "operator": "<b>Eve</b>",
                "specimen": {"id": "</main><script>"},
                "scale": "<i>ruby2020",
                "plan_name": "a_<u>_b",
            },
        )
    )
    page = Page(html)
    assert page.open == []
    assert "script" not in page.tags
    assert "aborted" in page.text
    assert "<b>Eve</b>" in page.text  # as text


def test_killed_run_without_a_step(fake_run):
    page = Page(render_report(fake_run(load=0, unload=0, exit_status=None)))
    assert page.open == []
    assert "unfinished" in page.text
    assert "No step was finished" in page.text
    assert "svg" not in page.tags


@pytest.mark.parametrize("load", [1, 2, 3])
def test_killed_after_a_few_steps(fake_run, load):
    page = Page(render_report(small(fake_run, load=load, exit_status=None)))
    assert page.open == []
    assert "The run has no end" in page.text
    assert "Measured on loading only" in page.text
    if load < 3:
        assert "fewer than 3 measured steps on a branch" in page.text


def test_steps_without_a_pressure(fake_run):
    run = small(
        fake_run,
        not_measured=(2, 4),
        exit_status="fail",
        reason="The ramp holds at step 4: no pressure after 3 attempts.",
    )
    about = {"id": "last", "time": run.stop["time"] + 1.0}
    move = about | {"kind": "intent", "from_turns": 1.05, "to_turns": 1.06}
    end = about | {"kind": "done", "turns": 1.06}
    (run.folder / "intents.jsonl").write_bytes(orjson.dumps(move) + b"\n" + orjson.dumps(end))
    page = Page(render_report(run))
    assert page.open == []
    assert "3 of 5 steps have no measured pressure (step 2, 4; a move" in page.text
    assert "1 more move of the screw without a measurement" in page.text
    assert "no step was recorded; the screw stands at 1.0600 turns" in page.text
    assert "The ramp holds at step 4" in page.text
    assert "not measured" in page.text
    assert re.search(r"\bnan\b", page.text, re.IGNORECASE) is None


def test_no_step_measured_at_all(fake_run):
    page = Page(render_report(small(fake_run, load=2, not_measured=(1, 2))))
    assert "no pressure was measured at any step" in page.text
    assert "no measured step" in page.text


def test_sparse_record_still_has_a_report(fake_run):
    """Only clock, gauge and step: no cryostat, no microscope, no metadata of the station."""
    run = small(fake_run, frames=False)
    journal = run.folder / "documents.jsonl"
    lines = [orjson.loads(line) for line in journal.read_bytes().splitlines()]
    keep = {"uid", "time", "plan_name", "simulated"}
    lines[0][1] = {key: value for key, value in lines[0][1].items() if key in keep} | {
        "devices": {"clock": "clock", "step": "step", "ruby": "ruby"}
    }
    journal.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    page = Page(render_report(open_run(run.folder)))
    assert page.open == []
    assert "The pressures cannot be computed again" in page.text
    assert "No spectrum was recorded" in page.text
    assert "No microscope frame was recorded" in page.text


@pytest.mark.usefixtures("undrawn")
def test_altered_pressure_is_found_out(fake_run):
    run = small(fake_run)
    journal = run.folder / "documents.jsonl"
    lines = [orjson.loads(line) for line in journal.read_bytes().splitlines()]
    for name, doc in lines:
        if name == "event" and "screw_turns" in doc["data"]:
            doc["data"]["ruby_pressure_gpa"] *= 1.1
    journal.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    page = Page(render_report(open_run(run.folder)))
    assert "do not follow from the recorded lines" in page.text


@pytest.mark.usefixtures("undrawn")
def test_lost_event_is_found_out(fake_run):
    run = small(fake_run, frames=False)
    journal = run.folder / "documents.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    dwell = [k for k, line in enumerate(lines) if line.startswith(b'["event"')]
    del lines[dwell[0]]
    journal.write_bytes(b"".join(lines))
    page = Page(render_report(open_run(run.folder)))
    assert "The record is not complete: dwell misses 1" in page.text


@pytest.mark.usefixtures("undrawn")
def test_many_steps_show_a_choice_of_frames(fake_run):
    html = render_report(fake_run(load=30, unload=0, dwell_readings=0))
    assert len(pictures(html, "jpeg")) == 24
    assert "24 of 30 steps shown" in html


@pytest.fixture(scope="module")
def two_gauges_html(tmp_path_factory, write_run):
    """A run in which the edge takes over, with gaps, a surprise and no control."""
    folder = tmp_path_factory.mktemp("two") / "2026-11-22_0815_pressure-ramp_ab12cd"
    run = write_run(
        folder,
        load=12,
        unload=0,
        dwell_readings=1,
        not_measured=(4,),
        edge_at=tuple(range(5, 13)),
        edge_rejected=(7,),
        edge_in_charge_from=9,
        reference_ruby=True,
        predicts=True,
        surprises=(6,),
        start_changes={
            "allow_unmeasured_steps": 2,
            "raman_laser_nm": {"diamond_edge": 532.0},
        },
    )
    return render_report(run)


def test_a_second_gauge_takes_over(two_gauges_html):
    page = Page(two_gauges_html)
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    for words in (
        "Highest measured pressure, diamond edge on akahama2006",
        "Every gauge at every step.",
        "diamond edge is missing at 5 of 12 steps (longest: steps 1 to 4)",
        "Ruby minus diamond edge at the 7 steps where both were measured.",
        "of the diamond edge: raw counts, and where it was read.",
        "The same edge on other scales",
        "Told by the run: step 6 (confirmed).",
        "Points of several gauges (ruby, diamond edge)",
    ):
        assert words in page.text, words
    assert re.search(r"\bnan\b", page.text, re.IGNORECASE) is None


def test_every_new_figure_is_marked_too(two_gauges_html):
    figures = re.findall(r"<svg.*?</svg>", two_gauges_html, flags=re.DOTALL)
    names = [re.findall(r'class="figure-(\w+)"', figure)[0] for figure in figures]
    assert {"evolution", "forms", "predicted", "consistency0", "top"} <= set(names)
    assert all(">SIMULATED<" in figure for figure in figures)


def test_unmeasured_steps_stand_on_every_page(two_gauges_html, good_html):
    thead = two_gauges_html[two_gauges_html.index("<thead>") : two_gauges_html.index("</thead>")]
    assert "UNMEASURED STEPS ALLOWED" in thead  # a table head repeats on every printed page
    assert "UNMEASURED" not in good_html


def test_forms_of_the_load_curve_are_a_table(good_html, good_page):
    part = good_html[good_html.index("Loading: forms of") : good_html.index("Unloading: forms of")]
    assert part.index("<td>linear</td>") < part.index("<td>saturating</td>")
    for head in ("AIC", "AICc", "BIC", "χ²"):
        assert f">{head}<" in part
    assert ">share in prediction<" in part and "may prefer different forms, because" in part
    assert part.count("no fit of its own") == part.count("every shape that the points leave open")
    assert "Hysteresis: at the same turns" in good_page.text
    assert "Dead band: 0.060 turns after the reversal at step 14" in good_page.text


def test_light_and_controls_that_are_missing_are_said_to_be(good_page):
    assert "No ledger of light belongs to this run" in good_page.text
    assert "A referee cannot exclude that what was seen comes from gasket" in good_page.text


def test_a_cooldown_shows_pressure_against_temperature(fake_run, good_html):
    html = render_report(small(fake_run, cooldown=True, start_changes={"plan_name": "cooldown"}))
    assert "Pressure against temperature" in Page(html).text
    assert 'class="figure-pressure-of-temperature"' in html
    assert "figure-pressure-of-temperature" not in good_html


def test_what_a_frame_shows_is_drawn_and_printed(fake_run):
    run = small(fake_run, dwell_readings=0, unjudged=(1, 2))
    with canvas.style():
        figure = picture_figure(run, steps_in_charge(run), simulated=True)
    assert figure is not None
    for label in ("hole / µm", "ellipticity", "hole / gasket", "sample / gasket", "focus"):
        assert f">{label}" in figure
    assert ">colour / gasket" in figure and "hole / pixel" not in figure
    third = json.loads(dumps_summary(summarise(run)))["steps"][2]["picture"]
    assert third["core"] == 1.7 and third["core_sigma"] == 0.1
    assert third["ellipticity"] == 0.03 and third["green"] == 2.2 and third["focus"] == 0.5
    assert third["judged"] is True and third["flags"] == []
