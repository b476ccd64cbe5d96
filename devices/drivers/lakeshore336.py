"""Lake Shore Model 336 temperature controller.

Protocol: Lake Shore Model 336 User's Manual, chapter 6. What it cannot reveal: a reply carries
nothing of its query, so a line of the right shape that belongs to the poll before cannot be told
from a fresh one (the link therefore never lets a late reply in); and the event status register
is one for all who talk to the instrument, so another program's error may show up here.
"""

import functools
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from dac_control.errors import (
    ConfigurationError,
    InstrumentError,
    UncertainWrite,
)
from devices.drivers.lakeshore_ascii import (
    INPUTS,
    input_name,
    parse_codes,
    parse_integer,
    parse_number,
    parse_pair,
    sensor_faults,
)
from devices.drivers.lakeshore_limits import (
    LIMIT_TOLERANCE_K,
    CurveHeader,
    HeaterSetup,
    read_curve_of,
    write_curve,
    write_heater,
)
from devices.drivers.lakeshore_line import AcknowledgedLine
from devices.drivers.lakeshore_setpoint import SLOWEST_K_PER_MIN, SetpointRules, check_order
from devices.drivers.roles import CryostatReading, Identity
from devices.links import Link, LinkSettings, SerialSettings, open_link

__all__ = ["LINK_SETTINGS", "SERIAL_SETTINGS", "LakeShore336", "LakeShoreLimits"]

LINK_SETTINGS = LinkSettings(silence_s=0.05, reply_timeout_s=1.0)
"""No more than 20 messages a second, 50 ms of silence after each (Lake Shore manuals)."""
SERIAL_SETTINGS = SerialSettings(baudrate=57600, bytesize=7, parity="O", stopbits=1)
"""Of the USB port (user's manual, section 6.3)."""

RATE_TOLERANCE_K_PER_MIN = 0.01
"""RAMP and RAMP? have one decimal."""
SETPOINT_TOLERANCE_K = 0.002
"""SETP? answers with three decimals."""
LIMIT_TOLERANCE = 0.05
"""TLIMIT? answers with at least one decimal."""
CLOSED_LOOP = 1
"""Mode in the answer of OUTMODE?."""
KELVIN = 1
"""Preferred units in the answer of INTYPE?; setpoints are in these units."""
HEATER_FAULTS = {0: "", 1: "open load", 2: "shorted load"}
"""Answers of HTRST?."""


@dataclass(frozen=True, kw_only=True)
class LakeShoreLimits:
    """What the instrument itself is set to; for comparison with the station file."""

    stage_shutdown_k: float
    """All outputs go off above this temperature of the stage; 0 if never."""
    cell_shutdown_k: float
    heater_range: int
    """0 off, 1 low, 2 medium, 3 high."""
    closed_loop: bool
    control_input: str
    """Input that the loop controls, ``"A"`` to ``"D5"``; empty if none."""
    heater_fault: str
    """Empty if the heater is whole."""
    heater: HeaterSetup
    """With the highest current of the output."""
    curve: CurveHeader | None
    """Of the input that controls; its limit is that of the setpoint. None without a curve."""


