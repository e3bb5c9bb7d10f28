"""Taste: which items go to the same people, learnt from a history, as one more chance in a ranking.

A model is fitted on who liked what and on the items' content vectors, so that an item nobody had yet has a place, too.
It gives every item of its catalog a score for somebody who liked some of them. `taste_chances` turns scores into what
the retriever multiplies: all ones for somebody without history, so nothing changes for a stranger.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import scipy.linalg
import scipy.sparse
from numpy.typing import NDArray

from recommend.errors import BadInput
from recommend.features import Floats

#: Chance that an item keeps though nobody alike had it: the history is not all that counts.
FLOOR: Final = 0.2
#: How far items that nobody had yet may come up, against those of the history. By their scores they never would, as
#: these follow popularity; at 1 they come up as often as others do. docs/models/taste.md says what it costs and brings.
NEWCOMERS: Final = 0.7
#: Most items that `Ease` is fitted on. More are an error and are not cut to the most used: a cut would leave out what
#: nobody had yet, and the searches that the model is for may find any item.
EASE_ITEMS: Final = 20_000


class Taste(Protocol):
    """A fitted model.

    Attributes:
        item_ids: N items that it knows.
        seen: (N,), whether anybody in the history had the item.
    """

    @property
    def item_ids(self) -> tuple[str, ...]: ...

    @property
    def seen(self) -> NDArray[np.bool_]: ...

    def scores(self, liked: Sequence[str]) -> Floats:
        """How well each item suits somebody who liked these, (N,), in the model's own unit; higher is better.

        Raises:
            BadInput: an item that the model does not know.
        """


def taste_chances(taste: Taste, liked: Sequence[str]) -> Floats:
    """The scores as chances (N,) in (0, 1]; all 1 for somebody who liked nothing yet.

    Scores of different models have different units. Their distance from the mean in standard deviations, put through a
    logistic, has none. Items that nobody had are measured against each other, and so are the others.
    """
    if not liked:
        return np.ones(len(taste.item_ids), np.float32)
    scores = taste.scores(liked)
    distance = np.zeros(len(scores))
    for group, reach in ((taste.seen, 1.0), (~taste.seen, NEWCOMERS)):
        if group.any():
            own = scores[group].astype(np.float64)
            distance[group] = reach * (own - own.mean()) / max(own.std(), 1e-9)
    return np.asarray(FLOOR + (1 - FLOOR) / (1 + np.exp(-distance)), np.float32)


def places_of(item_ids: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Where the wanted items stand; raises BadInput for one that is not there."""
    places = {item_id: place for place, item_id in enumerate(item_ids)}
    for item_id in wanted:
        if item_id not in places:
            step = "Fit the model again, on this catalog."
            raise BadInput("item", repr(item_id), f"one of the {len(places)} items of the taste model", step)
    return [places[item_id] for item_id in wanted]


def interactions(baskets: Sequence[Sequence[str]], item_ids: Sequence[str]) -> scipy.sparse.csr_array:
    """Who liked what, float32 (U, N): 1 or nothing; raises BadInput for an unknown item."""
    columns = places_of(item_ids, [item_id for basket in baskets for item_id in dict.fromkeys(basket)])
    rows = np.repeat(np.arange(len(baskets)), [len(set(basket)) for basket in baskets])
    shape = (len(baskets), len(item_ids))
    return scipy.sparse.csr_array((np.ones(len(columns), np.float32), (rows, columns)), shape=shape)


def check_content(content: Floats, item_ids: Sequence[str]) -> None:
    """Raise BadInput unless there is one unit vector for each item."""
    if content.ndim != 2 or len(content) != len(item_ids):
        got, allowed = f"an array {content.shape}", f"({len(item_ids)}, D), a row for each item"
        raise BadInput("content", got, allowed, "Give the vectors of these items, in their order.")
    norms = np.linalg.norm(content, axis=1)
    if not np.allclose(norms, 1, atol=1e-3):
        got = f"norms from {norms.min():.3g} to {norms.max():.3g}"
        raise BadInput("content", got, "rows of norm 1", "Divide each row by its norm.")


@dataclass(frozen=True)
class EaseSettings:
    """Of `Ease`.

    Attributes:
        l2: strength of the ridge, above 0; about the number of users with an item at which its data are believed.
        content_weight: what content counts for beside the users, at least 0; 0 = interactions alone.
    """

    l2: float = 400.0
    content_weight: float = 50.0

    def __post_init__(self) -> None:
        if not 0 < self.l2 < float("inf"):
            raise BadInput("l2", repr(self.l2), "a number above 0", "Try 400.")
        if not 0 <= self.content_weight < float("inf"):
            raise BadInput("content_weight", repr(self.content_weight), "a number of at least 0", "Try 50.")


@dataclass(frozen=True, eq=False)
class Ease:
    """A linear model from items to items without a way from an item to itself; closed form.

    Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019. Content comes in as in the collective form
    of Jeunen, Van Balen and Goethals, "Closed-Form Models for Collaborative Filtering with Side-Information", RecSys
    2020: each dimension of the content is one more user, weighed, who had each item as far as the dimension says. So an
    item that nobody had is still reached from those of like content.

    Attributes:
        seen: see `Taste`.
        weights: float32 (N, N), from the item liked (row) to the item scored (column); the diagonal is 0.
    """

    item_ids: tuple[str, ...]
    seen: NDArray[np.bool_]
    weights: Floats

    @classmethod
    def fit(
        cls,
        baskets: Sequence[Sequence[str]],
        item_ids: Sequence[str],
        content: Floats,
        settings: EaseSettings | None = None,
    ) -> Ease:
        """The model of what the users liked.

        Time grows with the cube of the number of items, memory with the square.

        Args:
            baskets: for each user the items that speak for them.
            item_ids: N items, at most `EASE_ITEMS`.
            content: (N, D), unit norm.
            settings: None = the defaults.

        Raises:
            BadInput: too many items, an unknown one, or content that does not fit the items.
        """
        if len(item_ids) > EASE_ITEMS:
            step = "Fit a recommend.taste_vae.MultVae, or leave the history out."
            raise BadInput("items of EASE", f"{len(item_ids):,}", f"at most {EASE_ITEMS:,}", step)
        check_content(content, item_ids)
        settings = settings or EaseSettings()
        users = interactions(baskets, item_ids)
        gram = np.asarray((users.T @ users).todense(), np.float64)
        gram += settings.content_weight * (content.astype(np.float64) @ content.T)
        gram[np.diag_indices_from(gram)] += settings.l2
        inverse = scipy.linalg.inv(gram, assume_a="pos", overwrite_a=True)
        weights = inverse / -np.diag(inverse)
        np.fill_diagonal(weights, 0)
        return cls(tuple(item_ids), np.asarray(users.sum(0) > 0), np.asarray(weights, np.float32))

    def scores(self, liked: Sequence[str]) -> Floats:
        """See `Taste.scores`."""
        return np.asarray(self.weights[places_of(self.item_ids, liked)].sum(0), np.float32)
