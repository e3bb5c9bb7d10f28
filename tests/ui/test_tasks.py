"""Work in threads: progress, failure, cancelling, following another task, and taking turns."""

from __future__ import annotations

import io
import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PILImage

from pipelines.errors import RenderCancelled
from pipelines.schema import OnProgress, Progress
from ui.pictures import PREVIEW_SIDE
from ui.tasks import Task, Turns, part

LONG = 20.0


def test_a_task_gives_what_its_work_returns() -> None:
    task = Task(lambda report: 41 + 1, "answer").start()
    assert task.result() == 42
    assert task.done and task.error is None


def test_a_task_gives_what_its_work_raises() -> None:
    def work(report: OnProgress) -> None:
        raise ValueError("torn")

    task = Task(work, "torn").start()
    assert task.wait(LONG)
    assert isinstance(task.error, ValueError)
    with pytest.raises(ValueError, match="torn"):
        task.result()


@given(st.lists(st.floats(0, 1), max_size=20))
def test_progress_never_falls(fractions: list[float]) -> None:
    seen = []

    def work(report: OnProgress) -> None:
        for place, fraction in enumerate(fractions):
            report(Progress(fraction, f"stage {place}"))
            seen.append((task.fraction, task.stage))

    task = Task(work, "progress")
    task.start().result()
    assert [fraction for fraction, _ in seen] == [max(fractions[: n + 1]) for n in range(len(fractions))]
    assert [stage for _, stage in seen] == [f"stage {n}" for n in range(len(fractions))]


def test_the_latest_preview_stays_and_is_small() -> None:
    def work(report: OnProgress) -> None:
        report(Progress(0.1, "drawn", np.full((3000, 2000, 3), 90, np.uint8)))
        report(Progress(0.2, "not drawn"))

    task = Task(work, "preview")
    assert task.preview is None
    task.start().result()
    assert task.preview is not None
    picture = PILImage.open(io.BytesIO(task.preview))
    assert picture.format == "JPEG" and max(picture.size) == PREVIEW_SIDE


def test_a_cancelled_task_stops_at_its_next_report() -> None:
    began, go_on, after = threading.Event(), threading.Event(), []

    def work(report: OnProgress) -> None:
        began.set()
        go_on.wait(LONG)
        report(Progress(0.5, "half"))
        after.append("went on")

    task = Task(work, "cancelled").start()
    assert began.wait(LONG)
    task.cancel()
    go_on.set()
    assert task.wait(LONG)
    assert isinstance(task.error, RenderCancelled) and not after


def test_following_passes_progress_on_and_gives_the_result() -> None:
    go_on, reports = threading.Event(), []

    def slow(report: OnProgress) -> str:
        report(Progress(0.4, "loading"))
        go_on.wait(LONG)
        return "loaded"

    first = Task(slow, "first").start()

    def watch(progress: Progress) -> None:
        reports.append(progress)
        if progress.stage == "loading":
            go_on.set()

    assert first.follow(watch) == "loaded"
    assert reports[-1] == Progress(0.4, "loading")


def test_giving_up_on_a_followed_task_leaves_it_running() -> None:
    go_on = threading.Event()
    first = Task(lambda report: go_on.wait(LONG), "first").start()
    second = Task(first.follow, "second").start()
    second.cancel()
    assert second.wait(LONG) and isinstance(second.error, RenderCancelled)
    assert not first.done
    go_on.set()
    assert first.result()


def test_a_part_of_the_work_fills_its_share() -> None:
    seen: list[Progress] = []
    report = part(part(seen.append, 0.0, 0.5), 0.5, 1.0)
    for fraction in (0.0, 0.5, 1.0):
        report(Progress(fraction, "x"))
    assert [progress.fraction for progress in seen] == [0.25, 0.375, 0.5]


def _queue(turns: Turns, name: str, order: list[str], hold: threading.Event) -> Task[None]:
    def work(report: OnProgress) -> None:
        with turns.take(report):
            order.append(name)
            hold.wait(LONG)

    return Task(work, name).start()


def _until(condition: object, what: str) -> None:
    end = time.monotonic() + LONG
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, what
        time.sleep(0.01)


def test_turns_come_in_the_order_of_asking_one_at_a_time() -> None:
    turns, order, holds = Turns(), [], [threading.Event() for _ in range(3)]
    tasks = []
    for place, hold in enumerate(holds):
        tasks.append(_queue(turns, str(place), order, hold))
        stage = ("starting", "waiting for another render", "waiting for 2 other renders")[place]
        _until(lambda stage=stage: order == ["0"] and tasks[-1].stage == stage, f"{stage} was never said")
    for place, hold in enumerate(holds):
        _until(lambda place=place: len(order) == place + 1, "the next one never got its turn")
        assert [task.done for task in tasks] == [n < place for n in range(3)]
        hold.set()
        tasks[place].result()
    assert order == ["0", "1", "2"]


def test_whoever_gives_up_waiting_does_not_hold_up_the_others() -> None:
    turns, order, hold = Turns(), [], threading.Event()
    first = _queue(turns, "first", order, hold)
    _until(lambda: order == ["first"], "no turn")
    impatient = _queue(turns, "impatient", order, hold)
    _until(lambda: impatient.stage.startswith("waiting"), "not waiting")
    last = _queue(turns, "last", order, hold)
    impatient.cancel()
    assert impatient.wait(LONG) and isinstance(impatient.error, RenderCancelled)
    hold.set()
    first.result()
    last.result()
    assert order == ["first", "last"]


def test_a_turn_ends_when_the_work_breaks() -> None:
    turns = Turns()
    with pytest.raises(ValueError), turns.take(lambda _: None):
        raise ValueError("torn")
    with turns.take(lambda progress: pytest.fail(f"still {progress.stage}")):
        pass
