"""Results as JSON values, and as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from recommend.prices import show
from recommend.schema import Hit, RoomContext, SearchResult

if TYPE_CHECKING:
    from recommend.retriever import Retriever
    from recommend.stylist import Ensemble


def as_dict(result: SearchResult, retriever: Retriever) -> dict[str, Any]:
    """A search result as JSON values."""
    return {
        "understood": [{"key": c.key, "label": c.label, "strict": c.strict} for c in result.understanding.chips],
        "notes": list(result.notes),
        "matching": result.matching,
        "relaxations": [
            {"key": way.key, "label": way.label, "nearest": way.nearest, "count": way.count, "offer": way.offer}
            for way in result.relaxations
        ],
        "seconds": {stage: round(seconds, 4) for stage, seconds in result.seconds.items()},
        "hits": [hit_as_dict(hit, retriever) for hit in result.hits],
    }


def hit_as_dict(hit: Hit, retriever: Retriever) -> dict[str, Any]:
    """One hit as JSON values."""
    return {
        "id": hit.item.id,
        "title": hit.item.title,
        "category": hit.item.category,
        "colours": list(hit.item.colours),
        "price": hit.item.price,
        "currency": hit.item.currency,
        "image": str(retriever.picture(hit.item)),
        "score": round(hit.score, 4),
        "reason": hit.reason,
        "scores": dict(hit.scores),
        **({"size_cm": list(hit.item.size_cm)} if hit.item.size_cm else {}),
    }


def ensemble_as_dict(ensemble: Ensemble, retriever: Retriever) -> dict[str, Any]:
    """An outfit or a set for a room as JSON values."""
    return {
        "score": round(ensemble.score, 4),
        "price": round(ensemble.price, 2),
        "currency": ensemble.hits[0].item.currency,
        "reason": ensemble.reason,
        "hits": [hit_as_dict(hit, retriever) for hit in ensemble.hits],
    }


def room_as_dict(room: RoomContext) -> dict[str, Any]:
    """What was read from a room's photo, as JSON values."""
    return {
        "floor_colours": list(room.floor_colours),
        "rest_colours": list(room.rest_colours),
        "accents": list(room.accents),
        "brightness": room.brightness,
        "warmth": room.warmth,
        "free_width_cm": room.free_width_cm,
    }


def as_text(result: SearchResult) -> str:
    """A search result for people: how it was understood, then one line per hit."""
    chips = ", ".join(chip.label if chip.strict else f"preferably {chip.label}" for chip in result.understanding.chips)
    lines = [f"understood: {chips or 'anything'}  ({result.matching} items match)"]
    lines += [f"note: {note}" for note in result.notes]
    return "\n".join([*lines, *_hit_lines(result.hits)])


def ensemble_as_text(place: int, ensemble: Ensemble) -> str:
    """An outfit or a set for a room for people: why, then one line per item."""
    return "\n".join([f"{place}. {ensemble.score:.2f}  {ensemble.reason}", *_hit_lines(ensemble.hits)])


def _hit_lines(hits: Sequence[Hit]) -> list[str]:
    """One line per hit."""
    wide = max((len(hit.item.id) for hit in hits), default=0)
    return [
        f"{place:3d}  {hit.score:.2f}  {hit.item.id:<{wide}}  {show(hit.item.price, hit.item.currency):>8}"
        f"  {hit.item.title} — {hit.reason}"
        for place, hit in enumerate(hits, start=1)
    ]
