"""What an Ocean HDX knows and does, by message type; `ocean` puts it on the wire.

Message types and data formats: STS Data Sheet 030-00000-003-05, Ventana Data Sheet
891-00000-200-05-201305, and the vendor's SeaBreeze library (OBPMessageTypes.h), which names
those that the sheets leave out. A type is written as there, feature_subcategory_command.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simulators.wire.obp import Fault
from simulators.wire.reply import Clock

__all__ = ["HDX_PRODUCT_ID", "Light", "OceanUnit", "RefusedError"]

VENDOR_ID = 0x2457
HDX_PRODUCT_ID = 0x2003
VENDOR_NAME = b"Ocean Optics"
HARDWARE_REVISION = 1
FIRMWARE_REVISION = 0x0106  # binary coded decimal, read as 1.06
INTEGRATION_LIMITS_US = (6_000, 10_000_000)  # an HDX, as SeaBreeze states them
POWER_UP_INTEGRATION_US = 100_000
MAX_SCANS = 5_000
TRIGGER_MODES = (0, 1, 2, 3, 0xFF)
SELF_TRIGGERED = (0, 2)  # at once, or by the unit's own strobe; the others wait for a signal
USER_STRINGS = 16
STRING_BYTES = 16
NONLINEARITY = (1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)  # a linear detector

_U8, _U16, _U32 = struct.Struct("<B"), struct.Struct("<H"), struct.Struct("<I")
_F32 = struct.Struct("<f")
_METADATA = struct.Struct("<IQII12x")
"""32 bytes before a buffered spectrum: count, end in us, integration in us, trigger mode."""

Answer = tuple[bytes, float]
"""An answer's data and the laboratory time in s at which it is ready (0: at once)."""


class Light(Protocol):
    """What falls on the detector, and how the detector's axis is calibrated."""

    @property
    def pixels(self) -> int:
        """Number of pixels."""
        ...

    @property
    def full_scale(self) -> int:
        """Counts at which a pixel clips."""
        ...

    @property
    def wavelength_coefficients(self) -> tuple[float, float, float, float]:
        """Wavelength in nm as a cubic in the pixel index, lowest order first."""
        ...

    def expose(self, start_lab_s: float, exposure_s: float) -> NDArray[np.uint16]:
        """Counts of one exposure, shape (pixels,)."""
        ...


