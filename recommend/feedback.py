"""What one person thought of items, and how that moves a ranking at once, without training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommend.errors import BadInput

Floats = NDArray[np.float32]

#: What can happen between a person and an item → how much an item like it gains: 0 = nothing, as it loses.
EVENTS: Final = {"like": 1.0, "buy": 1.0, "try": 0.5, "dislike": 0.0}
#: Chance that an item always keeps, however unlike what was liked or however like what was disliked: a few thumbs say
#: little of everything else.
FLOOR: Final = 0.3


@dataclass(frozen=True)
class Feedback:
    """The events of one person, oldest first. It names items, never the person.

    A value: what changes it gives another one, so the one before is always there to go back to.

    Attributes:
        events: pairs of an event of `EVENTS` and an item's id.
    """

    events: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        for event, _ in self.events:
            if event not in EVENTS:
                raise BadInput("event", repr(event), ", ".join(EVENTS), "Choose one of these.")

    def add(self, event: str, item_id: str) -> Feedback:
        """The same with one more event; raises BadInput if there is no such event."""
        return Feedback((*self.events, (event, item_id)))

    def undo(self) -> Feedback:
        """The same without the last event; raises BadInput if there is none."""
        if not self.events:
            raise BadInput("undo", "no feedback yet", "at least one event", "Like, dislike or try on an item first.")
        return Feedback(self.events[:-1])

    def clear(self) -> Feedback:
        """Nothing."""
        return Feedback()

    @property
    def opinions(self) -> dict[str, str]:
        """Item → the event that counts, oldest of these first: its last, but trying on takes nothing back."""
        counts: dict[str, str] = {}
        for event, item_id in self.events:
            if event != "try" or item_id not in counts:
                counts.pop(item_id, None)
                counts[item_id] = event
        return counts

    @property
    def liked(self) -> tuple[str, ...]:
        """Items that speak for others like them: liked, bought or tried on, and not disliked."""
        return tuple(item_id for item_id, event in self.opinions.items() if event != "dislike")

    @property
    def disliked(self) -> tuple[str, ...]:
        """Items that speak against others like them."""
        return tuple(item_id for item_id, event in self.opinions.items() if event == "dislike")


def feedback_chances(alike: Floats, events: Sequence[str]) -> Floats:
    """How far a person's opinions of M items raise or lower each of N items: a product of two experts.

    The nearest opinion counts, not their mean: who likes boots and dresses wants no mixture of both.

    Args:
        alike: (N, M), the chance that two items belong together.
        events: M events of `EVENTS`.

    Returns:
        (N,), in (0, 1]; all 1 without opinions.
    """
    gains = np.array([EVENTS[event] for event in events], np.float32)
    liked = gains > 0
    chances = np.ones(len(alike), np.float32)
    if liked.any():
        chances *= FLOOR + (1 - FLOOR) * (alike[:, liked] * gains[liked]).max(1)
    if not liked.all():
        chances *= 1 - (1 - FLOOR) * alike[:, ~liked].max(1)
    return np.asarray(chances, np.float32)
