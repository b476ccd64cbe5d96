"""Finds and opens Ocean spectrometers under seabreeze's Python backend.

seabreeze's own `list_devices` is avoided: it waits a second for multicast answers, resets
every spectrometer on USB, and tries every network address that was ever registered.
"""

import contextlib
import socket
import threading
from typing import Any, cast

import usb.core
from seabreeze.pyseabreeze.api import SeaBreezeAPI
from seabreeze.pyseabreeze.devices import SeaBreezeDevice, _model_class_registry
from seabreeze.pyseabreeze.transport import (
    IPv4Transport,
    IPv4TransportHandle,
    USBTransport,
    USBTransportDeviceInUse,
    USBTransportHandle,
    get_pyusb_backend_from_name,
)

from dac_control.errors import ConfigurationError, IdentityError, LinkDown
from devices.drivers.ocean_socket import ObpSocket
from devices.drivers.ocean_unit import SeaBreezeUnit, translated

__all__ = ["open_network", "open_usb", "seabreeze_name"]

_registry_lock = threading.Lock()


def seabreeze_name(model: str) -> str:
    """Return seabreeze's name of a model, for example USB2000PLUS for USB2000+.

    Raises
    ------
    ConfigurationError
        If seabreeze does not know the model.
    """
    known = {_plain(name): name for name in SeaBreezeAPI.supported_models()}
    name = known.get(_plain(model))
    if name is None:
        raise ConfigurationError(
            f"seabreeze knows no spectrometer model {model!r}; it knows "
            f"{', '.join(sorted(known.values()))}."
        )
    return name


def open_network(
    model: str, host: str, port: int, *, address: str, timeout_s: float
) -> SeaBreezeUnit:
    """Connect to a spectrometer on the network; `timeout_s` for the connection and each reply."""
    with translated(address):
        try:
            ip = socket.gethostbyname(host)
        except OSError as error:
            raise LinkDown(f"{address}: the host name {host!r} is not known ({error}).") from error
        link = ObpSocket(ip, port, address=address, timeout_s=timeout_s)
        try:
            device = _network_device(model, ip, port, link)
            device.open()
            return SeaBreezeUnit(device, address, link)
        except BaseException:
            link.close()
            raise


def open_usb(
    model: str, serial: str | None, *, address: str, backend: str | None = None
) -> SeaBreezeUnit:
    """Open the spectrometer of this model and serial number, or the only one of this model."""
    with translated(address):
        matches: list[Any] = []
        others: list[Any] = []
        in_use = 0
        for device in _usb_devices(model, backend):
            try:
                device.open()
            except USBTransportDeviceInUse:
                in_use += 1
                continue
            fits = device.model == model and serial in (None, device.serial_number)
            (matches if fits else others).append(device)
        if len(matches) == 1:
            _close_all(others)
            return SeaBreezeUnit(matches[0], address)
        attached = ", ".join(f"{unit.model} {unit.serial_number}" for unit in matches + others)
        _close_all(matches + others)
    if matches:
        raise ConfigurationError(
            f"{address}: several are attached ({attached}); name the serial number of one."
        )
    if in_use:
        raise LinkDown(f"{address} is in use by another program; close that one.")
    if others:
        raise IdentityError(f"{address} is not attached; found instead: {attached}.")
    raise LinkDown(f"{address} is not attached; check its cable and power.")


def _usb_devices(model: str, backend: str | None) -> list[Any]:
    """Return the devices on USB, not opened, that can turn out to be of this model."""
    wanted = _model_class_registry[model]

    def candidate(device: Any) -> bool:
        name = USBTransport.vendor_product_ids.get((device.idVendor, device.idProduct))
        # Models that share a product id are told apart once open: a Flame says it is a USB2000+.
        return name is not None and issubclass(wanted, _model_class_registry[name])

    # Not USBTransport.list_devices: its handles reset every Ocean device, of any model, when
    # they are collected, also one that another program is using.
    try:
        found = usb.core.find(
            find_all=True,
            custom_match=candidate,
            backend=get_pyusb_backend_from_name(name=backend),
        )
        return [SeaBreezeDevice(USBTransportHandle(cast(Any, device))) for device in found or ()]
    except usb.core.NoBackendError as error:
        raise ConfigurationError(
            "There is no USB library for the spectrometer; install libusb 1.0."
        ) from error


def _close_all(devices: list[Any]) -> None:
    for device in devices:
        with contextlib.suppress(Exception):
            device.close()


class _Handle(IPv4TransportHandle):
    """A seabreeze handle whose connection is already made."""

    def __init__(self, ip: str, port: int, link: ObpSocket) -> None:
        super().__init__(ip, port)
        self._link = link
        self.socket.close()  # seabreeze's own, never connected
        self.socket = cast(socket.socket, link)

    def open(self) -> None:
        """Do nothing: it is open."""

    def close(self) -> None:
        """Close the connection, which seabreeze's own handle leaves open."""
        super().close()
        self._link.close()


def _network_device(model: str, ip: str, port: int, link: ObpSocket) -> Any:
    handle = _Handle(ip, port, link)
    # seabreeze looks the model up by address while it constructs the device and never again;
    # an entry left behind would be tried by every later listing of devices.
    with _registry_lock:
        known = IPv4Transport.devices_ip_port.get((ip, port))
        IPv4Transport.devices_ip_port[(ip, port)] = model
        try:
            return SeaBreezeDevice(handle)
        except TypeError as error:
            raise ConfigurationError(
                f"seabreeze reaches a {model} over USB only; give its serial number instead of "
                "host and port."
            ) from error
        finally:
            if known is None:
                del IPv4Transport.devices_ip_port[(ip, port)]
            else:
                IPv4Transport.devices_ip_port[(ip, port)] = known


def _plain(name: str) -> str:
    return name.upper().replace("+", "PLUS").translate({ord(c): None for c in " -_"})
