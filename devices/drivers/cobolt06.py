"""Cobolt 06 laser (MLD and DPL, by Hübner Photonics) on USB or RS-232.

The laser is gated with ``l1`` and ``l0``, which it takes only with autostart switched off (an OEM
laser, or one that was set so with the maker's program). A laser that has to go through autostart
wants its key turned after every ``l0``; it cannot be switched for exposures. Autostart is
never touched here, and nothing is ever switched on by connecting.
"""

import logging
import time
from collections.abc import Callable
from typing import Any, Self

from dac_control.errors import (
    ConfigurationError,
    IdentityError,
    InstrumentError,
    LimitError,
    TransportError,
    UncertainWrite,
)
from devices.drivers.cobolt06_ascii import (
    CONSTANT_POWER,
    STATES,
    fault_text,
    format_power,
    parse_flag,
    parse_integer,
    parse_number,
)
from devices.drivers.cobolt06_identity import identify
from devices.drivers.cobolt06_line import CoboltLine
from devices.drivers.light_role import LaserReading
from devices.drivers.roles import Identity
from devices.links import Link, LinkSettings, SerialSettings, open_link

__all__ = ["LINK_SETTINGS", "SERIAL_SETTINGS", "Cobolt06"]

logger = logging.getLogger(__name__)

LINK_SETTINGS = LinkSettings(write_termination=b"\r", reply_timeout_s=1.0)
SERIAL_SETTINGS = SerialSettings(baudrate=115200, bytesize=8, parity="N", stopbits=1)

POWER_RESOLUTION_MW = 0.1
"""Powers come back in W with four decimals (python-microscope's record of a real laser)."""


