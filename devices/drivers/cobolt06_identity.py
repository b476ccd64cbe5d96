"""Who answers at the address of a Cobolt 06 laser."""

from dac_control.errors import IdentityError, InstrumentError, ProtocolError
from devices.drivers.cobolt06_ascii import wavelength_of
from devices.drivers.cobolt06_line import CoboltLine
from devices.drivers.roles import Identity

__all__ = ["identify"]

WAVELENGTH_TOLERANCE_NM = 5.0
"""A model number gives the nominal wavelength, a diode is off by up to this (data sheets, MLD)."""


def identify(line: CoboltLine, wavelength_nm: float, expected_serial: str | None) -> Identity:
    """Ask who is there, and tell `line`, so that another laser in its place is noticed.

    Parameters
    ----------
    line : CoboltLine
        An open line.
    wavelength_nm : float
        What the station file says.
    expected_serial : str or None
        Serial number that has to answer; any where it is None.

    Raises
    ------
    IdentityError
        If it is another laser than the station file names, or no Cobolt 06.
    """
    try:
        model = line.ask("glm?", "text")
        found_nm = wavelength_of(model)
    except (InstrumentError, ProtocolError) as error:
        raise IdentityError(
            f"What answers at {line.address} is no Cobolt 06 laser: {error} Correct the "
            "address or the driver in the station file."
        ) from error
    serial = line.ask("gsn?", "text")
    firmware = line.ask("gfv?", "text")
    if abs(found_nm - wavelength_nm) > WAVELENGTH_TOLERANCE_NM:
        raise IdentityError(
            f"The laser at {line.address} is a {model}, {found_nm:g} nm; the station file says "
            f"{wavelength_nm:g} nm. Correct one or the other: doses are counted by wavelength."
        )
    if expected_serial not in (None, serial):
        raise IdentityError(
            f"The laser at {line.address} has the serial number {serial}; the station file names "
            f"{expected_serial}. Correct one or the other."
        )
    line.remember(model=model, serial=serial)
    return Identity(vendor="Cobolt", model=model, serial=serial, firmware=firmware)
