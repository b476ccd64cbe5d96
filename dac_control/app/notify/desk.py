"""Who is told what, and when: rate limits, repetition, escalation. Pure: times in, tasks out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from dac_control.app.notify.notice import Level, Notice

__all__ = ["Addressee", "Delivery", "Desk", "Policy"]

# What lasts at one time, at most; a flood of keys must not grow the memory.
_MOST_OPEN = 200
_MOST_IN_DIGEST = 20


@dataclass(frozen=True, kw_only=True)
class Addressee:
    """A channel as the desk sees it."""

    name: str
    from_level: Level = "info"
    after_s: float = 0.0
    """0: told at once. Else: told of what is critical, once nobody acknowledged it for so long."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How often people are told."""

    gap_s: float = 60.0
    """Least time between two notices about the same; those between are replaced by the last."""
    burst: int = 10
    """Notices that a channel takes at once; what is critical is never held back."""
    refill_s: float = 60.0
    """Time in which it may take one more."""
    repeat_s: float = 1800.0
    """How often what lasts is told again, until it is over or acknowledged."""


@dataclass(frozen=True)
class Delivery:
    """A notice for a channel."""

    channel: str
    notice: Notice


@dataclass
class _Topic:
    """What was told about one thing."""

    notice: Notice
    since_s: float
    sent_s: float
    lasting: bool
    told: set[str] = field(default_factory=set)
    waiting: Notice | None = None
    acknowledged: bool = False


@dataclass
class _Bucket:
    """How much a channel may be told."""

    tokens: float
    filled_s: float
    held_back: list[str] = field(default_factory=list)
    held_count: int = 0

    def fill(self, now_s: float, policy: Policy) -> None:
        gained = max(0.0, now_s - self.filled_s) / policy.refill_s
        self.tokens, self.filled_s = min(float(policy.burst), self.tokens + gained), now_s


class Desk:
    """Decides about notices.

    Parameters
    ----------
    addressees : sequence of Addressee
        The channels.
    policy : Policy
        How often.
    """

    def __init__(self, addressees: Sequence[Addressee], policy: Policy | None = None) -> None:
        self._addressees = tuple(addressees)
        self._policy = policy or Policy()
        self._topics: dict[str, _Topic] = {}
        self._buckets = {each.name: _Bucket(float(self._policy.burst), 0.0) for each in addressees}

    def take(self, notice: Notice, now_s: float) -> list[Delivery]:
        """Take in a notice; return what is to be sent at once."""
        topic = self._topics.get(notice.about)
        if notice.state == "over":
            return self._over(notice, topic, now_s)
        if topic is None:
            topic = _Topic(notice, now_s, now_s, notice.state == "begins")
            self._topics[notice.about] = topic
            self._forget_some()
            return self._tell(topic, notice, now_s)
        worse = notice.level != topic.notice.level and notice.at_least(topic.notice.level)
        begins_anew = notice.state == "begins" and not topic.lasting
        topic.lasting = topic.lasting or notice.state == "begins"
        topic.notice = notice
        if worse or begins_anew:
            topic.acknowledged, topic.since_s = False, now_s
        if worse or now_s - topic.sent_s >= self._policy.gap_s:
            return self._tell(topic, notice, now_s)
        topic.waiting = notice
        return []

    def tick(self, now_s: float) -> list[Delivery]:
        """Return what has become due: what waited, what is repeated, what escalates."""
        found: list[Delivery] = []
        for about, topic in list(self._topics.items()):
            quiet_s = now_s - topic.sent_s
            if topic.waiting is not None and quiet_s >= self._policy.gap_s:
                found += self._tell(topic, topic.waiting, now_s)
            elif topic.lasting and not topic.acknowledged and quiet_s >= self._policy.repeat_s:
                minutes = (now_s - topic.since_s) / 60.0
                still = f"Still, after {minutes:.0f} min: {topic.notice.title}"
                found += self._tell(topic, replace(topic.notice, title=still), now_s)
            found += self._escalate(topic, now_s)
            if not topic.lasting and quiet_s >= self._policy.gap_s and self._is_done(topic):
                del self._topics[about]
        return found + self._digests(now_s)

    def acknowledge(self) -> list[str]:
        """Note that somebody knows: no repetition, no escalation of what there is now.

        Returns
        -------
        list of str
            Titles of what was acknowledged.
        """
        found = [t for t in self._topics.values() if not t.acknowledged]
        for topic in found:
            topic.acknowledged = True
        return [topic.notice.title for topic in found]

    def _over(self, notice: Notice, topic: _Topic | None, now_s: float) -> list[Delivery]:
        if topic is None or not topic.lasting:
            return []  # nobody was told that it began
        del self._topics[notice.about]
        level = topic.notice.level
        return self._send(replace(notice, level=level), topic.told, now_s)

    def _tell(self, topic: _Topic, notice: Notice, now_s: float) -> list[Delivery]:
        topic.sent_s, topic.waiting = now_s, None
        at_once = {
            each.name
            for each in self._addressees
            if each.after_s <= 0 and notice.at_least(each.from_level)
        }
        # who was told of an escalation is told what comes of it, too
        names = (at_once | topic.told) - {notice.not_to}
        topic.told |= names
        return self._send(notice, names, now_s)

    def _escalate(self, topic: _Topic, now_s: float) -> list[Delivery]:
        if topic.acknowledged or topic.notice.level != "critical":
            return []
        waited_s = now_s - topic.since_s
        names = {
            each.name
            for each in self._addressees
            if 0 < each.after_s <= waited_s and each.name not in topic.told | {topic.notice.not_to}
        }
        topic.told |= names
        title = f"Nobody acknowledged for {waited_s / 60:.0f} min: {topic.notice.title}"
        return self._send(replace(topic.notice, title=title), names, now_s)

    def _is_done(self, topic: _Topic) -> bool:
        if topic.acknowledged or topic.notice.level != "critical":
            return True
        later = {each.name for each in self._addressees if each.after_s > 0}
        return later <= topic.told | {topic.notice.not_to}

    def _send(self, notice: Notice, names: Iterable[str], now_s: float) -> list[Delivery]:
        found = []
        for name in sorted(names):
            bucket = self._buckets[name]
            bucket.fill(now_s, self._policy)
            if bucket.tokens >= 1 or notice.level == "critical":
                bucket.tokens = max(0.0, bucket.tokens - 1)
                found.append(Delivery(name, notice))
            else:
                bucket.held_count += 1
                if len(bucket.held_back) < _MOST_IN_DIGEST:
                    bucket.held_back.append(notice.title)
        return found

    def _digests(self, now_s: float) -> list[Delivery]:
        found = []
        for name, bucket in self._buckets.items():
            bucket.fill(now_s, self._policy)
            if not bucket.held_back or bucket.tokens < 1:
                continue
            bucket.tokens -= 1
            more = bucket.held_count - len(bucket.held_back)
            lines = bucket.held_back + ([f"and {more} more"] if more else [])
            title = f"{bucket.held_count} notices were held back"
            found.append(Delivery(name, Notice(title=title, body="\n".join(lines))))
            bucket.held_back, bucket.held_count = [], 0
        return found

    def _forget_some(self) -> None:
        while len(self._topics) > _MOST_OPEN:
            del self._topics[next(iter(self._topics))]