class RefusedError(Exception):
    """The request is understood and cannot be obeyed."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.name)
        self.fault = fault


@dataclass
class _Settings:
    """What a reset puts back."""

    integration_us: int = POWER_UP_INTEGRATION_US
    scans: int = 1
    trigger_mode: int = 0


@dataclass
class _Memory:
    """What a reset leaves."""

    alias: bytes = b""
    user_strings: dict[int, bytes] = field(default_factory=dict)


class OceanUnit:
    """Settings, names and detector of one unit; `OceanSimulator` holds the lock.

    Attributes
    ----------
    queries : dict of int to callable
        Request data to `Answer`, or to None where no answer comes; raise `RefusedError`.
    commands : dict of int to callable
        Take request data, return nothing; raise `RefusedError`.
    """

    def __init__(
        self, light: Light, clock: Clock, serial: str, product_id: int, device_name: str
    ) -> None:
        self._light = light
        self._clock = clock
        self._settings = _Settings()
        self._memory = _Memory()
        self._busy_until_lab_s = 0.0
        self._spectra = 0
        self.queries = self._identity(serial, product_id, device_name) | self._optics()
        self.commands: dict[int, Callable[[bytes], None]] = {
            0x000_000_00: self._reset,
            0x000_000_01: self._reset,
            0x000_002_10: self._set_alias,
            0x000_003_10: self._set_user_string,
            0x001_000_00: self._abort,
            0x001_100_10: self._set_integration,
            0x001_101_10: self._set_trigger_mode,
            0x001_200_10: self._set_scans,
        }

    def _identity(
        self, serial: str, product_id: int, device_name: str
    ) -> dict[int, Callable[[bytes], Answer | None]]:
        number, name = serial.encode("ascii"), device_name.encode("ascii")
        return {
            0x000_000_80: _plain(lambda: _U8.pack(HARDWARE_REVISION)),
            0x000_000_90: _plain(lambda: _U16.pack(FIRMWARE_REVISION)),
            0x000_001_00: _plain(lambda: number),
            0x000_001_01: _plain(lambda: _U8.pack(len(number))),
            0x000_002_00: _plain(lambda: self._memory.alias),
            0x000_002_01: _plain(lambda: _U8.pack(STRING_BYTES)),
            0x000_003_00: _plain(lambda: _U8.pack(USER_STRINGS)),
            0x000_003_01: _plain(lambda: _U16.pack(STRING_BYTES)),
            0x000_003_02: _indexed(
                USER_STRINGS, lambda slot: self._memory.user_strings.get(slot, b"")
            ),
            0x000_00A_80: _indexed(1, lambda _: _U8.pack(1)),  # multicast is on
            0x000_00E_00: _plain(lambda: _U16.pack(VENDOR_ID)),
            0x000_00E_01: _plain(lambda: _U16.pack(product_id)),
            0x000_00E_10: _plain(lambda: VENDOR_NAME),
            0x000_00E_11: _plain(lambda: name),
            0x000_00E_20: _plain(lambda: _U16.pack(VENDOR_ID)),
            0x000_00E_21: _plain(lambda: _U16.pack(product_id)),
            0x000_00E_40: _plain(lambda: VENDOR_NAME),
            0x000_00E_41: _plain(lambda: name),
        }

    def _optics(self) -> dict[int, Callable[[bytes], Answer | None]]:
        settings, light = self._settings, self._light
        return {
            0x001_009_28: lambda data: self._expose(data, wide=True),
            0x001_010_00: self._expose,  # corrected; this detector needs no correction
            0x001_011_00: self._expose,  # raw
            0x001_100_00: _plain(lambda: _U32.pack(settings.integration_us)),
            0x001_100_01: _plain(lambda: _U32.pack(INTEGRATION_LIMITS_US[0])),
            0x001_100_02: _plain(lambda: _U32.pack(INTEGRATION_LIMITS_US[1])),
            0x001_100_03: _plain(lambda: _U32.pack(1)),
            0x001_101_00: _plain(lambda: _U8.pack(settings.trigger_mode)),
            0x001_102_20: _plain(lambda: _U32.pack(light.pixels)),
            0x001_200_00: _plain(lambda: _U16.pack(settings.scans)),
            0x001_801_00: _plain(lambda: _U8.pack(4)),
            0x001_801_01: _indexed(4, lambda i: _F32.pack(light.wavelength_coefficients[i])),
            0x001_811_00: _plain(lambda: _U8.pack(len(NONLINEARITY))),
            0x001_811_01: _indexed(len(NONLINEARITY), lambda i: _F32.pack(NONLINEARITY[i])),
        }

    def _expose(self, data: bytes, *, wide: bool = False) -> Answer | None:
        """One averaged spectrum; `wide`: behind metadata and in 32-bit words, as a QE Pro."""
        _refuse_unless(not data, Fault.WRONG_LENGTH)
        settings = self._settings
        if settings.trigger_mode not in SELF_TRIGGERED:
            return None  # waits for a signal that nothing here gives
        exposure_s = settings.integration_us * 1e-6
        start_lab_s = max(self._clock.now(), self._busy_until_lab_s)
        scans = [
            self._light.expose(start_lab_s + scan * exposure_s, exposure_s)
            for scan in range(settings.scans)
        ]
        counts = np.rint(np.mean(scans, axis=0))
        due_lab_s = self._busy_until_lab_s = start_lab_s + len(scans) * exposure_s
        self._spectra += 1
        if not wide:
            return counts.astype("<u2").tobytes(), due_lab_s
        metadata = _METADATA.pack(
            self._spectra, int(due_lab_s * 1e6), settings.integration_us, settings.trigger_mode
        )
        return metadata + counts.astype("<u4").tobytes(), due_lab_s

    def _abort(self, data: bytes) -> None:
        _refuse_unless(not data, Fault.WRONG_LENGTH)
        self._busy_until_lab_s = 0.0

    def _reset(self, data: bytes) -> None:
        self._abort(data)
        vars(self._settings).update(vars(_Settings()))

    def _set_integration(self, data: bytes) -> None:
        value = _integer(_U32, data)
        low_us, high_us = INTEGRATION_LIMITS_US
        _refuse_unless(low_us <= value <= high_us, Fault.INVALID_DATA)
        self._settings.integration_us = value

    def _set_trigger_mode(self, data: bytes) -> None:
        value = _integer(_U8, data)
        _refuse_unless(value in TRIGGER_MODES, Fault.INVALID_DATA)
        self._settings.trigger_mode = value

    def _set_scans(self, data: bytes) -> None:
        value = _integer(_U16, data)
        _refuse_unless(1 <= value <= MAX_SCANS, Fault.INVALID_DATA)
        self._settings.scans = value

    def _set_alias(self, data: bytes) -> None:
        _refuse_unless(len(data) <= STRING_BYTES, Fault.WRONG_LENGTH)
        self._memory.alias = data

    def _set_user_string(self, data: bytes) -> None:
        slot = _integer(_U8, data[:1])
        _refuse_unless(slot < USER_STRINGS, Fault.NOTHING_THERE)
        _refuse_unless(len(data) <= 1 + STRING_BYTES, Fault.WRONG_LENGTH)
        self._memory.user_strings[slot] = data[1:]


def _refuse_unless(condition: bool, fault: Fault) -> None:
    if not condition:
        raise RefusedError(fault)


def _integer(layout: struct.Struct, data: bytes) -> int:
    _refuse_unless(len(data) == layout.size, Fault.WRONG_LENGTH)
    return int(layout.unpack(data)[0])


def _plain(answer: Callable[[], bytes]) -> Callable[[bytes], Answer]:
    """Make a query without data."""

    def query(data: bytes) -> Answer:
        _refuse_unless(not data, Fault.WRONG_LENGTH)
        return answer(), 0.0

    return query


def _indexed(count: int, answer: Callable[[int], bytes]) -> Callable[[bytes], Answer]:
    """Make a query of one of `count` entries, whose index is one byte."""

    def query(data: bytes) -> Answer:
        index = _integer(_U8, data)
        _refuse_unless(index < count, Fault.NOTHING_THERE)
        return answer(index), 0.0

    return query
