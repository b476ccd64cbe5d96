"""Tell people what the guardian would have told them, had it not been lost."""

import logging
import time

from dac_control.app.guardian.last_seen import LAST_PICTURE_NAME, pressure_in_words
from dac_control.app.guardian.watch import Reading
from dac_control.app.notify import Notice
from dac_control.app.notify.opening import heading_of, open_notifier
from dac_control.app.session import Session
from dac_control.app.worker.published import Published

__all__ = ["tell_instead_of_guardian"]

logger = logging.getLogger(__name__)


def tell_instead_of_guardian(session: Session, why: str) -> None:
    """Send one notice by every channel of the station; waits a while until it is sent."""
    station = session.station
    if station.notify is None:
        return
    notifier, problems = open_notifier(
        station.notify,
        heading=heading_of(station.station.name, simulated=station.station.simulated),
        state=station.storage.state,
    )
    for problem in problems:
        logger.warning("%s", problem)
    news = Published(session.instruments).news(time.time())
    readings = {name: Reading(value, taken_s) for name, (value, taken_s) in news.items()}
    pressure = pressure_in_words(readings, session.clock.now())
    notifier.post(
        Notice(
            title="The run ends in hold: its guardian is lost",
            body=f"{why[0].upper()}{why[1:]}.\n{pressure}".strip(),
            level="critical",
            picture=station.storage.state / LAST_PICTURE_NAME,
        )
    )
    notifier.close()
