"""Which calibrations a session uses, and whether a run may still rest on them.

They are read once, when the session is built, and kept in memory: a plan asks before it opens
its run, on the RunEngine's thread, where no file is read. What a plan measures is taken in at once.
"""

import datetime
import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from dac_control.errors import LimitError, StaleCalibration
from dac_control.gauges.lambda0 import Lambda0
from dac_control.gauges.lambda0_choice import to_use
from dac_control.gauges.ruby_gauge.settings import lambda0_from
from dac_control.records.calibrations import (
    KINDS,
    CalibrationKind,
    CalibrationRecord,
    CalibrationStore,
    check_age,
)

__all__ = ["CalibrationAges", "CalibrationsInUse", "Need", "read_calibrations"]

Need = tuple[CalibrationKind, str]
"""A kind of calibration and what it belongs to: a spectrometer's name, or a chip's."""


@dataclass(frozen=True, kw_only=True)
class CalibrationAges:
    """``[calibrations]`` of a station file: what runs need, and how old it may be.

    None asks for nothing: a calibration is then used where there is one, however old.

    Raises
    ------
    LimitError
        An age is no time above 0.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    max_axis_age_h: float | None = None
    """Of the lamp lines that put the wavelength axis right."""
    max_lambda0_age_d: float | None = None
    """Of R1 of the unloaded chip, as the station file states it or a plan measured it."""
    max_gain_age_d: float | None = None
    """Of gain and read noise of the detector."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value is not None and not 0 < value < math.inf:
                raise LimitError(f"calibrations.{name} must be above 0, not {value}.")

    def limit_h(self, kind: CalibrationKind) -> float | None:
        """Hours that a calibration may be old; None where nobody asks for it."""
        days = {"lambda0": self.max_lambda0_age_d, "gain": self.max_gain_age_d}.get(kind)
        if kind == "axis":
            return self.max_axis_age_h
        return None if days is None else 24.0 * days

    @staticmethod
    def key(kind: CalibrationKind) -> str:
        """Where a station file states the age."""
        unit = "h" if kind == "axis" else "d"
        return f"calibrations.max_{kind}_age_{unit}"


