"""Reading Sweet Home 3D's furniture libraries: names, sizes, credits, meshes, materials. No Blender here.

A library is a .sh3f file, a zip that holds PluginFurnitureCatalog.properties (numbered entries such as `width#12=90.5`,
centimetres) and a folder of Wavefront OBJ, MTL and textures for every model. In the OBJ x points to the viewer's right,
y up and z towards the viewer; a mesh here is in the frame of `pipelines.geometry.views`: x to the item's own right, y
out of its front, z up, metres, the foot's middle at the origin.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.int64]

PROPERTIES = "PluginFurnitureCatalog.properties"
_ENTRY = re.compile(r"\s*(\w+)#(\d+)\s*=\s*(.*)")


@dataclass(frozen=True)
class Material:
    """How a surface looks.

    Attributes:
        name: as the model calls it.
        colour: sRGB in [0, 1].
        opacity: 1 = not transparent.
        roughness: 0 = mirror.
        specular: Blender's specular level, 0.5 = plastic, varnish.
        metallic: 0 or 1.
        picture: an encoded picture that replaces the colour, or "" for none.
        cover: an encoded picture whose grey is the opacity, or "" for none.
        pattern: name of one of our own patterns, or "".
        glow: light it gives, in units of white paper.
    """

    name: str
    colour: tuple[float, float, float] = (0.8, 0.8, 0.8)
    opacity: float = 1.0
    roughness: float = 0.6
    specular: float = 0.3
    metallic: float = 0.0
    picture: bytes = b""
    cover: bytes = b""
    pattern: str = ""
    glow: float = 0.0


@dataclass(frozen=True, eq=False)
class Mesh:
    """Polygons, each with one material.

    Attributes:
        points: (N, 3) metres.
        corners: (L,) indices into points, polygon after polygon.
        starts: (F,) where each polygon starts in corners.
        uv: (L, 2) picture coordinates, 0–1, v upwards.
        material: (F,) indices into materials.
        smooth: (F,) whether light runs smoothly over the polygon's soft edges.
        materials: the materials.
    """

    points: Array
    corners: Index
    starts: Index
    uv: Array
    material: Index
    smooth: NDArray[np.bool_]
    materials: tuple[Material, ...]

    @property
    def size(self) -> Array:
        """(3,) extent of the points, metres."""
        used = self.points[self.corners]
        extent: Array = used.max(0) - used.min(0)
        return extent


@dataclass(frozen=True)
class Entry:
    """What a library says about a model; sizes are (width, depth, height) in centimetres."""

    name: str
    title: str
    author: str
    size_cm: tuple[float, float, float]
    path: str
    rotation: tuple[float, ...] = ()


def read_properties(text: str) -> dict[str, Entry]:
    """The models of a library by name: the part of the id after the last '#'."""
    numbered: dict[str, dict[str, str]] = {}
    for line in text.splitlines():
        if found := _ENTRY.match(line):
            numbered.setdefault(found[2], {})[found[1]] = found[3].strip()
    entries = {}
    for values in numbered.values():
        name = values["id"].split("#")[-1]
        size = (float(values["width"]), float(values["depth"]), float(values["height"]))
        rotation = tuple(float(v) for v in values.get("modelRotation", "").split())
        path = values["model"].lstrip("/")
        entries[name] = Entry(name, values["name"], values.get("creator", ""), size, path, rotation)
    return entries


class Library:
    """An opened .sh3f file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._zip = zipfile.ZipFile(path)

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """Its models by name."""
        return read_properties(self._zip.read(PROPERTIES).decode("latin-1"))

    def mesh(self, name: str) -> Mesh:
        """A model in our frame, as large as the library says.

        Raises:
            KeyError: if the library has no such model, or the model's files are not complete.
        """
        if name not in self.entries:
            raise KeyError(f"{self.path.name} has no model {name!r}; it has {', '.join(sorted(self.entries))}.")
        entry = self.entries[name]
        folder = PurePosixPath(entry.path).parent
        text = self._zip.read(entry.path).decode("latin-1")
        materials: dict[str, Material] = {}
        for line in re.findall(r"^mtllib\s+(.*)$", text, re.MULTILINE):
            materials |= self._materials(folder, line.strip())
        return without_doubles(placed(parse_obj(text, materials), entry.size_cm, entry.rotation))

    def read_beside(self, name: str, file: str) -> bytes:
        """A file of a model's own folder."""
        return self._zip.read(str(PurePosixPath(self.entries[name].path).parent / file))

    def _materials(self, folder: PurePosixPath, name: str) -> dict[str, Material]:
        text = self._zip.read(str(folder / name)).decode("latin-1")
        names = {entry.filename.lower(): entry.filename for entry in self._zip.infolist()}

        def picture(file: str) -> bytes:
            # Windows made some of them: backslashes, and case that does not match. Pictures that were left out of
            # the library are the plain colour in Sweet Home 3D too.
            path = str(folder / file.replace("\\", "/")).lower()
            return self._zip.read(names[path]) if path in names else b""

        return {m.name: m for m in (_material(block, picture) for block in _blocks(text))}


