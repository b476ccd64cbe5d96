"""The Ocean driver on USB: real seabreeze and pyusb code over a made-up USB bus."""

import struct
import sys
from array import array
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("seabreeze")

import usb.backend
import usb.core

from dac_control.errors import ConfigurationError, IdentityError, LinkDown, ReplyTimeout
from devices.drivers.ocean import Ocean

PIXELS = 2048
ENDPOINTS = (0x01, 0x81, 0x82, 0x86)


class Unit:
    """A USB2000+ or Flame at the level of USB transfers (OOI protocol)."""

    def __init__(self, serial: str, *, firmware_major: int = 1) -> None:
        self.slots = {0: serial, 1: "680.0", 2: "0.0125", 3: "-1e-7", 4: "0", 14: "0", 6: "1"}
        self.firmware = firmware_major << 12
        self.exposure_us = 0
        self.level = 1000
        self.gone = self.silent = self.in_use = False
        self.answers: list[bytes] = []
        self.resets = 0

    def write(self, data: bytes) -> None:
        match data[0]:
            case 0x02:
                (self.exposure_us,) = struct.unpack("<I", data[1:])
            case 0x05:
                text = self.slots.get(data[1], "").encode()
                self.answers.append((bytes([5, data[1]]) + text).ljust(17, b"\0"))
            case 0x09:
                self.level += 1
                self.answers.append(struct.pack("<H", self.level) * PIXELS + b"\x69")
            case 0x6B:
                self.answers.append(struct.pack("<BH", data[1], self.firmware))
            case 0xFE:
                self.answers.append(bytes(14) + b"\x80\x00")

    def read(self, size: int) -> bytes:
        if self.gone:
            raise usb.core.USBError("No such device", errno=19)
        if self.silent or not self.answers:
            raise usb.core.USBTimeoutError("Operation timed out", errno=110)
        return self.answers.pop(0)[:size]


class Bus(usb.backend.IBackend):
    """A pyusb backend whose devices are `units`."""

    def __init__(self) -> None:
        self.units: list[Unit] = []

    def enumerate_devices(self):
        return iter(self.units)

    def get_device_descriptor(self, dev):
        return SimpleNamespace(
            bLength=18,
            bDescriptorType=1,
            bcdUSB=0x200,
            bDeviceClass=0,
            bDeviceSubClass=0,
            bDeviceProtocol=0,
            bMaxPacketSize0=64,
            idVendor=0x2457,
            idProduct=0x101E,
            bcdDevice=2,
            iManufacturer=0,
            iProduct=0,
            iSerialNumber=0,
            bNumConfigurations=1,
            bus=1,
            address=1 + self.units.index(dev),
            port_number=None,
            port_numbers=None,
            speed=None,
        )

    def get_configuration_descriptor(self, dev, config):
        return SimpleNamespace(
            bLength=9,
            bDescriptorType=2,
            wTotalLength=0,
            bNumInterfaces=1,
            bConfigurationValue=1,
            iConfiguration=0,
            bmAttributes=0,
            bMaxPower=50,
            extra_descriptors=None,
        )

    def get_interface_descriptor(self, dev, intf, alt, config):
        if intf or alt:
            raise IndexError
        return SimpleNamespace(
            bLength=9,
            bDescriptorType=4,
            bInterfaceNumber=0,
            bAlternateSetting=0,
            bNumEndpoints=len(ENDPOINTS),
            bInterfaceClass=255,
            bInterfaceSubClass=0,
            bInterfaceProtocol=0,
            iInterface=0,
            extra_descriptors=None,
        )

    def get_endpoint_descriptor(self, dev, ep, intf, alt, config):
        return SimpleNamespace(
            bLength=7,
            bDescriptorType=5,
            bEndpointAddress=ENDPOINTS[ep],
            bmAttributes=2,
            wMaxPacketSize=512,
            bInterval=0,
            bRefresh=0,
            bSynchAddress=0,
            extra_descriptors=None,
        )

    def open_device(self, dev):
        return dev

    def close_device(self, dev_handle):
        pass

    def set_configuration(self, dev_handle, config_value):
        if dev_handle.in_use:
            raise usb.core.USBError("Resource busy", errno=16)

    def get_configuration(self, dev_handle):
        return 1

    def claim_interface(self, dev_handle, intf):
        pass

    def release_interface(self, dev_handle, intf):
        pass

    def is_kernel_driver_active(self, dev_handle, intf):
        return False

    def reset_device(self, dev_handle):
        dev_handle.resets += 1

    def bulk_write(self, dev_handle, ep, intf, data, timeout):
        dev_handle.write(bytes(data))
        return len(data)

    def bulk_read(self, dev_handle, ep, intf, buff, timeout):
        answer = dev_handle.read(len(buff))
        buff[: len(answer)] = array("B", answer)
        return len(answer)


