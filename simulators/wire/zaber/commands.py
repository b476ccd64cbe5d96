"""Commands of the Zaber simulator: what the words of a message do."""

from collections.abc import Callable, Sequence

from simulators.wire.reply import Clock
from simulators.wire.zaber.axis import Axis
from simulators.wire.zaber.flags import FLAGS, RejectedError
from simulators.wire.zaber.settings import (
    AXIS_SETTINGS,
    DEVICE_SETTINGS,
    SPEED_UNIT,
    DriveConstants,
    axis_settings,
    whole_number,
)

__all__ = ["Commands", "active_flags", "top_flag"]


def active_flags(axes: Sequence[Axis]) -> list[str]:
    """Return the flags of several axes, highest priority first."""
    active = {flag for axis in axes for flag in axis.flags}
    return [flag for flag in FLAGS if flag in active]


def top_flag(axes: Sequence[Axis]) -> str:
    """Return the flag that a reply carries, ``--`` if there is none."""
    return (active_flags(axes) or ["--"])[0]


class Commands:
    """The command set over the axes and the device's settings.

    Parameters
    ----------
    axes : tuple of Axis
        The motors.
    clock : Clock
        Laboratory time.
    drive : DriveConstants
        Gives the defaults of the axes' settings.
    serial_number : int
        As in ``system.serial``.
    reset : Callable[[], None]
        Carries out ``system reset``.
    """

    def __init__(
        self,
        axes: tuple[Axis, ...],
        clock: Clock,
        drive: DriveConstants,
        serial_number: int,
        reset: Callable[[], None],
    ) -> None:
        self._axes = axes
        self._clock = clock
        self._reset = reset
        self._tables = {**DEVICE_SETTINGS, **axis_settings(drive)}
        self._identity = {"system.serial": serial_number, "system.axiscount": len(axes)}
        self._started_s = clock.now()
        self.values: dict[str, float | str] = {}
        """Settings of the device, by name."""
        self._restore()
        self._commands: dict[str, Callable[[int, list[str]], str | None]] = {
            "": lambda axis, words: None,
            "driver": self._driver,
            "estop": lambda axis, words: self._each(axis, words, lambda a: a.halt()),
            "get": self._get,
            "home": lambda axis, words: self._each(axis, words, lambda a: a.home()),
            "io": self._io,
            "move": self._move,
            "renumber": self._renumber,
            "set": self._set,
            "stop": lambda axis, words: self._each(axis, words, lambda a: a.stop()),
            "system": self._system,
            "tools": self._tools,
            "warnings": self._warnings,
        }

    def execute(self, axis: int, words: Sequence[str]) -> str:
        """Carry out a command and return the data of the reply.

        Parameters
        ----------
        axis : int
            0 is the device, or all axes.
        words : sequence of str
            The command; empty asks for the status.

        Raises
        ------
        RejectedError
            With the reason that goes on the wire.
        """
        command, *rest = words or ("",)
        if command not in self._commands:
            raise RejectedError("BADCOMMAND")
        return self._commands[command](axis, rest) or "0"

    def restart_uptime(self) -> None:
        """Count ``system.uptime`` from now."""
        self._started_s = self._clock.now()

    def addressed(self, axis: int) -> tuple[Axis, ...]:
        """Return the axes that an axis number means; 0 is all of them."""
        return self._axes if axis == 0 else self._axes[axis - 1 : axis]

    def _restore(self) -> None:
        """Return all settings to their defaults."""
        for axis in self._axes:
            axis.restore()
        self.values.update({name: setting.default for name, setting in DEVICE_SETTINGS.items()})
        self.values.update(self._identity)

    def _each(self, axis: int, words: list[str], action: Callable[[Axis], None]) -> None:
        _expect(words, 0)
        for each in self.addressed(axis):
            action(each)

    def _move(self, axis: int, words: list[str]) -> None:
        kind, *data = words or [""]
        if kind in ("min", "max"):
            self._each(axis, data, lambda a: a.move_to_limit(kind == "max"))
            return
        actions: dict[str, Callable[[Axis, int], None]] = {
            "abs": lambda a, number: a.move_to(number),
            "rel": lambda a, number: a.move_to(a.position + number),
            "vel": lambda a, number: a.move_at(number),
        }
        if kind not in actions:
            raise RejectedError("BADCOMMAND")
        number = whole_number(_expect(data, 1)[0])
        for each in self.addressed(axis):
            actions[kind](each, number)

    def _driver(self, axis: int, words: list[str]) -> None:
        if words not in (["enable"], ["disable"]):
            raise RejectedError("BADCOMMAND")
        for each in self.addressed(axis):
            each.set_enabled(words == ["enable"])

    def _warnings(self, axis: int, words: list[str]) -> str:
        if words not in ([], ["clear"]):
            raise RejectedError("BADCOMMAND")
        flags = active_flags(self.addressed(axis))
        if words:
            for each in self.addressed(axis):
                each.clear_flags()
        return " ".join([f"{len(flags):02d}", *flags])

    def _io(self, axis: int, words: list[str]) -> str:
        """Answer for a controller without inputs and outputs."""
        if words == ["info"]:
            return "0 0 0 0"
        raise RejectedError("BADCOMMAND" if words[:1] not in (["get"], ["set"]) else "BADDATA")

    def _renumber(self, axis: int, words: list[str]) -> None:
        if axis:
            raise RejectedError("DEVICEONLY")
        address = whole_number(words[0]) if words else 1
        if not 1 <= address <= 99:
            raise RejectedError("BADDATA")
        self.values["comm.address"] = address

    def _system(self, axis: int, words: list[str]) -> None:
        if axis:
            raise RejectedError("DEVICEONLY")
        if words == ["reset"]:
            self._reset()
        elif words == ["restore"]:
            self._restore()
        else:
            raise RejectedError("BADCOMMAND")

    def _tools(self, axis: int, words: list[str]) -> str | None:
        match words:
            case ["echo", *text]:
                return " ".join(text)
            case ["parking", "park" | "unpark" as what]:
                for each in self.addressed(axis):
                    each.park(what == "park")
                return None
            case ["parking", "state"]:
                return " ".join(str(int(each.parked)) for each in self.addressed(axis))
            case _:
                raise RejectedError("BADCOMMAND")

    def _get(self, axis: int, words: list[str]) -> str:
        (name,) = _expect(words, 1)
        if name in AXIS_SETTINGS:
            return " ".join(self._axis_value(each, name) for each in self.addressed(axis))
        if name not in DEVICE_SETTINGS:
            raise RejectedError("BADCOMMAND")
        if axis:
            raise RejectedError("DEVICEONLY")
        if name == "system.uptime":
            return str(int(1000 * (self._clock.now() - self._started_s)))
        return DEVICE_SETTINGS[name].write(self.values[name])

    def _axis_value(self, axis: Axis, name: str) -> str:
        computed: dict[str, Callable[[], int]] = {
            "driver.enabled": lambda: int(axis.enabled),
            "motion.busy": lambda: int(axis.busy),
            "parking.state": lambda: int(axis.parked),
            "pos": lambda: axis.position,
            "vel": lambda: round(axis.velocity * SPEED_UNIT),
        }
        if name in computed:
            return str(computed[name]())
        return self._tables[name].write(axis.values[name])

    def _set(self, axis: int, words: list[str]) -> None:
        name, text = _expect(words, 2)
        if name == "pos":
            for each in self.addressed(axis):
                each.set_position(whole_number(text))
            return
        setting = self._tables.get(name)
        if setting is None or setting.bounds is None:
            raise RejectedError("BADCOMMAND")
        if name in DEVICE_SETTINGS and axis:
            raise RejectedError("DEVICEONLY")
        if float(self.values["system.access"]) < setting.access:
            raise RejectedError("NOACCESS")
        value = whole_number(text)
        if not setting.bounds[0] <= value <= setting.bounds[1]:
            raise RejectedError("BADDATA")
        if name in DEVICE_SETTINGS:
            self.values[name] = value
            return
        for each in self.addressed(axis):
            if name == "resolution":
                each.set_resolution(value)
            else:
                each.values[name] = value


def _expect(words: list[str], count: int) -> list[str]:
    if len(words) < count:
        raise RejectedError("BADDATA" if words or count == 1 else "BADCOMMAND")
    if len(words) > count:
        raise RejectedError("BADDATA")
    return words
