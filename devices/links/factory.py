"""An address to a link."""

from dac_control.errors import ConfigurationError
from devices.links.base import LinkSettings
from devices.links.exchange import LineLink
from devices.links.serial_port import SerialChannel, SerialSettings
from devices.links.visa import VisaChannel

__all__ = ["open_link"]

VISA_PREFIXES = ("TCPIP", "ASRL")


def open_link(
    address: str,
    *,
    settings: LinkSettings | None = None,
    serial: SerialSettings | None = None,
) -> LineLink:
    """Make the link for `address`; it is opened by `connect` of the driver, not here.

    Parameters
    ----------
    address : str
        A VISA resource name (``TCPIP0::host::port::SOCKET``, ``ASRL...::INSTR``), else what
        pyserial opens: a port name, ``socket://host:port`` or ``rfc2217://host:port``.
    settings : LinkSettings, optional
        Terminators, timeouts, pacing and limits; a driver module states its own.
    serial : SerialSettings, optional
        Line parameters, where `address` is a serial line.

    Raises
    ------
    ConfigurationError
        If `address` is empty or no address of either kind.
    """
    settings = settings or LinkSettings()
    serial = serial or SerialSettings()
    if not address.strip():
        raise ConfigurationError("The address of an instrument is empty in the station file.")
    if address.upper().startswith(VISA_PREFIXES):
        channel = VisaChannel(
            address, open_timeout_s=settings.open_timeout_s, baud_rate=serial.baudrate
        )
    else:
        channel = SerialChannel(address, serial)
    return LineLink(channel, settings)