class CalibrationsInUse:
    """What was measured of axes, detectors and the chip, and how old it may be.

    Parameters
    ----------
    ages : CalibrationAges
    records : iterable of CalibrationRecord
        Axes and gains, oldest first; of one port the last counts.
    lambda0s : sequence of Lambda0
        Of the chip, stated and measured.
    """

    def __init__(
        self,
        ages: CalibrationAges | None = None,
        records: Iterable[CalibrationRecord] = (),
        lambda0s: Sequence[Lambda0] = (),
    ) -> None:
        self.ages = ages or CalibrationAges()
        self.lambda0s = tuple(lambda0s)
        """On the axes that they were measured on."""
        self.lambda0_missing = False
        """True where the station states none: nothing that rests on one may run."""
        self._found: dict[Need, CalibrationRecord] = {}
        for record in records:
            self.take(record)

    def take(self, record: CalibrationRecord) -> None:
        """Use a record from now on; a lambda0 of another chip than that of the session is not."""
        kind: Any = record.kind
        self._found[kind, record.port] = record
        chips = {each.chip for each in self.lambda0s}
        if kind == "lambda0" and record.port in chips:
            several = (*self.lambda0s, lambda0_from(record.content))
            limit_d = self.ages.max_lambda0_age_d
            self.lambda0s = to_use(several, record.time.date(), limit_d)

    def of(self, kind: CalibrationKind, port: str) -> CalibrationRecord | None:
        """What is used of a kind for a port; None where nothing was measured."""
        return self._found.get((kind, port))

    def check(
        self, needs: Iterable[Need], now: datetime.datetime, coming: Collection[Need] = ()
    ) -> None:
        """Refuse a run one of whose calibrations is missing, too old or from the future.

        Parameters
        ----------
        needs : iterable of Need
            What it rests on.
        now : datetime.datetime
            For the ages, with its time zone.
        coming : collection of Need
            What will have been measured by then: of this nothing is asked.

        Raises
        ------
        StaleCalibration
            Saying what to measure; its `key` is that of the station file.
        """
        wanted = list(needs)
        for kind, port in wanted:
            if (kind, port) in coming:
                continue
            limit_h = self.ages.limit_h(kind)
            if kind == "lambda0":
                self._check_lambda0(port, limit_h, now)
                self._check_same_axis(port, wanted, coming)
            elif limit_h is not None:
                check_age(self.of(kind, port), kind, port, now, limit_h, key=self.ages.key(kind))

    def _check_lambda0(self, chip: str, limit_h: float | None, now: datetime.datetime) -> None:
        if self.lambda0_missing:
            raise StaleCalibration(
                "this key is missing: R1 of the chip without pressure, which every pressure counts "
                f"from. Run {KINDS['lambda0']} with the cell unloaded, which needs none, and state "
                "what it finds as [gauge.lambda0]: value_nm, sigma_nm, chip, date, temperature_k.",
                "gauge.lambda0",
            )
        for each in self.lambda0s:
            age_d = now.date().toordinal() - each.day
            if limit_h is not None and not -1 <= age_d <= limit_h / 24.0:
                old = "an unknown day" if each.date is None else f"{each.date_text}, {age_d} d ago"
                raise StaleCalibration(
                    f"lambda0 of chip '{chip}' at {each.temperature_k:g} K is of {old}, and "
                    f"{limit_h / 24.0:g} d are allowed; run {KINDS['lambda0']} with the cell "
                    "unloaded, or allow more.",
                    self.ages.key("lambda0"),
                )

    def _check_same_axis(self, chip: str, needs: Sequence[Need], coming: Collection[Need]) -> None:
        axes = [need in coming or self.of(*need) for need in needs if need[0] == "axis"]
        for each in self.lambda0s:
            if each.axis and not any(axes):
                raise StaleCalibration(
                    f"lambda0 of chip '{chip}' stands on an axis that lamp lines put right "
                    f"({each.axis}), and there is none of this spectrometer; run {KINDS['axis']}.",
                    "gauge.lambda0",
                )

    def describe(self, needs: Iterable[Need]) -> dict[str, dict[str, Any]]:
        """For the start document: what is used, by kind, with its date and how old it may be.

        The first port of a kind stands under the kind alone, a further one under
        ``kind_port``.
        """
        said: dict[str, dict[str, Any]] = {}
        for kind, port in needs:
            record = self.of(kind, port)
            if record is None:
                continue
            limit_h = self.ages.limit_h(kind)
            name = kind if kind not in said else f"{kind}_{port}"
            said[name] = {"uid": record.uid, "time": record.time.isoformat(), "port": port}
            if limit_h is not None:
                said[name]["limit_h"] = limit_h
        return said


def read_calibrations(
    store: CalibrationStore,
    ages: CalibrationAges,
    *,
    spectrometers: Sequence[str],
    lambda0s: Sequence[Lambda0],
    simulated: bool,
    now: datetime.datetime,
) -> CalibrationsInUse:
    """Read what a station's file of calibrations holds for its instruments.

    Parameters
    ----------
    store : CalibrationStore
    ages : CalibrationAges
    spectrometers : sequence of str
        Names of the spectrometers.
    lambda0s : sequence of Lambda0
        Of the chip, as the station file states them.
    simulated : bool
        Simulated calibrations serve simulated sessions, and only those.
    now : datetime.datetime
        For the ages, with its time zone.

    Raises
    ------
    RecordError
        The file cannot be read, or a record in it is damaged.
    """
    found: list[CalibrationRecord] = []
    for port in spectrometers:
        for kind in ("axis", "gain"):
            found += store.history(kind, port, simulated=simulated)[-1:]
    measured: list[CalibrationRecord] = []
    for chip in sorted({each.chip for each in lambda0s}):
        measured += store.history("lambda0", chip, simulated=simulated)
    several = [*lambda0s, *(lambda0_from(record.content) for record in measured)]
    kept = to_use(several, now.date(), ages.max_lambda0_age_d)
    in_use = CalibrationsInUse(ages, [*found, *measured], lambda0s)
    in_use.lambda0s = kept
    return in_use
