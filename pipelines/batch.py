"""From a manifest of jobs to picture files and a report.

Each worker is a process that loads the renderer once and takes one job at a time. A job that fails, even one that
takes its whole process down, is reported and the rest goes on. Every file is written in one move, and a picture
carries the recipe it was made with, so that a stopped batch can be resumed by looking at its output alone.
"""

from __future__ import annotations

import contextlib
import csv
import io
import multiprocessing.connection
import signal
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pipelines import images, renderers
from pipelines.errors import BadInput
from pipelines.jobs import Job, request_of
from pipelines.renderers import Load, Renderer
from pipelines.schema import RenderResult
from pipelines.workers import Worker, one_line

#: Pictures that `save_steps` writes beside each render, by task.
STEP_NAMES = {"tryon": ("mask", "pose", "parsing", "hint"), "room": ("mask", "grid", "hint"), "edit": ("mask", "hint")}
REPORT_NAME = "report.csv"

#: "ok": rendered now; "kept": the picture was already there with this recipe; "stopped": not done, by Ctrl-C.
Status = Literal["ok", "kept", "failed", "stopped"]


@dataclass(frozen=True)
class Outcome:
    """What became of a job.

    Attributes:
        seconds: wall time in the worker, models already loaded.
        error: why it failed, on one line; "" if it did not.
        warnings: what the person should know about a picture that was made.
    """

    id: str
    status: Status
    seconds: float = 0.0
    error: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class BatchSettings:
    """How to run a batch.

    Attributes:
        renderer: a name in `pipelines.renderers.RENDERERS`.
        workers: processes, each with its own models.
        resume: keep pictures that are there with the recipe they would get now.
        save_steps: write the intermediate pictures and the recipe of each job beside its picture.
    """

    renderer: str = "compact"
    workers: int = 1
    resume: bool = False
    save_steps: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.workers <= 64:
            raise BadInput("--workers", str(self.workers), "1 to 64", "One per two cores is a good start.")


# --- one job ------------------------------------------------------------------------------------------------


def output_names(job: Job, save_steps: bool) -> list[str]:
    """The files of a job, the picture itself last: once it is there, the others are."""
    steps = [f"{job.id}_{name}.png" for name in STEP_NAMES.get(job.task, ())] + [f"{job.id}_recipe.json"]
    return [*(steps if save_steps else ()), f"{job.id}.png"]


def save_result(result: RenderResult, picture: Path, steps: Path | None, prefix: str = "") -> None:
    """Write a render, and its intermediate pictures into `steps` as `{prefix}mask.png` and so on."""
    if steps is not None:
        for name, image in result.steps.items():
            images.save_png(steps / f"{prefix}{name}.png", image)
        images.save_png(steps / f"{prefix}mask.png", result.mask)
        images.save_bytes(steps / f"{prefix}recipe.json", (images.dump_recipe(result.recipe) + "\n").encode())
    images.save_png(picture, result.image, result.recipe)


def make_folder(folder: Path) -> None:
    """Make an output folder before the work begins; BadInput if that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput("output", f"{folder} ({error.strerror})", "a folder", "Choose another place.") from error


def is_made(out: Path, job: Job, recipe: Mapping[str, Any], save_steps: bool) -> bool:
    """Whether all files of a job are there and the picture says that it was made with this recipe."""
    names = output_names(job, save_steps)
    if not all((out / name).is_file() for name in names):
        return False
    try:
        made = images.read_recipe(out / names[-1]) or {}
    except BadInput:  # cut off or replaced by something else: to be made again
        return False
    # Through JSON, because that is what the picture holds; the picture may say more (the category that was found).
    wanted = images.load_recipe(images.dump_recipe(recipe))
    return all(key in made and made[key] == value for key, value in wanted.items())


def run_job(job: Job, out: Path, settings: BatchSettings, renderer: Renderer) -> Outcome:
    """Do one job; whatever is wrong with it becomes its outcome."""
    start = time.perf_counter()
    status: Status = "ok"
    warnings: tuple[str, ...] = ()
    error = ""
    try:
        request = request_of(job, settings.renderer)
        if settings.resume and is_made(out, job, renderer.recipe(request), settings.save_steps):
            status = "kept"
        else:
            result = renderer.render(request)
            warnings = result.warnings
            save_result(result, out / f"{job.id}.png", out if settings.save_steps else None, f"{job.id}_")
    except Exception as wrong:  # not only our own: a bug or a full memory in one job must not take the others along
        status, error = "failed", one_line(wrong)
    return Outcome(job.id, status, time.perf_counter() - start, error, warnings)


# --- the workers --------------------------------------------------------------------------------------------


def _work(pipe: multiprocessing.connection.Connection, out: Path, settings: BatchSettings, load: Load) -> None:
    """Body of a worker process: jobs in, outcomes out, until there are no more or the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    loaded: dict[str, Renderer | str] = {}
    with contextlib.suppress(EOFError, OSError):
        while True:
            job: Job = pipe.recv()
            if job.task not in loaded:
                loaded[job.task] = _loaded(load, settings.renderer, job.task)
            match loaded[job.task]:
                case str(why):
                    pipe.send(Outcome(job.id, "failed", 0.0, why))
                case renderer:
                    pipe.send(run_job(job, out, settings, renderer))


