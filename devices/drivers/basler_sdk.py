"""What the Basler driver needs of the SDK `pypylon`: import, discovery, GenICam nodes.

Names of nodes follow GenICam's Standard Features Naming Convention (EMVA, SFNC 2.7), with the
names of Basler's older cameras ("...Abs") as second choice. Measured on pypylon 26.9 where a
comment says so.
"""

import importlib
import logging
import os
import re
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dac_control.errors import ConfigurationError, LinkDown
from devices.drivers.roles import Identity

__all__ = [
    "EXPOSURE_US",
    "NodeMap",
    "NodeValue",
    "Sdk",
    "attach",
    "identify",
    "import_sdk",
    "sentence",
]

_log = logging.getLogger(__name__)

NodeValue = str | int | float | bool
"""What a GenICam node can be set to; ``True`` executes a command node."""

EXPOSURE_US = ("ExposureTime", "ExposureTimeAbs")
"""Exposure in us under the name of the standard and of older cameras."""

_SYNONYMS = (EXPOSURE_US, ("AcquisitionFrameRate", "AcquisitionFrameRateAbs"))
# Similar, but in another unit: named in the error message, never taken instead.
_RELATIVES = (("Gain", "GainAbs", "GainRaw"), ("BlackLevel", "BlackLevelAbs", "BlackLevelRaw"))


@dataclass(frozen=True)
class Sdk:
    """The two modules of pypylon; typed loosely, since they are generated."""

    pylon: Any
    genicam: Any


def import_sdk(environment: Mapping[str, str]) -> Sdk:
    """Set the environment, then import pypylon; see `Basler.connect` for the errors."""
    wrong = [key for key, value in environment.items() if os.environ.get(key) != value]
    if wrong and "pypylon.pylon" in sys.modules:
        needed = ", ".join(f"{key}={environment[key]}" for key in wrong)
        raise ConfigurationError(
            f"The camera needs {needed} in the environment before pypylon is imported, and "
            "something in this process has imported it already; set it before the program starts."
        )
    os.environ.update(environment)
    try:
        with warnings.catch_warnings():
            # SWIG's types warn while they are being made; where warnings are errors (python -W
            # error), the exception inside the extension module ends the process (pypylon 26.9).
            warnings.simplefilter("ignore", DeprecationWarning)
            pylon = importlib.import_module("pypylon.pylon")
            genicam = importlib.import_module("pypylon.genicam")
    except ImportError as error:
        raise ConfigurationError(
            "A Basler camera needs the package pypylon, which cannot be imported "
            f'({error}); install it with: pip install "dac-control[basler]".'
        ) from error
    return Sdk(pylon, genicam)


def attach(sdk: Sdk, serial: str) -> Any:
    """Open the camera with this serial number."""
    factory = sdk.pylon.TlFactory.GetInstance()
    found = factory.EnumerateDevices()  # must stay referenced: its items do not keep it alive
    for info in found:
        if info.GetSerialNumber() == serial:
            camera = sdk.pylon.InstantCamera(factory.CreateDevice(info))
            camera.Open()
            return camera
    seen = ", ".join(f"{info.GetModelName()} {info.GetSerialNumber()}" for info in found)
    raise LinkDown(
        f"No Basler camera with serial number {serial} was found (found: {seen or 'none'}); "
        "check its power and cable, and the serial number in the station file."
    )


def identify(sdk: Sdk, camera: Any) -> Identity:
    """Ask the open camera who it is; nodes first, since the list of devices may be cached."""
    info = camera.GetDeviceInfo()
    nodes = camera.GetNodeMap()

    def ask(*names: str) -> str:
        for name in names:
            node = nodes.GetNode(name)
            if sdk.genicam.IsReadable(node):
                return str(node.ToString())
        return ""

    return Identity(
        vendor=ask("DeviceVendorName") or info.GetVendorName(),
        model=ask("DeviceModelName") or info.GetModelName(),
        serial=ask("DeviceSerialNumber", "DeviceID") or info.GetSerialNumber(),
        firmware=ask("DeviceFirmwareVersion", "DeviceVersion"),
    )


def sentence(error: BaseException) -> str:
    """What a GenICam exception says, without the source line that raised it."""
    text = re.sub(r"[\s:]*\w+Exception thrown.*", "", str(error), flags=re.DOTALL)
    return text.strip().rstrip(".") + "."


class NodeMap:
    """The camera's settings by name, with errors that a person can act on."""

    def __init__(self, sdk: Sdk, camera: Any, name: str) -> None:
        self._genicam = sdk.genicam
        self._camera = camera
        self._map = camera.GetNodeMap()
        self._name = name

    def is_writable(self, node: str) -> bool:
        """Tell whether the node exists and can be set now."""
        return bool(self._genicam.IsWritable(self._map.GetNode(node)))

    def number(self, node: str) -> float:
        """Read a number from the camera, in the node's own unit."""
        return float(self._find(node).GetValue())

    def set(self, node: str, value: NodeValue) -> None:
        """Set one node and let the SDK verify it."""
        parameter = self._find(node)
        try:
            if value is True and hasattr(parameter, "Execute"):
                parameter.Execute()
            elif isinstance(value, bool):
                parameter.FromString("true" if value else "false")
            else:
                parameter.FromString(str(value))
        except self._genicam.GenericException as error:
            if self._camera.IsCameraDeviceRemoved():
                raise
            raise ConfigurationError(
                f"{self._name} refuses the value {value!r} for the GenICam node {node}: "
                f"{sentence(error)}{self._choices(parameter)}"
            ) from error

    def _find(self, node: str) -> Any:
        names = next((group for group in _SYNONYMS if node in group), (node,))
        for name in (node, *names):
            parameter = self._map.GetNode(name)
            if self._genicam.IsAvailable(parameter):
                return parameter
        relatives = next((group for group in _RELATIVES if node in group), ())
        there = [name for name in relatives if self._genicam.IsAvailable(self._map.GetNode(name))]
        hint = f" It has {' and '.join(there)}." if there else ""
        raise ConfigurationError(
            f"{self._name} has no GenICam node {node} (names are case-sensitive).{hint} "
            "Look up the name in the camera's feature list (pylon Viewer) and correct the "
            "station file."
        )

    def _choices(self, parameter: Any) -> str:
        """What the node would take, where it says so."""
        try:
            if hasattr(parameter, "GetSettableValues"):
                return f" It takes: {', '.join(parameter.GetSettableValues())}."
            if hasattr(parameter, "GetMin"):
                return f" It takes {parameter.GetMin()} to {parameter.GetMax()}."
        except self._genicam.GenericException as error:
            _log.debug("%s: no choices to show: %s", self._name, error)
        return ""
