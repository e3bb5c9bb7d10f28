"""The line before a full queue: whoever was told to come again has a turn, and nobody who comes later gets in before.

A turn belongs to an idempotency key and is held for a while; who does not come back loses it. Pure: the time comes in.
"""

from __future__ import annotations

import math

#: Seconds after which to come again: until there is likely a place, within these.
SOONEST, LATEST = 1, 30
#: How long a turn is held: so many times the seconds that were told, and some more.
HELD, HELD_MORE = 1.5, 5.0
#: How many turns are held; who comes when there are as many gets none.
MOST = 1000


class Line:
    """The turns, by key, in the order in which they were given."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def enter(self, key: str, free: int, idle: bool, pace: float, now: float) -> int:
        """Enter the queue, or be told when to come again.

        Args:
            key: whose turn it may be; "" = has none and gets none.
            free: places in the queue.
            idle: a worker has nothing to do: a place is not kept for others then.
            pace: seconds from one place that becomes free to the next. now: seconds, of a clock that never goes back.

        Returns:
            0: entered, and the turn is over. Else the seconds after which to come again; the turn is held for longer.
        """
        self._until = {one: until for one, until in self._until.items() if until > now}
        before = list(self._until).index(key) if key in self._until else len(self._until)
        if free > (0 if idle else before):
            self._until.pop(key, None)
            return 0
        seconds = seconds_until(before - free + 1, pace)
        if key and (key in self._until or len(self._until) < MOST):
            self._until[key] = now + HELD * seconds + HELD_MORE
        return seconds


def seconds_until(places: int, pace: float) -> int:
    """When so many places will have become free, in seconds that are worth telling."""
    return max(SOONEST, min(LATEST, math.ceil(places * pace)))
