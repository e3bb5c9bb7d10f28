"""What the HTTP API answers, as JSON; the OpenAPI document is made from these."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from pipelines.serving.desk import Render


class Problem(BaseModel):
    """Why something is refused or failed: what it is about, what was seen, what is allowed, and what to do now."""

    what: str = Field(examples=["person photo"])
    got: str = Field(examples=["an empty file (0 bytes)"])
    allowed: str = Field(examples=["a JPEG, PNG, WebP, HEIC, AVIF, TIFF, BMP or GIF picture"])
    next: str = Field(examples=["Save or download the picture again."])


class Failure(BaseModel):
    """Where and why a render broke or was stopped."""

    stage: str = Field(examples=["rendering"])
    why: str = Field(examples=["the worker process ended unexpectedly (exit code 3), 2 times"])


class Status(BaseModel):
    """A render and how far it is."""

    id: str = Field(description="Whoever knows it and the token can see the picture.")
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    task: str
    fraction: float = Field(ge=0, le=1, description="Begins anew if a worker dies and another one takes over.")
    stage: str = Field(description="What is being done, for people.")
    ahead: int | None = Field(description="How many are begun before it, while it waits.")
    previews: int = Field(description="How many previews there were; once it is more, …/preview shows another one.")
    attempts: int = Field(description="How often it was begun.")
    seconds: float | None = Field(description="How long it took, once done; loading excluded.")
    warnings: list[str] = Field(description="What a person should know of the picture.")
    steps: list[str] = Field(description="Names of the intermediate pictures, once done.")
    recipe: dict[str, Any] | None = Field(description="What the picture was made with, as inside its PNG.")
    problem: Problem | None = Field(description="Of one that failed: what in the request could not be used.")
    failure: Failure | None = Field(description="Of one that failed otherwise, or was cancelled.")


class Recipe(BaseModel):
    """What a picture would be made with; no pixels."""

    recipe: dict[str, Any]


class Limits(BaseModel):
    """What is taken."""

    max_bytes: int = Field(description="Of a request's body.")
    queue: int = Field(description="Renders that may wait.")
    seconds: float = Field(description="That one render may take.")
    keep_seconds: float = Field(description="That a result is kept.")


class Offer(BaseModel):
    """What renders here, and how much is waiting."""

    name: str
    about: str
    tasks: list[str]
    limits: Limits
    waiting: int


class Health(BaseModel):
    """That the server is there."""

    status: Literal["ok", "stopping"]


def status_of(render: Render, ahead: int | None) -> Status:
    """Where a render stands, as it is answered."""
    end, prefix = render.end, "steps/"
    finished = end is not None and end.state == "done"
    return Status(
        id=render.id,
        state=render.state,
        task=render.task,
        fraction=1.0 if finished else min(max(render.progress.fraction, 0.0), 1.0),
        stage=end.state if end else render.progress.stage,
        ahead=ahead,
        previews=render.previews,
        attempts=render.attempts,
        seconds=end.seconds if end and finished else None,
        warnings=list(end.warnings) if end else [],
        steps=[name.removeprefix(prefix) for name in end.pictures if name.startswith(prefix)] if end else [],
        recipe=dict(end.recipe) if end and end.recipe is not None else None,
        problem=Problem(**end.problem) if end and end.problem else None,
        failure=Failure(stage=end.stage, why=end.why) if end and end.why else None,
    )
