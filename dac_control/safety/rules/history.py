"""What readings were: enough of the past for rates and changes, in bounded memory. Pure."""

import math
from collections import deque
from collections.abc import Iterable, Mapping

from dac_control.safety.rules.expression import Leaf
from dac_control.safety.rules.readings import Reading, Sample

__all__ = ["SAMPLES_KEPT", "History"]

SAMPLES_KEPT = 64
"""Of one window; more do not make a slope better in a way that an alarm needs."""
# Part of its window that samples must span before a rate is one.
_SPAN = 0.5


class _Past:
    """Samples of one reading."""

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._kept: deque[Sample] = deque()
        self.last: Sample | None = None
        self.before: Sample | None = None

    def take(self, sample: Sample) -> None:
        if self.last is not None and sample.time_s <= self.last.time_s:
            return
        self.before, self.last = self.last, sample
        if not self._window_s:
            return
        spacing_s = self._window_s / SAMPLES_KEPT
        if not self._kept or sample.time_s - self._kept[-1].time_s >= spacing_s:
            self._kept.append(sample)
        while sample.time_s - self._kept[0].time_s > self._window_s:
            self._kept.popleft()

    def rate(self, window_s: float, now_s: float) -> float:
        """Least-squares slope per minute; NaN without samples over half of the window."""
        samples = [each for each in self._kept if now_s - each.time_s <= window_s]
        if self.last is not None and samples and samples[-1] is not self.last:
            # in place of the last one: samples much closer than the others make wild slopes
            samples[-1] = self.last
        if len(samples) < 2 or samples[-1].time_s - samples[0].time_s < _SPAN * window_s:
            return math.nan
        middle_s = sum(each.time_s for each in samples) / len(samples)
        mean = sum(each.value for each in samples) / len(samples)
        spread = sum((each.time_s - middle_s) ** 2 for each in samples)
        slope = sum((each.time_s - middle_s) * (each.value - mean) for each in samples)
        return 60.0 * slope / spread


class History:
    """The past of every reading that some rules need.

    Parameters
    ----------
    needed : iterable of Leaf
        What the rules ask for.
    known : mapping of str to Reading
        What each can plausibly be.
    """

    def __init__(self, needed: Iterable[Leaf], known: Mapping[str, Reading]) -> None:
        windows: dict[str, float] = {}
        for leaf in needed:
            windows[leaf.reading] = max(windows.get(leaf.reading, 0.0), leaf.window_s)
        self._known = known
        self._pasts = {name: _Past(window_s) for name, window_s in windows.items()}
        self._seen: dict[str, Sample] = {}
        self._ever: set[str] = set()

    def take(self, readings: Mapping[str, Sample]) -> None:
        """Take in the newest samples; those without a plausible value are seen, not kept."""
        for name, past in self._pasts.items():
            sample = readings.get(name)
            if sample is None or not math.isfinite(sample.time_s):
                self._seen.pop(name, None)
                continue
            self._seen[name] = sample
            self._ever.add(name)
            if self._known[name].plausible(sample.value):
                past.take(sample)

    def fault(self, name: str, now_s: float, stale_s: float) -> str:
        """Say what is wrong with a reading; empty if it can be used."""
        known, sample = self._known[name], self._seen.get(name)
        if sample is None:
            return "has no value"
        if math.isnan(sample.value):
            return "was not measured"
        if not known.plausible(sample.value):
            return f"reads {sample.value:g} {known.unit}, which cannot be"
        if now_s - sample.time_s > stale_s:
            return f"is {now_s - sample.time_s:.0f} s old"
        return ""

    def look(self, leaf: Leaf, now_s: float) -> float:
        """Value of a leaf; NaN where it has none. Whether it is stale is for `fault` to say."""
        past, seen = self._pasts[leaf.reading], self._seen.get(leaf.reading)
        if leaf.kind == "age":
            return math.inf if past.last is None else max(0.0, now_s - past.last.time_s)
        usable = seen is not None and self._known[leaf.reading].plausible(seen.value)
        if not usable or past.last is None:
            return math.nan
        if leaf.kind == "value":
            return past.last.value
        if leaf.kind == "rate":
            return past.rate(leaf.window_s, now_s)
        if past.before is None:
            return math.nan
        return past.before.value if leaf.kind == "previous" else past.last.value - past.before.value

    def was_read(self, name: str) -> bool:
        """True if there ever was a sample of it, plausible or not."""
        return name in self._ever

    def last_value(self, name: str) -> float:
        """Newest value of a reading, for a message; NaN if there is none."""
        sample = self._seen.get(name)
        return math.nan if sample is None else sample.value