class Cobolt06:
    """Driver of a Cobolt 06; implements `devices.drivers.light_role.LaserDriver`.

    Parameters
    ----------
    link : Link
        The line to the laser; made with `LINK_SETTINGS`, see `at`.
    wavelength_nm : float
        What the station file says; another laser is refused.
    max_power_mw : float
        The station's ceiling at the head.
    expected_serial : str, optional
        Serial number that has to answer; any by default.
    """

    def __init__(
        self,
        link: Link,
        *,
        wavelength_nm: float,
        max_power_mw: float,
        expected_serial: str | None = None,
        wall_time: Callable[[], float] = time.time,
    ) -> None:
        if not max_power_mw > 0:
            raise ConfigurationError(
                f"max_power_mw of the laser at {link.address} must be above 0, not {max_power_mw}."
            )
        self._line = CoboltLine(link)
        self._wavelength_nm = wavelength_nm
        self._max_power_mw = max_power_mw
        self._expected_serial = expected_serial
        self._wall_time = wall_time

    @classmethod
    def at(cls, address: str, **options: Any) -> Self:
        """Make the driver for an address; see `devices.links.open_link`."""
        return cls(open_link(address, settings=LINK_SETTINGS, serial=SERIAL_SETTINGS), **options)

    @property
    def address(self) -> str:
        """Where the laser is, as the station file spells it."""
        return self._line.address

    @property
    def max_power_mw(self) -> float:
        """The station's ceiling at the head."""
        return self._max_power_mw

    @property
    def power_resolution_mw(self) -> float:
        """Smallest difference in power that the laser tells."""
        return POWER_RESOLUTION_MW

    def connect(self) -> Identity:
        """Open the link and check who answers; switches nothing on or off.

        Raises
        ------
        IdentityError
            If it is another laser, or none; the link is then closed.
        """
        self._line.open()
        try:
            return identify(self._line, self._wavelength_nm, self._expected_serial)
        except (IdentityError, InstrumentError):
            self._line.close()
            raise

    def close(self) -> None:
        """Close the link; the light stays as it is, see `switch_off`."""
        self._line.close()

    def concerns(self) -> list[str]:
        """Say what in the laser's own settings does not fit, a clause each."""
        found: list[str] = []
        if self._autostart():
            found.append(
                "the laser's autostart is on: it lights by itself when it is powered, and refuses "
                "to be switched by this program"
            )
        head_mw = self._line.ask_if_known("gmlp?", "number")
        if head_mw is not None and parse_number(head_mw) < self._max_power_mw:
            found.append(
                f"the laser makes at most {parse_number(head_mw):g} mW, the station file's "
                f"max_power_mw is {self._max_power_mw:g}"
            )
        reading = self.read()
        if reading.fault:
            found.append(f"the laser has a fault: {reading.fault}")
        if reading.emitting:
            found.append("the laser is on")
        return found

    def read(self) -> LaserReading:
        """Read emission, power, setpoint, interlock, fault and hours.

        In this order, neighbours have replies of different shapes, so a reply to the query before
        is recognised as such.
        """
        asked_at = self._wall_time()
        emitting = parse_flag(self._line.ask("l?", "flag"))
        power_w = parse_number(self._line.ask("pa?", "number"))
        interlock_open = parse_flag(self._line.ask("ilk?", "flag"))
        setpoint_w = parse_number(self._line.ask("p?", "number"))
        fault = fault_text(parse_integer(self._line.ask("f?", "integer")))
        hours = self._line.ask_if_known("hrs?", "hours")
        if interlock_open and not fault:
            fault = "the interlock is open"
        return LaserReading(
            emitting=emitting,
            power_mw=power_w * 1e3,
            setpoint_mw=setpoint_w * 1e3,
            interlock_open=interlock_open,
            fault=fault,
            operating_hours=None if hours is None else parse_number(hours),
            time=asked_at,
        )

    def set_power(self, power_mw: float) -> None:
        """Choose the power and verify it by reading back.

        Raises
        ------
        LimitError
            If it is not above 0 and at most `max_power_mw`; nothing was sent.
        UncertainWrite
            If the answer was lost and the read-back does not show the power.
        InstrumentError
            If the laser refuses it, or says OK and keeps another.
        """
        if not 0 < power_mw <= self._max_power_mw:
            raise LimitError(
                f"The laser at {self.address} may not be set to {power_mw} mW; its station file "
                f"allows more than 0 and at most {self._max_power_mw:g} mW. Nothing was sent."
            )
        lost = self._line.tell(format_power(power_mw))
        kept_mw = self._read_back("p?", lost)
        # half a step of what it shows, or the rounding of its own set point
        if abs(kept_mw - power_mw) <= max(0.6 * POWER_RESOLUTION_MW, 0.01 * power_mw):
            return
        told = f"was told {power_mw:g} mW and is set to {kept_mw:g} mW"
        if lost is not None:
            raise UncertainWrite(f"{lost} Read back: the laser {told}.") from lost
        raise InstrumentError(f"The laser at {self.address} {told}; it was not switched on.")

    def switch_on(self, check_wanted: Callable[[], None]) -> None:
        """Let the light out; returns once the laser accepted that.

        Raises
        ------
        InstrumentError
            If an interlock, a fault or autostart keeps it dark, or it refuses.
        UncertainWrite
            If the answer was lost and the read-back does not show it on.
        """
        self._check_ready()
        self._enter_constant_power()
        lost = self._line.tell("l1", guard=check_wanted)
        if lost is None or self._is_on(lost):
            return
        raise UncertainWrite(f"{lost} Read back: the laser is off.") from lost

    def switch_off(self) -> None:
        """Shut the light off, ahead of anything queued, and read back that it is off.

        Raises
        ------
        InstrumentError
            If the laser says that it is still on.
        TransportError
            If that could not be read.
        """
        lost = self._line.tell("l0", priority=True)
        if parse_flag(self._line.ask("l?", "flag", priority=True)):
            because = f" ({lost})" if lost is not None else ""
            raise InstrumentError(
                f"The laser at {self.address} was told to go off and is still on{because}. "
                "Shut its beam by hand."
            )

    def _autostart(self) -> bool:
        reply = self._line.ask_if_known("@cobas?", "flag")
        return reply is not None and parse_flag(reply)

    def _check_ready(self) -> None:
        reading = self.read()
        if reading.fault:
            raise InstrumentError(
                f"The laser at {self.address} cannot be switched on: {reading.fault}. Nothing was "
                "lit. Remove the cause, then clear the fault at the laser."
            )
        if self._autostart():
            raise InstrumentError(
                f"The laser at {self.address} has its autostart on, so it cannot be switched for "
                "single exposures; nothing was lit. Switch autostart off with the maker's "
                "program. A laser that has to keep it cannot be switched from here: take "
                "[devices.laser] out of the station file, light by hand, and write down what fell "
                "with `dac-control specimen light`."
            )

    def _enter_constant_power(self) -> None:
        """Make the setpoint of the power count; some firmware cannot be asked for its mode."""
        if self._mode() == CONSTANT_POWER:
            return
        lost = self._line.tell("cp")
        mode = self._mode()
        if mode not in (None, CONSTANT_POWER) or (mode is None and lost is not None):
            raise InstrumentError(
                f"The laser at {self.address} does not keep its mode of constant power; nothing "
                "was lit. Look at its modulation settings with the maker's program."
            )

    def _mode(self) -> int | None:
        reply = self._line.ask_if_known("gam?", "integer")
        return None if reply is None else parse_integer(reply)

    def _read_back(self, query: str, lost: UncertainWrite | None) -> float:
        try:
            return parse_number(self._line.ask(query, "number")) * 1e3
        except TransportError as error:
            if lost is None:
                raise
            raise UncertainWrite(f"{lost} Reading back failed too: {error}") from lost

    def _is_on(self, lost: UncertainWrite) -> bool:
        try:
            return parse_flag(self._line.ask("l?", "flag"))
        except TransportError as error:
            raise UncertainWrite(f"{lost} Reading back failed too: {error}") from lost

    def state_text(self) -> str:
        """What the laser itself calls its state, for people; empty where it does not say."""
        reply = self._line.ask_if_known("gom?", "integer")
        return "" if reply is None else STATES.get(parse_integer(reply), f"state {reply}")
