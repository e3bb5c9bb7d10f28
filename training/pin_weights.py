"""Write the hashes and sizes of bundled weights into the manifest: `python -m training.pin_weights NAME`.

A name that the manifest has keeps its about and licence; its list of files becomes what lies in weights/NAME now. A
new name needs --about and --licence.
"""

from __future__ import annotations

import argparse
import hashlib
import re
from pathlib import Path

from pipelines import images, weights


def main() -> None:
    """Read the arguments and rewrite the manifest."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="default: every bundled entry")
    parser.add_argument("--about", help="what it is, for a new name")
    parser.add_argument("--licence", default="Apache-2.0", help="for a new name")
    arguments = parser.parse_args()
    entries = weights.read_manifest()
    names = arguments.names or [name for name, entry in entries.items() if entry.source == "bundled"]
    text = weights.MANIFEST.read_text(encoding="utf-8")
    for name in names:
        if name in entries and entries[name].source != "bundled":
            parser.error(f"{name} comes from a {entries[name].source}; its hash is not ours to change")
        about = entries[name].about if name in entries else arguments.about
        licence = entries[name].licence if name in entries else arguments.licence
        if not about:
            parser.error(f"{name} is new: say what it is with --about")
        text = pinned(text, name, block(name, about, licence, weights.MANIFEST.parent / name))
    images.save_bytes(weights.MANIFEST, text.encode())
    for name in names:
        entry = weights.find(name)
        weights.verify(entry)
        size = sum(file.size for file in entry.files) / 1e6
        print(f"{name}: {len(entry.files)} files, {size:.1f} MB, revision {entry.revision}")


def block(name: str, about: str, licence: str, folder: Path) -> str:
    """The tables of one bundled entry, for all files below `folder` that are not hidden."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    if not paths:
        raise SystemExit(f"{folder} holds no files")
    tables = [f'[{name}]\nabout = {quoted(about)}\nlicence = {quoted(licence)}\nsource = "bundled"\n']
    for path in paths:
        data = path.read_bytes()
        tables.append(
            f"[[{name}.files]]\nname = {quoted(path.relative_to(folder).as_posix())}\n"
            f'sha256 = "{hashlib.sha256(data).hexdigest()}"\nsize = {len(data)}\n'
        )
    return "\n".join(tables)


def pinned(manifest: str, name: str, tables: str) -> str:
    """The text of a manifest with the tables of `name` replaced, or added at its end; the rest is not touched."""
    header = rf"\[\[?{re.escape(name)}(\.files)?\]\]?"
    # From the entry's first header up to the next header that is not its own.
    old = re.compile(rf"^\[{re.escape(name)}\]\n(?:(?!^[\[#])[^\n]*\n|{header}\n)*", re.MULTILINE)
    if old.search(manifest):
        return old.sub(lambda _: tables + "\n", manifest).rstrip("\n") + "\n"
    return f"{manifest.rstrip()}\n\n{tables}"


def quoted(text: str) -> str:
    """A TOML basic string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


if __name__ == "__main__":
    main()