def _loaded(load: Load, renderer: str, task: str) -> Renderer | str:
    """What renders a task, or why it cannot be had: said with each job rather than tried again for each."""
    try:
        return load(renderer, task)
    except Exception as error:
        return one_line(error)


class _Worker(Worker):
    """A process that renders, and the job it has."""

    def __init__(self, out: Path, settings: BatchSettings, load: Load) -> None:
        super().__init__(_work, out, settings, load)
        self.job: Job | None = None

    def give(self, job: Job) -> None:
        self.job = job
        self.send(job)


def run(
    jobs: Sequence[Job],
    out: Path,
    settings: BatchSettings,
    *,
    on_outcome: Callable[[Outcome], None] = lambda _: None,
    load: Load = renderers.load,
) -> list[Outcome]:
    """Do all jobs and write `report.csv`.

    Args:
        out: folder, made if it is not there.
        on_outcome: called after each job, in the order in which they end.
        load: makes the renderer of a task in each worker; a function of a module, since it travels to another process.

    Returns:
        One outcome per job in the order of `jobs`, whatever the order they ended in.

    Raises:
        KeyboardInterrupt: Ctrl-C; the workers are stopped, finished pictures stay, the report says what is missing.
        BadInput: `out` cannot be written, or two jobs would write the same file.
    """
    _check_outputs(jobs, settings.save_steps)
    make_folder(out)
    _remove_parts(out)
    outcomes: dict[str, Outcome] = {}
    try:
        with contextlib.closing(_outcomes(jobs, out, settings, load)) as finished:
            for outcome in finished:
                outcomes[outcome.id] = outcome
                on_outcome(outcome)
    finally:
        _remove_parts(out)
        ordered = [outcomes.get(job.id, Outcome(job.id, "stopped", 0.0, "stopped before it was done")) for job in jobs]
        write_report(out / REPORT_NAME, ordered)
    return ordered


def _outcomes(jobs: Sequence[Job], out: Path, settings: BatchSettings, load: Load) -> Generator[Outcome]:
    """Hand out the jobs and yield outcomes as they come; a worker that died is replaced."""
    waiting = list(reversed(jobs))
    busy: list[_Worker] = []
    try:
        while waiting or busy:
            while waiting and len(busy) < settings.workers:
                busy.append(_Worker(out, settings, load))
                busy[-1].give(waiting.pop())
            ready = multiprocessing.connection.wait([worker.pipe for worker in busy])
            for worker in [worker for worker in busy if worker.pipe in ready]:
                job, outcome = worker.job, worker.receive()
                assert job is not None
                if outcome is None or not waiting:
                    worker.stop()
                    busy.remove(worker)
                else:
                    worker.give(waiting.pop())
                yield outcome or Outcome(job.id, "failed", 0.0, worker.how_it_died())
    finally:
        for worker in busy:
            worker.stop()


def _check_outputs(jobs: Sequence[Job], save_steps: bool) -> None:
    """No job may write over another's file: with steps, a job "a_mask" would write the mask of a job "a"."""
    owner: dict[str, Job] = {}
    for job in jobs:
        for name in output_names(job, save_steps):
            other = owner.setdefault(name.casefold(), job)
            if other is not job:
                got = f"{other.id!r} and {job.id!r}, which both write {name}"
                raise BadInput(f"ids in lines {other.line} and {job.line}", got, "different files", "Rename one.")


def _remove_parts(out: Path) -> None:
    """Sweep up what a killed process left behind half-written."""
    for part in out.glob(f".*{images.PART_SUFFIX}"):
        part.unlink(missing_ok=True)


def write_report(path: Path, outcomes: Iterable[Outcome]) -> None:
    """Write id, status, seconds and error of each job as CSV, in one move."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("id", "status", "seconds", "error"))
    for outcome in outcomes:
        writer.writerow((outcome.id, outcome.status, f"{outcome.seconds:.3f}", outcome.error))
    images.save_bytes(path, text.getvalue().encode())
