"""What a person orders to go wrong in a rehearsal: ``ice@2h``, ``blow_out@30GPa``."""

import re

from dac_control.errors import ConfigurationError
from simulators.twin.schedule import FAULTS, Fault

__all__ = ["order_of"]

_ORDER = re.compile(r"(?P<kind>\w+)@(?P<at>\d+(?:\.\d+)?)(?P<unit>h|gpa)", re.IGNORECASE)


def order_of(text: str) -> Fault:
    """Read an order; its time counts from the beginning of the run.

    Raises
    ------
    ConfigurationError
        If it is none, or there is no such fault.
    """
    found = _ORDER.fullmatch(text.strip())
    if found is None or found["kind"] not in FAULTS:
        raise ConfigurationError(
            f"--fault {text!r} cannot be ordered; write what happens and when, such as "
            f"{FAULTS[0]}@30GPa or {FAULTS[-1]}@2h. The twin knows {', '.join(FAULTS)}."
        )
    at = float(found["at"])
    if found["unit"].lower() == "h":
        return Fault(kind=found["kind"], at_lab_s=3600.0 * at)
    return Fault(kind=found["kind"], at_gpa=at)
