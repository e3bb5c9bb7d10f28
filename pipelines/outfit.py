"""Several garments of one request, put on one after the other. Whatever renders one garment renders them all.

Trousers, skirts and dresses come first and tops after them, so that a top's hem lies over. Of two garments of one kind
the request's own comes last: the jacket over the shirt that it is put on with.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from pipelines.schema import (
    WEAR_CATEGORIES,
    Category,
    Image,
    OnProgress,
    Piece,
    Progress,
    RenderResult,
    TryOnRequest,
    WearStyle,
)

#: Finds out what a garment is.
CategoryOf = Callable[[Piece], Category]
#: Renders a request for a single garment.
RenderOne = Callable[[TryOnRequest, OnProgress], RenderResult]

#: What the recipe of an outfit says of each of its garments, as far as the recipe of that one render does.
SAID = ("garment", "category", "category_used", "sleeve", "wear", "garment_width")


def put_on(
    request: TryOnRequest, category_of: CategoryOf, render: RenderOne, recipe: Mapping[str, Any],
    on_progress: OnProgress | None = None,
) -> RenderResult:  # fmt: skip
    """Render all garments of a request, each on the picture that the one before it gave.

    Args:
        request: what to render; its mask is for its own garment only, the others find theirs.
        category_of, render: of the renderer that does it.
        recipe: of the whole request; what was found out is added, with the garments in their order.
        on_progress: told of the whole, from 0 to 1.

    Raises:
        BadInput: nobody is in the photo, one of them is no garment, or is to be worn as it cannot be.
    """
    report = on_progress or (lambda _: None)
    singles = in_order(request, category_of)
    results: list[RenderResult] = []
    person = request.person
    for place, single in enumerate(singles):
        results.append(render(dataclasses.replace(single, person=person), _part(report, place, len(singles))))
        person = results[-1].image
    own = results[next(i for i, single in enumerate(singles) if single.garment is request.garment)]
    found = {key: value for key, value in own.recipe.items() if key not in recipe}
    garments = [{key: result.recipe[key] for key in SAID if key in result.recipe} for result in results]
    return RenderResult(
        image=person,
        mask=np.maximum.reduce([result.mask for result in results]),
        steps=_steps(results),
        recipe={**recipe, **found, "put_on": garments},
        warnings=tuple(dict.fromkeys(warning for result in results for warning in result.warnings)),
    )


def in_order(request: TryOnRequest, category_of: CategoryOf) -> list[TryOnRequest]:
    """A request for each garment, from the first that is put on to the last, all with the bare photo."""
    own = Piece(request.garment, request.category, None, request.garment_width)
    known = [(piece, category_of(piece)) for piece in (*request.others, own)]
    known.sort(key=lambda one: one[1] == "upper")  # what is alike keeps its order
    pieces, categories = [piece for piece, _ in known], [category for _, category in known]
    return [
        dataclasses.replace(
            request,
            garment=piece.garment,
            category=category,
            garment_width=piece.garment_width,
            mask=request.mask if piece is own else None,
            wear=wear,
            others=(),
            title=request.title if piece is own else "",
        )
        for piece, category, wear in zip(pieces, categories, styles(request.wear, pieces, categories), strict=True)
    ]


def styles(wish: WearStyle, pieces: Sequence[Piece], categories: Sequence[Category]) -> list[WearStyle]:
    """How each garment is worn, in the order in which they are put on.

    A wish is for those that have none of their own and can fulfil it: of several tops the first is tucked in, and the
    last hangs open.

    Raises:
        BadInput: nothing that is put on can fulfil it.
    """
    sharing = [place for place, piece in enumerate(pieces) if piece.wear is None]
    for name in wish.wished():
        if not any(categories[place] in WEAR_CATEGORIES[name] for place in sharing):
            wish.check_for(categories[sharing[-1]])
    tops = [place for place in sharing if categories[place] == "upper"]
    out = []
    for place, (piece, category) in enumerate(zip(pieces, categories, strict=True)):
        wear = wish.only_for(category) if piece.wear is None else piece.wear
        if place in tops[1:]:
            wear = dataclasses.replace(wear, tuck="auto")
        if place in tops[:-1]:
            wear = dataclasses.replace(wear, layer="auto")
        out.append(wear)
    return out


def _part(report: OnProgress, place: int, count: int) -> OnProgress:
    """Reports of one render as those of its share of the whole."""
    return lambda now: report(
        Progress((place + now.fraction) / count, f"{now.stage} ({place + 1} of {count})", now.preview)
    )


def _steps(results: Sequence[RenderResult]) -> dict[str, Image]:
    """The steps of all renders: masks and hints laid over each other, else the last one's."""
    steps = dict(results[-1].steps)
    for name in {"mask", "hint"} & set(steps):
        whole = results[0].steps[name]
        for result in results[1:]:
            there = result.steps[name].any(-1, keepdims=True)
            whole = np.where(there, result.steps[name], whole)
        steps[name] = whole
    return steps