@pytest.fixture
def bus(monkeypatch) -> Bus:
    from seabreeze.pyseabreeze import transport

    bus = Bus()
    module = ModuleType("usb.backend.madeup")
    module.get_backend = lambda: bus
    monkeypatch.setitem(sys.modules, "usb.backend.madeup", module)
    monkeypatch.setattr(transport, "_pyusb_backend_instances", {})
    return bus


@pytest.fixture
def usb_driver(bus):
    drivers: list[Ocean] = []

    def make(model: str = "USB2000+", **settings) -> Ocean:
        drivers.append(Ocean(model, usb_backend="madeup", **settings))
        return drivers[-1]

    yield make
    for driver in drivers:
        driver.close()


def test_spectrum_axis_and_identity(bus, usb_driver):
    bus.units = [Unit("USB2+H12345")]
    driver = usb_driver(serial="USB2+H12345")
    identity = driver.connect()
    assert (identity.model, identity.serial) == ("USB2000PLUS", "USB2+H12345")
    spectrum = driver.acquire(0.05, 2)
    assert bus.units[0].exposure_us == 50_000
    assert spectrum.counts[0] == 1002.5  # the first was discarded
    index = np.arange(PIXELS)
    assert np.allclose(spectrum.wavelength_nm, 680 + 0.0125 * index - 1e-7 * index**2, atol=1e-6)


def test_the_named_serial_number_is_opened_among_several(bus, usb_driver):
    bus.units = [Unit("USB2+H1"), Unit("USB2+H2")]
    driver = usb_driver(serial="USB2+H2")
    assert driver.connect().serial == "USB2+H2"
    driver.acquire(0.05, 1)
    assert bus.units[0].level == 1000


def test_models_with_one_product_id_are_told_apart(bus, usb_driver):
    bus.units = [Unit("FLMS01", firmware_major=3), Unit("USB2+H2")]
    assert usb_driver("Flame-S").connect().serial == "FLMS01"
    assert usb_driver("USB2000+").connect().serial == "USB2+H2"


@pytest.mark.parametrize(
    ("units", "serial", "error", "what"),
    [
        ([], None, LinkDown, "is not attached; check its cable"),
        (["A"], "B", IdentityError, "found instead: USB2000PLUS A"),
        (["A", "B"], None, ConfigurationError, "several are attached"),
    ],
)
def test_what_is_not_there_is_said(bus, usb_driver, units, serial, error, what):
    bus.units = [Unit(name) for name in units]
    with pytest.raises(error, match=what):
        usb_driver(serial=serial).connect()


def test_device_in_use_elsewhere_is_said(bus, usb_driver):
    bus.units = [Unit("A")]
    bus.units[0].in_use = True
    with pytest.raises(LinkDown, match="in use by another program"):
        usb_driver().connect()


@pytest.mark.parametrize(
    ("attribute", "error", "what"),
    [("gone", LinkDown, "No such device"), ("silent", ReplyTimeout, "did not answer in time")],
)
def test_lost_device_is_noticed_and_opened_again(bus, usb_driver, attribute, error, what):
    bus.units = [unit := Unit("A")]
    driver = usb_driver()
    driver.acquire(0.05, 1)
    setattr(unit, attribute, True)
    with pytest.raises(error, match=what):
        driver.acquire(0.05, 1)
    setattr(unit, attribute, False)
    unit.answers.clear()
    assert driver.acquire(0.05, 1).counts.size == PIXELS