def _blocks(text: str) -> list[dict[str, str]]:
    """The materials of an MTL file as key → value."""
    blocks: list[dict[str, str]] = []
    for line in text.splitlines():
        key, _, value = line.strip().partition(" ")
        if key == "newmtl":
            blocks.append({})
        if blocks and key and not key.startswith("#"):
            blocks[-1][key] = value.strip()
    return blocks


def _material(block: Mapping[str, str], picture: Callable[[str], bytes]) -> Material:
    """A material of an MTL file; `picture` reads a file of the model's folder."""
    colour, gloss = (
        [float(v) for v in block.get(key, default).split()[:3]] for key, default in (("Kd", "0.8 0.8 0.8"), ("Ks", "0"))
    )
    sharp = float(block.get("Ns", "10"))
    return Material(
        name=block["newmtl"],
        colour=(colour[0], colour[1], colour[2]),
        opacity=float(block.get("d", "1").split()[-1]),
        # Phong's exponent to a roughness; models for old viewers are shinier than things are, so never below 0.2.
        roughness=float(np.clip((2 / (sharp + 2)) ** 0.25, 0.2, 0.9)),
        specular=float(np.clip(np.mean(gloss), 0.1, 0.5)),
        picture=picture(block["map_Kd"]) if "map_Kd" in block else b"",
        cover=picture(block["map_d"]) if "map_d" in block else b"",
    )


@dataclass
class _Reading:
    """What has been read of an OBJ so far."""

    points: list[list[float]] = field(default_factory=list)
    uv: list[list[float]] = field(default_factory=list)
    corners: list[int] = field(default_factory=list)
    corner_uv: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    material: list[int] = field(default_factory=list)
    smooth: list[bool] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def face(self, words: Sequence[str], material: int, smooth: bool) -> None:
        here, where = [], []
        for word in words:
            parts = word.split("/")
            number = int(parts[0])
            here.append(number - 1 if number > 0 else len(self.points) + number)
            mapped = int(parts[1]) if len(parts) > 1 and parts[1] else 0
            where.append(mapped - 1 if mapped > 0 else len(self.uv) + mapped if mapped < 0 else -1)
        if len(set(here)) < 3:
            return
        self.starts.append(len(self.corners))
        self.corners.extend(here)
        self.corner_uv.extend(where)
        self.material.append(material)
        self.smooth.append(smooth)


def parse_obj(text: str, materials: Mapping[str, Material]) -> Mesh:
    """A Wavefront OBJ in its own frame and unit; lines and stored normals are left out.

    A material that `materials` lacks becomes a light grey one of that name.
    """
    read, material, smooth = _Reading(), -1, False
    for line in text.splitlines():
        key, _, rest = line.strip().partition(" ")
        if key == "v":
            read.points.append([float(v) for v in rest.split()[:3]])
        elif key == "vt":
            read.uv.append([float(v) for v in rest.split()[:2]])
        elif key == "f":
            if material < 0:
                read.names.append("")
                material = 0
            read.face(rest.split(), material, smooth)
        elif key == "usemtl":
            name = rest.strip()
            if name not in read.names:
                read.names.append(name)
            material = read.names.index(name)
        elif key == "s":
            smooth = rest.strip() not in ("off", "0")
    uv = np.array([*read.uv, [0.0, 0.0]], np.float64)
    return Mesh(
        np.array(read.points, np.float64), np.array(read.corners, np.int64), np.array(read.starts, np.int64),
        uv[np.array(read.corner_uv, np.int64)], np.array(read.material, np.int64), np.array(read.smooth, np.bool_),
        tuple(materials.get(name, Material(name)) for name in read.names),
    )  # fmt: skip


