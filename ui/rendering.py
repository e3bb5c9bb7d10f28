"""From what is chosen on the page to a look: the work of one try-on, done in a thread. Knows nothing of the screen."""

from __future__ import annotations

import time
from typing import Any

from pipelines import images
from pipelines.renderers import Renderer
from pipelines.schema import Image, OnProgress, Progress, RenderResult, RenderSettings, TryOnRequest
from ui import pictures
from ui.history import Choices, Garment, Look, Person
from ui.tasks import Task, Turns, part

#: The share of the work that loading takes where it is not done yet, and the end of rendering proper.
_LOADED, _RENDERED = 0.3, 0.96


def request_of(person: Person, garment: Garment, choices: Choices) -> TryOnRequest:
    """What to render; raises BadInput where choices and photo do not fit together."""
    category = garment.category if choices.category == "auto" else choices.category
    return TryOnRequest(
        person=person.pixels,
        garment=garment.pixels,
        category=category,
        mask=choices.mask,
        settings=RenderSettings(seed=choices.seed, num_inference_steps=choices.steps, quality=choices.quality),
        # A wish stays while one tries on this and that; each garment does what it can.
        wear=choices.wear if category == "auto" else choices.wear.only_for(category),
        mask_grow=choices.mask_grow if choices.mask is None else 0.0,
        garment_width=garment.width,
        person_height=choices.person_height,
        others=tuple(one.piece() for one in choices.beside(garment)),
    )


def render_task(
    person: Person, garment: Garment, choices: Choices, loading: Task[Renderer], turns: Turns
) -> Task[Look]:
    """A task, not yet begun, that tries a garment on.

    Args:
        loading: the task that loads the renderer, shared by all who render, as are
        turns: whose turn it is.

    Raises:
        BadInput: choices and photo do not fit together.
    """
    request = request_of(person, garment, choices)

    def work(report: OnProgress) -> Look:
        start = time.perf_counter()
        loaded = 0.0 if loading.done else _LOADED
        renderer = loading.follow(part(report, 0.0, loaded))
        with turns.take(part(report, loaded, loaded)):
            result = renderer.render(request, part(report, loaded, _RENDERED))
        report(Progress(_RENDERED, "making the picture ready"))
        return look_of(person, garment, choices, result, start)

    return Task(work, "try-on")


def look_of(person: Person, garment: Garment, choices: Choices, result: RenderResult, start: float) -> Look:
    """A result in the forms that the page needs; `start` is when the work began, on the performance counter."""
    return Look(person, garment, choices, **forms_of(person.shown, result, start))


def forms_of(shown: Image, result: RenderResult, start: float) -> dict[str, Any]:
    """The fields of `Made`, for a photo as it is shown and what was rendered of it."""
    after = pictures.fit(result.image, pictures.SHOWN_SIDE)
    return {
        "png": images.png_bytes(result.image, result.recipe, quick=True),
        "mask_png": images.png_bytes(result.mask, quick=True),
        "before": pictures.jpeg(shown),
        "after": pictures.jpeg(after),
        "small": pictures.jpeg(pictures.fit(after, pictures.SMALL_SIDE)),
        "steps": {
            name: pictures.jpeg(pictures.fit(picture, pictures.PREVIEW_SIDE)) for name, picture in result.steps.items()
        },
        "recipe": result.recipe,
        "warnings": result.warnings,
        "seconds": time.perf_counter() - start,
    }