class LakeShore336:
    """Driver of a Lake Shore 336; implements `devices.drivers.roles.CryostatDriver`.

    Parameters
    ----------
    link : Link
        The line to the instrument; made with `LINK_SETTINGS`, see `at`.
    stage_input, cell_input : str
        Inputs ("A" to "D") of the sensors at the stage and at the cell.
    output : int
        Output (1 or 2) whose loop heats the stage.
    expected_serial : str, optional
        Serial number that has to answer; any by default.
    setpoint_limits_k : tuple of float
        Lowest and highest setpoint in K.
    shutdown_k : float, optional
        Temperature above which the instrument itself switches its outputs off (TLIMIT).
    max_heater_range : int
        Highest range of the heater, 1 to 3.
    max_heater_current_a : float, optional
        Highest current of the heater's output in A (HTRSET); left as it is by default.
    plausible_k : tuple of float
        A temperature outside is taken for a fault of the sensor.

    Raises
    ------
    ConfigurationError
        If an argument is outside what the instrument has.
    """

    def __init__(
        self,
        link: Link,
        *,
        stage_input: str = "A",
        cell_input: str = "B",
        output: int = 1,
        expected_serial: str | None = None,
        setpoint_limits_k: tuple[float, float] = (1.0, 325.0),
        shutdown_k: float | None = None,
        max_heater_range: int = 3,
        max_heater_current_a: float | None = None,
        plausible_k: tuple[float, float] = (0.0, 400.0),
        wall_time: Callable[[], float] = time.time,
    ) -> None:
        _check_inputs(stage_input, cell_input, output)
        check_order("plausible temperatures", plausible_k)
        self._line = AcknowledgedLine(link, "MODEL336", expected_serial)
        self._inputs = {"stage": stage_input, "cell": cell_input}
        self._output = output
        self._rules = SetpointRules(*setpoint_limits_k)
        self._plausible_k = plausible_k
        self._shutdown_k = shutdown_k
        self._max_heater_range = max_heater_range
        self._max_heater_current_a = max_heater_current_a
        self._wall_time = wall_time
        self._target_k: float | None = None
        self._holds = 0
        self._hold_numbers = itertools.count(1)

    @classmethod
    def at(cls, address: str, **options: Any) -> Self:
        """Make the driver for an address, over TCP (port 7777) or the serial line.

        Parameters
        ----------
        address : str
            See `devices.links.open_link`.
        **options
            As of the class.
        """
        link = open_link(address, settings=LINK_SETTINGS, serial=SERIAL_SETTINGS)
        return cls(link, **options)

    @property
    def address(self) -> str:
        """Where the instrument is, as the station file spells it."""
        return self._line.address

    @property
    def target_k(self) -> float | None:
        """Setpoint that was last asked for; the instrument tells the moving one during a ramp."""
        return self._target_k

    @property
    def power_cycled(self) -> bool:
        """True once the instrument was switched on again after `connect`; stays so."""
        return self._line.power_cycled

    def connect(self) -> Identity:
        """Open the link and check who answers; see `devices.drivers.roles.InstrumentDriver`.

        Raises
        ------
        IdentityError
            If it is not the expected Model 336; the link is then closed.
        InstrumentError
            If the loop does not count in kelvin.
        """
        identity = self._line.connect()
        self._check_units()
        return identity

    def close(self) -> None:
        """Close the link."""
        self._line.close()

    def read(self) -> CryostatReading:
        """Read both sensors, setpoint and heater in one exchange.

        Raises
        ------
        InstrumentError
            If a sensor reports a fault or a temperature that cannot be.
        """
        asked_at = self._wall_time()
        stage, cell, output = self._inputs["stage"], self._inputs["cell"], self._output
        fields = self._line.query(
            f"KRDG? {stage}",
            f"KRDG? {cell}",
            f"RDGST? {stage}",
            f"RDGST? {cell}",
            f"SETP? {output}",
            f"HTR? {output}",
            f"RANGE? {output}",
        )
        stage_k, cell_k, stage_status, cell_status, setpoint_k, heater, heater_range = fields
        return CryostatReading(
            stage_temperature_k=self._check_sensor("stage", stage_k, stage_status),
            cell_temperature_k=self._check_sensor("cell", cell_k, cell_status),
            setpoint_k=parse_number(setpoint_k),
            heater_percent=parse_number(heater),
            heater_range=parse_integer(heater_range),
            time=asked_at,
        )

    def set_setpoint(self, setpoint_k: float, rate_k_per_min: float) -> None:
        """Move the setpoint to `setpoint_k` in K at `rate_k_per_min`, and read back.

        The rate is set and verified before the setpoint is sent: a ramp that was refused must
        not become a step.

        Raises
        ------
        LimitError
            If setpoint or rate are out of bounds; nothing was sent.
        InstrumentError
            If the instrument refuses, or a `hold` came in between.
        UncertainWrite
            If a reply was lost and reading back does not show the command carried out.
        """
        self._rules.check(setpoint_k, rate_k_per_min)
        guard = functools.partial(self._refuse_after_hold, self._holds)
        self._check_units()
        was_ramping = self._set_rate(rate_k_per_min, guard)
        output = self._output
        fields, lost = self._line.command(
            f"SETP {output},{setpoint_k:.3f}",
            (f"SETP? {output}", f"RAMPST? {output}"),
            guard=guard,
        )
        self._target_k = setpoint_k
        now_k, ramping = parse_number(fields[0]), parse_integer(fields[1]) == 1
        arrived = abs(now_k - setpoint_k) <= SETPOINT_TOLERANCE_K
        # A ramp that was under way before would look the same without our command.
        if lost is not None and not arrived and (not ramping or was_ramping):
            raise UncertainWrite(f"{lost} Read back: setpoint {now_k:g} K.") from lost
        if not (arrived or ramping):
            raise InstrumentError(
                f"The setpoint of {self.address} reads back as {now_k:g} K and does not move,"
                f" after {setpoint_k:g} K was sent; check the setpoint limit of the instrument."
            )

    def hold(self) -> None:
        """Freeze the setpoint where it is, ahead of everything that waits; the loop stays on.

        Raises
        ------
        InstrumentError
            If the setpoint does not read back as frozen.
        UncertainWrite
            If a reply was lost and reading back does not show a frozen setpoint.
        """
        # Counted first: a change of setpoint that has not been sent yet is then refused.
        self._holds = next(self._hold_numbers)
        output = self._output
        queries = (f"SETP? {output}", f"RAMP? {output}")
        setpoint, ramp = self._line.query(*queries, priority=True)
        here_k, rate = parse_number(setpoint), max(parse_pair(ramp)[1], SLOWEST_K_PER_MIN)
        self._target_k = here_k
        # First the target is brought here and then the ramp is switched off, so it does not
        # matter whether the instrument would drop a ramp where it is or jump to its end.
        here = f"SETP {output},{here_k:.3f}"
        fields, lost = self._line.command(
            f"{here};RAMP {output},0,{rate:.1f};{here}", queries, priority=True
        )
        now_k, (on, _) = parse_number(fields[0]), parse_pair(fields[1])
        if on or abs(now_k - here_k) > SETPOINT_TOLERANCE_K:
            state = f"setpoint {now_k:g} K, ramp {'on' if on else 'off'}"
            if lost is not None:
                raise UncertainWrite(f"{lost} Read back: {state}.") from lost
            raise InstrumentError(
                f"The setpoint of {self.address} was to be held at {here_k:g} K, but reads back"
                f" as: {state}."
            )

    def heater_off(self) -> None:
        """Switch the heater off (RANGE 0), ahead of everything that waits, and read back.

        Raises
        ------
        InstrumentError
            If the heater's range does not read back as off.
        UncertainWrite
            If a reply was lost and reading back does not show it off.
        """
        output = self._output
        fields, lost = self._line.command(f"RANGE {output},0", (f"RANGE? {output}",), priority=True)
        if (found := parse_integer(fields[0])) != 0:
            state = f"range {found}"
            if lost is not None:
                raise UncertainWrite(f"{lost} Read back: {state}.") from lost
            raise InstrumentError(
                f"The heater of {self.address} was to be switched off, but reads back: {state}."
            )

    def instrument_limits(self) -> LakeShoreLimits:
        """Read what the instrument itself is set to; reading may clear a latched heater fault."""
        stage, cell, output = self._inputs["stage"], self._inputs["cell"], self._output
        stage_k, cell_k, heater_range, mode, heater, setup = self._line.query(
            f"TLIMIT? {stage}",
            f"TLIMIT? {cell}",
            f"RANGE? {output}",
            f"OUTMODE? {output}",
            f"HTRST? {output}",
            f"HTRSET? {output}",
        )
        loop_mode, number, *_ = parse_codes(mode)
        letter = input_name(number)
        return LakeShoreLimits(
            stage_shutdown_k=parse_number(stage_k),
            cell_shutdown_k=parse_number(cell_k),
            heater_range=parse_integer(heater_range),
            closed_loop=loop_mode == CLOSED_LOOP,
            control_input=letter,
            heater_fault=HEATER_FAULTS.get(parse_integer(heater), f"unknown fault {heater}"),
            heater=HeaterSetup.parse(setup),
            curve=read_curve_of(self._line, letter) if letter else None,
        )

    def push_limits(self) -> list[str]:
        """Set what the instrument itself bounds no wider than the station does.

        Shutdown temperatures (TLIMIT), the heater's range and current (HTRSET), and the limit of
        the setpoint, which is that of the curve; standard curves keep theirs.

        Raises
        ------
        InstrumentError
            If the instrument does not keep what it was told.
        UncertainWrite
            If a reply was lost, and reading back does not show it.
        """
        found, changed = self.instrument_limits(), []
        wanted_k = self._shutdown_k
        shutdowns = {"stage": found.stage_shutdown_k, "cell": found.cell_shutdown_k}
        for name, now_k in shutdowns.items():
            if wanted_k is not None and not 0.0 < now_k <= wanted_k:
                letter = self._inputs[name]
                self._keep(f"TLIMIT {letter},{wanted_k:g}", f"TLIMIT? {letter}", wanted_k)
                changed.append(
                    f"the {name}'s shutdown temperature was {now_k:g} K, now {wanted_k:g}"
                )
        if found.heater_range > self._max_heater_range:
            output, highest = self._output, self._max_heater_range
            self._keep(f"RANGE {output},{highest}", f"RANGE? {output}", highest)
            changed.append(f"the heater's range was {found.heater_range}, now {highest}")
        return changed + self._push_current(found.heater) + self._push_setpoint_limit(found.curve)

    def _push_current(self, found: HeaterSetup) -> list[str]:
        highest_a = self._max_heater_current_a
        if highest_a is None or found.current_a <= highest_a:
            return []
        write_heater(self._line, self._output, found, highest_a)
        return [f"the heater's current was {found.current_a:g} A at most, now {highest_a:g} A"]

    def _push_setpoint_limit(self, found: CurveHeader | None) -> list[str]:
        highest_k = self._rules.highest_k
        if found is None or not found.writable or found.limit_k <= highest_k + LIMIT_TOLERANCE_K:
            return []
        write_curve(self._line, found, highest_k)
        return [
            f"the setpoint limit of curve {found.number} ({found.name}) was {found.limit_k:g} K, "
            f"now {highest_k:g} K"
        ]

    def _keep(self, command: str, query: str, wanted: float) -> None:
        """Send a setting and see that it is kept."""
        fields, lost = self._line.command(command, (query,))
        if abs(parse_number(fields[0]) - wanted) <= LIMIT_TOLERANCE:
            return
        if lost is not None:
            raise UncertainWrite(f"{lost} Read back: {query} {fields[0]}.") from lost
        raise InstrumentError(
            f"{self.address} was told {command!r}, but {query} reads back as {fields[0]}."
        )

    def concerns(self) -> list[str]:
        """What a person should look at before a run; reads the instrument's own settings."""
        found = self.instrument_limits()
        highest_k = self._rules.highest_k
        concerns = []
        for name, shutdown_k in (
            ("stage", found.stage_shutdown_k),
            ("cell", found.cell_shutdown_k),
        ):
            if not shutdown_k:
                concerns.append(f"no shutdown temperature is set for the {name} (TLIMIT)")
            elif shutdown_k < highest_k:
                concerns.append(
                    f"the {name}'s shutdown temperature (TLIMIT {shutdown_k:g} K) lies below "
                    f"max_setpoint_k ({highest_k:g})"
                )
        if not found.closed_loop:
            concerns.append(f"output {self._output} is not in closed loop (OUTMODE)")
        elif found.control_input not in self._inputs.values():
            concerns.append(f"output {self._output} controls on input {found.control_input or '-'}")
        if self._shutdown_k is not None:
            for name, shutdown_k in (
                ("stage", found.stage_shutdown_k),
                ("cell", found.cell_shutdown_k),
            ):
                if shutdown_k > self._shutdown_k:
                    concerns.append(
                        f"the {name}'s shutdown temperature (TLIMIT {shutdown_k:g} K) lies above "
                        f"shutdown_k ({self._shutdown_k:g})"
                    )
        if found.heater_range > self._max_heater_range:
            concerns.append(
                f"the heater's range is {found.heater_range}, above max_heater_range "
                f"({self._max_heater_range})"
            )
        highest_a = self._max_heater_current_a
        if highest_a is not None and found.heater.current_a > highest_a:
            concerns.append(
                f"the heater's highest current (HTRSET) is {found.heater.current_a:g} A, above "
                f"max_heater_current_a ({highest_a:g})"
            )
        if found.curve is not None:
            concerns += self._concerns_of_curve(found.curve)
        if found.heater_range == 0:
            concerns.append("the heater is off (RANGE 0)")
        if found.heater_fault:
            concerns.append(f"the heater reports {found.heater_fault}")
        return concerns

    def _concerns_of_curve(self, curve: CurveHeader) -> list[str]:
        highest_k, named = self._rules.highest_k, f"of curve {curve.number} ({curve.name})"
        if curve.limit_k > highest_k + LIMIT_TOLERANCE_K:
            never = "" if curve.writable else ", and a standard curve's cannot be changed"
            return [
                f"the setpoint limit {named} is {curve.limit_k:g} K, above max_setpoint_k "
                f"({highest_k:g}){never}"
            ]
        if curve.limit_k < highest_k - LIMIT_TOLERANCE_K:
            return [
                f"the setpoint limit {named} is {curve.limit_k:g} K, below max_setpoint_k "
                f"({highest_k:g}): the instrument refuses more"
            ]
        return []

    def _check_units(self) -> None:
        """Refuse a loop whose setpoint is in degrees Celsius or in units of the sensor."""
        mode, *inputs = self._line.query(
            f"OUTMODE? {self._output}", *(f"INTYPE? {letter}" for letter in INPUTS)
        )
        # The inputs D2 to D5 of a scanner card share the settings of D.
        letter = input_name(parse_codes(mode)[1])[:1]
        if letter and parse_codes(inputs[INPUTS.index(letter)])[-1] != KELVIN:
            raise InstrumentError(
                f"The setpoint of output {self._output} of {self.address} is not in kelvin: set"
                f" the preferred units of input {letter} to kelvin on the instrument."
            )

    def _set_rate(self, rate_k_per_min: float, guard: Callable[[], None]) -> bool:
        """Switch ramping on at a rate and verify it; True if the setpoint was moving already."""
        output = self._output
        sent = self._rules.sent_rate(rate_k_per_min)
        fields, lost = self._line.command(
            f"RAMP {output},1,{sent:.1f}",
            (f"RAMP? {output}", f"RAMPST? {output}"),
            guard=guard,
        )
        on, rate = parse_pair(fields[0])
        if on != 1 or abs(rate - sent) > RATE_TOLERANCE_K_PER_MIN:
            state = f"ramp {'on' if on else 'off'}, {rate:g} K/min"
            if lost is not None:
                raise UncertainWrite(f"{lost} Read back: {state}.") from lost
            raise InstrumentError(
                f"The ramp of {self.address} was set to {sent:g} K/min, but reads back"
                f" as: {state}. The setpoint was not changed."
            )
        return parse_integer(fields[1]) == 1

    def _check_sensor(self, where: str, reading: str, status: str) -> float:
        sensor = f"Sensor {self._inputs[where]} ({where}) at {self.address}"
        if faults := sensor_faults(parse_integer(status)):
            raise InstrumentError(f"{sensor} reports: {faults}. Check the sensor and its wiring.")
        temperature_k = parse_number(reading)
        lowest_k, highest_k = self._plausible_k
        if not lowest_k < temperature_k < highest_k:
            raise InstrumentError(
                f"{sensor} reads {temperature_k:g} K, which is not between {lowest_k:g} and"
                f" {highest_k:g} K. Check the sensor, its wiring and its calibration curve."
            )
        return temperature_k

    def _refuse_after_hold(self, holds: int) -> None:
        if self._holds != holds:
            raise InstrumentError(
                f"The setpoint of {self.address} was not changed: a hold came in between."
            )


def _check_inputs(stage_input: str, cell_input: str, output: int) -> None:
    for name, sensor in (("stage_input", stage_input), ("cell_input", cell_input)):
        if sensor not in tuple(INPUTS):
            raise ConfigurationError(f"{name} of a Lake Shore 336 is A, B, C or D, not {sensor!r}.")
    if output not in (1, 2):
        raise ConfigurationError(
            f"Output {output!r} of a Lake Shore 336 has no heater; choose output 1 or 2."
        )
