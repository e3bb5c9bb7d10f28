"""Errors of retrieval that say what went wrong, what was seen, what is allowed and what to do next.

Rendering has errors of the same shape in its own package; the two packages share no code, so app and command line catch
both.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class RecommendError(Exception):
    """Base of all errors that retrieval raises on purpose; app and command line catch this one."""


class BadInput(RecommendError):
    """The caller's input cannot be used.

    Attributes:
        what: the input that is wrong, in the user's words ("photo", "--max-price").
        got: what was seen.
        allowed: what would have been accepted.
        next_step: one thing the user can do now.
    """

    def __init__(self, what: str, got: str, allowed: str, next_step: str) -> None:
        self.what, self.got, self.allowed, self.next_step = what, got, allowed, next_step
        super().__init__(f"{what}: got {got}; allowed: {allowed}. {next_step}")


class MissingModel(RecommendError):
    """A file that an encoder needs is not where the caller said it would be.

    Attributes:
        file: the path that was looked for.
        command: the one command that gets it.
    """

    def __init__(self, file: Path, command: str) -> None:
        self.file, self.command = file, command
        super().__init__(f"model file {file} not found. Get it with: {command}")


class MissingPackage(RecommendError):
    """An option needs a package that is installed only where it is asked for.

    Attributes:
        package: the one that is missing.
        extra: the name under which the project's installation brings it.
    """

    def __init__(self, package: str, extra: str) -> None:
        self.package, self.extra = package, extra
        super().__init__(f"package {package} is not installed. Get it with: pip install -e '.[{extra}]'")


@contextmanager
def needed_for(extra: str, *packages: str) -> Iterator[None]:
    """Imports that need `packages`, which the installation's `extra` brings; MissingPackage if one is not there."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in packages:
            raise
        raise MissingPackage(str(error.name), extra) from error


class WorkerFailed(RecommendError):
    """A worker of a cluster could not do its part; nothing was committed.

    Attributes:
        who: the worker.
        why: what it said.
    """

    def __init__(self, who: str, why: str) -> None:
        self.who, self.why = who, why
        super().__init__(f"{who}: {why} The index is as it was before.")


class IncompatibleIndex(RecommendError):
    """An index was built with another table layout or other encoders, so its vectors mean something else.

    Attributes:
        uri: where the index lies.
        expected: what this program would have written.
        got: what the index says about itself.
        command: the one command that builds it anew.
    """

    def __init__(self, uri: str, expected: str, got: str, command: str) -> None:
        self.uri, self.expected, self.got, self.command = uri, expected, got, command
        super().__init__(f"index {uri} was built as {got}; this program needs {expected}. Rebuild it with: {command}")


class StorageFailed(RecommendError):
    """A catalog's file or an index cannot be read or written: no space left, no permission, damaged files.

    Attributes:
        place: the file, folder or address.
        why: what the system or the store said.
        next_step: one thing the user can do now.
    """

    def __init__(self, place: str, why: str, next_step: str) -> None:
        self.place, self.why, self.next_step = place, why, next_step
        super().__init__(f"{place}: {why}. {next_step}")


class ToolFailed(RecommendError):
    """A tool of a conversation could not do what it was asked; the conversation goes on.

    Attributes:
        why: the reason, as the end of a sentence.
        silent: whether nothing answered at all, so that asking again would only be waited for.
    """

    def __init__(self, why: str, silent: bool = False) -> None:
        self.why, self.silent = why, silent
        super().__init__(why)
