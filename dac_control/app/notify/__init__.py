"""Telling people: mail, chat, push, and a sign of life. No bluesky, no ophyd.

`opening` makes all of it from a station file.
"""

from dac_control.app.notify.notice import Level, Notice
from dac_control.app.notify.notifier import Notifier

__all__ = ["Level", "Notice", "Notifier"]