def placed(mesh: Mesh, size_cm: Sequence[float], rotation: Sequence[float] = ()) -> Mesh:
    """An OBJ's mesh in our frame: turned by its `rotation` (9 numbers, row by row), stretched to size, on the floor."""
    points = mesh.points
    if len(rotation) == 9:
        points = points @ np.array(rotation, np.float64).reshape(3, 3).T
    ours = np.stack([-points[:, 0], points[:, 2], points[:, 1]], axis=1)
    return fitted(replace(mesh, points=ours), size_cm)


def fitted(mesh: Mesh, size_cm: Sequence[float], turn: float = 0.0) -> Mesh:
    """The mesh turned by `turn` degrees counter-clockwise seen from above and stretched to `size_cm` (w, d, h)."""
    angle = np.deg2rad(turn)
    around = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1.0]])
    points = mesh.points @ around.T
    used = points[mesh.corners]
    low, high = used.min(0), used.max(0)
    # A mesh without thickness keeps its own.
    scale = np.where(high - low > 1e-9, np.asarray(size_cm) / 100 / np.maximum(high - low, 1e-9), 1.0)
    foot = np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]])
    return replace(mesh, points=(points - foot) * scale)


def without_doubles(mesh: Mesh, near: float = 1e-5) -> Mesh:
    """The mesh with one of each set of polygons that lie in the same place.

    Some models give thin things a polygon for either side. They shade each other and come out black, wholly or in
    patches. `near` is metres.
    """
    ends = np.append(mesh.starts[1:], len(mesh.corners))
    places = np.unique(np.rint(mesh.points / near).astype(np.int64), axis=0, return_inverse=True)[1].ravel()
    seen: set[tuple[int, ...]] = set()
    kept = []
    for number, (start, end) in enumerate(zip(mesh.starts, ends, strict=True)):
        polygon = tuple(sorted(places[mesh.corners[start:end]].tolist()))
        if polygon not in seen:
            seen.add(polygon)
            kept.append(number)
    if len(kept) == len(mesh.starts):
        return mesh
    counts = (ends - mesh.starts)[kept]
    rows = np.concatenate([np.arange(mesh.starts[i], ends[i]) for i in kept])
    return Mesh(
        mesh.points, mesh.corners[rows], np.concatenate([[0], np.cumsum(counts)[:-1]]), mesh.uv[rows],
        mesh.material[kept], mesh.smooth[kept], mesh.materials,
    )  # fmt: skip


def joined(meshes: Sequence[Mesh]) -> Mesh:
    """Several meshes as one, materials of the same name shared."""
    names: dict[str, Material] = {}
    for mesh in meshes:
        for material in mesh.materials:
            names.setdefault(material.name, material)
    order = list(names)
    points = np.cumsum([0] + [len(m.points) for m in meshes])
    corners = np.cumsum([0] + [len(m.corners) for m in meshes])
    tables = [np.array([order.index(m.name) for m in mesh.materials], np.int64) for mesh in meshes]
    return Mesh(
        np.concatenate([m.points for m in meshes]),
        np.concatenate([m.corners + points[i] for i, m in enumerate(meshes)]),
        np.concatenate([m.starts + corners[i] for i, m in enumerate(meshes)]),
        np.concatenate([m.uv for m in meshes]),
        np.concatenate([table[m.material] for table, m in zip(tables, meshes, strict=True)]),
        np.concatenate([m.smooth for m in meshes]),
        tuple(names.values()),
    )
