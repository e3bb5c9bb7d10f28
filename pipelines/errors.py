"""Errors that say what went wrong, what was seen, what is allowed and what to do next."""

from __future__ import annotations

from pathlib import Path


class TryroomError(Exception):
    """Base of all errors that Tryroom raises on purpose; app, CLI and batch catch this one."""


class BadInput(TryroomError):
    """The caller's input cannot be used.

    Attributes:
        what: the input that is wrong, in the user's words ("person photo", "--steps").
        got: what was seen.
        allowed: what would have been accepted.
        next_step: one thing the user can do now.
    """

    def __init__(self, what: str, got: str, allowed: str, next_step: str) -> None:
        self.what, self.got, self.allowed, self.next_step = what, got, allowed, next_step
        super().__init__(f"{what}: got {got}; allowed: {allowed}. {next_step}")


class MissingWeights(TryroomError):
    """A weights file is neither in the repository nor in the cache, and could not be fetched.

    Attributes:
        file: name of the missing file.
        looked_in: every place that was searched.
        command: the one command that gets it.
    """

    def __init__(self, file: str, looked_in: tuple[Path, ...], command: str, why: str = "") -> None:
        self.file, self.looked_in, self.command, self.why = file, looked_in, command, why
        places = ", ".join(str(p) for p in looked_in)
        reason = f" ({why})" if why else ""
        super().__init__(f"weights {file} not found{reason}; looked in {places}. Get it with: {command}")


class LicenceNotAccepted(TryroomError):
    """Weights that may not be used commercially, and nobody has said that this is understood; nothing was fetched.

    Attributes:
        name: of the weights. licence: its name, with the address of its text.
        command: what accepts it.
    """

    def __init__(self, name: str, licence: str, command: str) -> None:
        self.name, self.licence, self.command = name, licence, command
        super().__init__(
            f"weights {name}: licence {licence} does not allow commercial use and has not been accepted; "
            f"nothing was fetched. Read it, and accept it with: {command}"
        )


class MissingLibrary(TryroomError):
    """A Python package that is not needed otherwise.

    Attributes:
        package: its name on the package index. purpose: what needs it. command: what installs it.
    """

    def __init__(self, package: str, purpose: str, instead: str = "") -> None:
        self.package, self.purpose = package, purpose
        self.command = f"pip install '{package}'"
        super().__init__(f"{purpose} needs the package {package}. Install it with: {self.command}{instead}")


class CorruptWeights(TryroomError):
    """A weights file does not have the hash that the manifest pins; it is not used.

    Attributes:
        deleted: a fetched file is deleted at once; a bundled one, perhaps somebody's fresh training, is left.
    """

    def __init__(self, file: str, expected: str, got: str, command: str, deleted: bool = True) -> None:
        self.file, self.expected, self.got, self.command, self.deleted = file, expected, got, command, deleted
        fate = "the file was deleted" if deleted else "the file is not used"
        super().__init__(
            f"weights {file}: sha256 {got[:12]}… is not the pinned {expected[:12]}…; {fate}. Put it right: {command}"
        )


class RenderCancelled(TryroomError):
    """The caller's progress callback asked to stop; nothing was written."""


class RenderFailed(TryroomError):
    """A stage of rendering broke on input that passed every check.

    Attributes:
        stage: the stage that failed ("parsing", "warp", "denoise").
    """

    def __init__(self, stage: str, why: str) -> None:
        self.stage, self.why = stage, why
        super().__init__(f"rendering failed in stage {stage}: {why}")


class RemoteFailed(TryroomError):
    """Another Tryroom that should render cannot be asked, or does not take the request for now.

    Attributes:
        address: of it. why: what happened. next_step: one thing the user can do now.
    """

    def __init__(self, address: str, why: str, next_step: str) -> None:
        self.address, self.why, self.next_step = address, why, next_step
        super().__init__(f"the other Tryroom at {address}: {why}. {next_step}")
