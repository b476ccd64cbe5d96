"""The command table of a Cobolt 06: text in, text out."""

import math
from collections.abc import Callable

from simulators.wire.cobolt06.head import (
    CONSTANT_CURRENT,
    CONSTANT_POWER,
    MODULATION,
    LaserHead,
)

__all__ = ["CommandRefused", "Commands"]

_OK = "OK"


class CommandRefused(Exception):
    """The laser answers ``Syntax error`` with this text."""


class Commands:
    """Carries out one command at a time on a head."""

    def __init__(self, head: LaserHead) -> None:
        self._head = head
        self._queries: dict[str, Callable[[], str]] = {**self._about_itself(), **self._about_now()}
        self._actions: dict[str, Callable[[], None]] = {
            "l1": self._light_directly,
            "l0": head.switch_off,
            "@cob1": head.start,
            "@cob0": head.switch_off,
            "restart": head.start,
            "abort": self._abort,
            "cf": head.clear_fault,
            "cp": self._mode(CONSTANT_POWER),
            "ci": self._mode(CONSTANT_CURRENT),
            "em": self._mode(MODULATION),
        }
        self._settings: dict[str, Callable[[float], None]] = {
            "p": self._power,
            "slc": self._current,
            "slmp": self._modulation_power,
            "sdmes": self._switch("digital"),
            "sames": self._switch("analog"),
            "salis": self._switch("low_impedance"),
            "@cobas": self._autostart,
            "@cobasdr": self._switch("direct_control"),
        }

    def execute(self, command: str) -> str:
        """Return the reply to one command.

        Raises
        ------
        CommandRefused
            If there is no such command, or not with this value, or not now.
        """
        if command == "?":
            return _OK
        if (query := self._queries.get(command)) is not None:
            return query()
        if (action := self._actions.get(command)) is not None:
            action()
            return _OK
        name, _, text = command.partition(" ")
        if (setting := self._settings.get(name)) is None or not text.strip():
            raise CommandRefused("illegal command")
        setting(_number(text))
        return _OK

    def _about_itself(self) -> dict[str, Callable[[], str]]:
        constants = self._head.constants
        return {
            "sn?": lambda: constants.serial,
            "gsn?": lambda: constants.serial,
            "glm?": lambda: constants.model,
            "gcn?": lambda: "Cobolt 06",
            "gfv?": lambda: constants.firmware,
            "ver?": lambda: constants.firmware,
            "gfd?": lambda: "2023-05-11",
            "gfbd?": lambda: "2023-05-11",
            "gmlp?": lambda: f"{constants.max_power_mw:.6f}",
            "gmlc?": lambda: f"{constants.max_current_ma:.3f}",
        }

    def _about_now(self) -> dict[str, Callable[[], str]]:
        head = self._head
        return {
            "l?": lambda: _flag(head.lit),
            "pa?": lambda: f"{head.power_mw / 1e3:.4f}",
            "p?": lambda: f"{head.setpoint_mw / 1e3:.4f}",
            "i?": lambda: f"{head.current_ma if head.lit else 0.0:.1f}",
            "rlc?": lambda: f"{(head.current_ma if head.lit else 0.0) / 1e3:.4f}",
            "glc?": lambda: f"{head.current_ma / 1e3:.4f}",
            "glmp?": lambda: f"{head.modulation_mw:.4f}",
            "ilk?": lambda: _flag(head.interlock_open),
            "f?": lambda: str(head.fault),
            "gam?": lambda: str(head.mode),
            "gom?": lambda: str(head.state),
            "hrs?": lambda: f"{head.hours:.2f}",
            "rbpt?": lambda: "27.41",
            "rtect?": lambda: "25.02" if head.warm else "21.90",
            "leds?": lambda: str(1 + 2 * head.lit + 4 * head.warm + 8 * bool(head.fault)),
            "gdmes?": lambda: _flag(head.digital),
            "games?": lambda: _flag(head.analog),
            "ra?": self._everything,
            "galis?": lambda: _flag(head.low_impedance),
            "@cobas?": lambda: _flag(head.autostart),
            "@cobasks?": lambda: _flag(head.key_on),
            "@cobasky?": lambda: _flag(True),
            "@cobasdr?": lambda: _flag(head.direct_control),
        }

    def _everything(self) -> str:
        """All at once; only the eighth field, the mode, is known from clients (pyLabLib)."""
        names = ("l?", "p?", "pa?", "rlc?", "f?", "ilk?", "hrs?", "gam?")
        return " ".join(self._queries[name]() for name in names)

    def _light_directly(self) -> None:
        # measured by DCC-Lab (PyHardwareLibrary): l1 is a syntax error while autostart is on
        if self._head.autostart:
            raise CommandRefused("illegal command")
        self._head.switch_on()

    def _abort(self) -> None:
        self._head.switch_off()
        self._head.aborted = True

    def _mode(self, mode: int) -> Callable[[], None]:
        return lambda: setattr(self._head, "mode", mode)

    def _switch(self, name: str) -> Callable[[float], None]:
        def switch(value: float) -> None:
            setattr(self._head, name, _on_or_off(value))

        return switch

    def _autostart(self, value: float) -> None:
        # measured by DCC-Lab: switching autostart on puts the light out
        on = _on_or_off(value)
        if on and not self._head.autostart:
            self._head.switch_off()
        self._head.autostart = on

    def _power(self, watt: float) -> None:
        self._head.setpoint_mw = _within(watt * 1e3, self._head.constants.max_power_mw)

    def _modulation_power(self, milliwatt: float) -> None:
        self._head.modulation_mw = _within(milliwatt, self._head.constants.max_power_mw)

    def _current(self, ampere: float) -> None:
        self._head.current_ma = _within(ampere * 1e3, self._head.constants.max_current_ma)


def _flag(value: bool) -> str:
    return "1" if value else "0"


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise CommandRefused("illegal value") from None
    if not math.isfinite(value):
        raise CommandRefused("illegal value")
    return value


def _on_or_off(value: float) -> bool:
    if value not in (0.0, 1.0):
        raise CommandRefused("illegal value")
    return value == 1.0


def _within(value: float, most: float) -> float:
    if not 0.0 <= value <= most:
        raise CommandRefused("value out of range")
    return value
