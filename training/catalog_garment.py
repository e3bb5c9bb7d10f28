"""From a shape's recipe to a finished garment: cut, sewn, hung, trimmed, and coloured from its rendered light."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter, map_coordinates
from scipy.spatial import cKDTree

from training.catalog_body import Body, Collider, load_body, make_collider, pose, skirt_form, vertex_normals
from training.catalog_cloth import Cloth, Fabric, drape, follow, place_around, sew, smooth
from training.catalog_details import Work, apply_details
from training.catalog_patterns import ARMS_CUT, LEGS_CUT, LowerCut, Pattern, UpperCut, cut_lower, cut_upper
from training.catalog_prints import add_print
from training.catalog_relief import WEAVES, Finish, finish
from training.catalog_textile import PATTERNS, Sheet, colour, grain, make_sheet, noise
from training.catalog_trims import BACK, FRONT, METAL, TRIM, Part, band, button, hood, laid_on, shirt_collar

Array = NDArray[np.float64]
Recipe = Mapping[str, Any]

SPACING = 0.012


def recipe_hash(*recipes: Any) -> str:
    """A short name for everything that went into a result."""
    return hashlib.sha256(json.dumps(recipes, sort_keys=True).encode()).hexdigest()[:16]


def seed_of(name: str) -> int:
    """A fixed seed for a name, so that no item depends on another."""
    return int(hashlib.sha256(name.encode()).hexdigest()[:8], 16)


@dataclass(frozen=True, eq=False)
class Wearer:
    """A body as it is cut for and as it stands, with what cloth may not enter.

    Attributes:
        cutting: limbs raised. together: arms raised only, for skirts and dresses. standing: as photographed.
        collider: the standing body. form: the same with the legs joined, for skirts and dresses.
    """

    cutting: Body
    together: Body
    standing: Body
    collider: Collider
    form: Collider


def make_wearer(phenotype: Mapping[str, float], arms: float, legs: float, work: Path) -> Wearer:
    """Load a body and pose it; the distance grids are kept under `work`."""
    body = load_body(phenotype, work)
    standing = pose(body, arms, legs)
    path = work / f"collider-{recipe_hash(dict(phenotype), arms, legs)}.npz"
    if not path.exists():
        made = make_collider(standing)
        form = skirt_form(standing, made)
        np.savez_compressed(path, distance=made.distance, form=form.distance, origin=made.origin, cell=made.cell)
    kept = np.load(path)
    origin, cell = kept["origin"], float(kept["cell"])
    return Wearer(
        cutting=pose(body, ARMS_CUT, LEGS_CUT),
        together=pose(body, ARMS_CUT, legs),
        standing=standing,
        collider=Collider(kept["distance"], origin, cell),
        form=Collider(kept["form"], origin, cell),
    )


def _settings(kind: type, values: Recipe) -> Any:
    known = {f.name for f in fields(kind)}
    if unknown := set(values) - known:
        raise KeyError(f"unknown {kind.__name__} settings {sorted(unknown)}; known: {', '.join(sorted(known))}")
    return kind(**values)


@dataclass(frozen=True, eq=False)
class Garment:
    """A draped garment, ready to photograph.

    Attributes:
        parts: meshes. sheet: the painted rectangle. finish: seams and stitches.
        reliefs: height pictures "front", "back", "rib". neck: the back neckline's lowest point. chest: its height.
    """

    cloth: Cloth
    worn: Array
    parts: list[Part]
    sheet: Sheet
    finish: Finish
    reliefs: dict[str, Array]
    neck: Array | None
    chest: float

    @property
    def high(self) -> Array:
        shape = self.sheet.x.shape
        result: Array = self.sheet.low + np.array([shape[1], shape[0]]) / 1000
        return result


def make_garment(shape: Recipe, wearer: Wearer, seed: int, over: Collider | None = None) -> Garment:
    """Cut, sew, hang and trim the garment of a shape recipe; `over` replaces the collider (layers worn below)."""
    upper, cutting = shape["cut"] == "upper", wearer.together if shape.get("form") else wearer.cutting
    cut = _settings(UpperCut if upper else LowerCut, shape.get("pattern", {}))
    pattern = cut_upper(cutting, cut) if upper else cut_lower(cutting, cut)
    cloth = sew(pattern.front, pattern.back, shape.get("spacing", SPACING))
    worn = _hang(shape, cloth, cut, pattern, wearer, over, seed)
    work = apply_details(pattern, shape.get("details", []))
    parts = _parts(shape, cloth, worn, work)
    low, high = cloth.pattern.min(0) - 0.02, cloth.pattern.max(0) + 0.02
    sheet = make_sheet(low, high, pattern.sleeve, pattern.lines.get("armhole"))
    sewn = finish(sheet, work.seams, work.stitches, work.bands)
    rng = np.random.default_rng(seed)
    weave = WEAVES[shape["weave"]](sheet, rng)
    reliefs = {"front": weave + _rib_bands(shape, pattern, sheet, weave) + sewn.height, "back": weave}
    reliefs["rib"] = WEAVES["rib"](sheet, rng)
    neck = np.array([0.0, pattern.lines["neck"][0, 1] - cut.neck_back]) if isinstance(cut, UpperCut) else None
    return Garment(cloth, worn, parts, sheet, sewn, reliefs, neck, pattern.heights["chest"])


def _hang(
    shape: Recipe,
    cloth: Cloth,
    cut: UpperCut | LowerCut,
    pattern: Pattern,
    wearer: Wearer,
    over: Collider | None,
    seed: int,
) -> Array:
    cutting = wearer.together if shape.get("form") else wearer.cutting
    start = follow(place_around(cloth, cutting), cutting, wearer.standing)
    pinned = [v for name, v in cloth.openings.items() if name.startswith("waist")]
    collider = over or (wearer.form if shape.get("form") else wearer.collider)
    worn = drape(
        cloth, start, collider, _settings(Fabric, shape.get("fabric", {})), _shrink(cloth, cut.gather),
        np.concatenate(pinned) if pinned else None, seed,
    )  # fmt: skip
    # Takes out the zigzag of single threads along the seams; folds are far larger.
    worn = smooth(worn, cloth.faces, 2)
    quilt = shape.get("quilt")
    if quilt:
        along = grain(cloth.pattern, pattern.sleeve, pattern.lines.get("armhole"))[1]
        phase = (along % quilt["period"]) / quilt["period"]
        puff = quilt["depth"] * np.sqrt(np.clip(1 - (2 * phase - 1) ** 2, 0, 1))
        worn = worn + vertex_normals(worn, cloth.faces) * puff[:, None]
    return worn


def _shrink(cloth: Cloth, gather: Mapping[str, tuple[float, float]]) -> Array:
    """Scale of the threads at every vertex: elastic near the named openings."""
    scale = np.ones(len(cloth.pattern))
    for name, (depth, value) in gather.items():
        rings = [v for key, v in cloth.openings.items() if key.startswith(name)]
        distance = cKDTree(cloth.pattern[np.concatenate(rings)]).query(cloth.pattern)[0]
        scale = np.minimum(scale, value + (1 - value) * np.clip((distance - depth) / 0.01, 0, 1))
    return scale


def _rib_bands(shape: Recipe, pattern: Pattern, sheet: Sheet, weave: Array) -> Array:
    """Ribbing where a knit's hem and cuffs are drawn in, replacing the weave there."""
    depth = shape.get("rib")
    if not depth:
        return np.zeros_like(weave)
    ribbed = np.zeros(sheet.u.shape, dtype=bool)
    hem = pattern.lines["hem"]
    ribbed |= ~sheet.on_sleeve & (sheet.z < np.interp(np.abs(sheet.x), hem[:, 0], hem[:, 1]) + depth)
    if pattern.sleeve is not None:
        start, axis = pattern.sleeve
        end = float((pattern.lines["cuff"].mean(0) - start) @ axis)
        along = (np.abs(sheet.x) - start[0]) * axis[0] + (sheet.z - start[1]) * axis[1]
        ribbed |= sheet.on_sleeve & (along > end - depth)
    rib = 1.0e-3 * np.abs(np.sin(sheet.u * np.pi / 0.008)) ** 0.8
    result: Array = gaussian_filter(ribbed.astype(float), 1.0) * (rib - weave)
    return result


def _parts(shape: Recipe, cloth: Cloth, worn: Array, work: Work) -> list[Part]:
    thick = shape.get("thickness", 0.0016)
    parts = [
        Part(worn, cloth.faces[cloth.panel == 0], cloth.pattern, FRONT, thick),
        Part(worn, cloth.faces[cloth.panel == 1], cloth.pattern, BACK, thick),
    ]
    for trim in shape.get("trims", []):
        options = {k: v for k, v in trim.items() if k != "kind"}
        parts.append(TRIMS[trim["kind"]](cloth, worn, **options))
    parts += [laid_on(cloth, worn, o, lift, TRIM if second else FRONT) for o, lift, second in work.pieces]
    parts += [laid_on(cloth, worn, o, 0.0035, METAL) for o in work.metal]
    radius = shape.get("button", 0.0055)
    parts += [button(cloth, worn, at, radius, 0.005) for at in work.buttons]
    return parts


TRIMS = {"band": band, "collar": shirt_collar, "hood": hood}


# --- colour -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Colouring:
    """Linear RGB pictures over the sheet for front, back and trim, and one colour for metal."""

    front: Array
    back: Array
    trim: Array
    metal: Array


def colouring(garment: Garment, item: Recipe, seed: int) -> Colouring:
    """Dye and print: an item's colours, pattern and prints on a garment's sheet."""
    sheet, sewn = garment.sheet, garment.finish
    rng = np.random.default_rng(seed)
    dyes = np.array([colour(c) for c in item["dyes"]])
    base = PATTERNS[item.get("paint", "plain")](sheet, dyes, item.get("options", {}), rng)
    base = base * (1 + 0.025 * noise(sheet.u.shape, 1.5, rng) + 0.008 * noise(sheet.u.shape, 30, rng))[..., None]
    if "sleeves" in item:
        base[sheet.on_sleeve] = colour(item["sleeves"])
    trim = base if "trim" not in item else np.broadcast_to(colour(item["trim"]), base.shape)
    front = base.copy()
    if "trim" in item:
        front += (colour(item["trim"]) - front) * sewn.contrast[..., None]
    for spec in item.get("prints", []):
        front = add_print(sheet, front, spec, garment.chest)
    front *= 1 - 0.45 * sewn.shade[..., None]
    if item.get("paint") == "denim":
        front += 0.10 * gaussian_filter(sewn.shade, 3)[..., None] * (1 - front)
    thread = colour(item["thread"]) if "thread" in item else None
    front = (
        front * (1 - 0.18 * sewn.thread[..., None])
        if thread is None
        else front + (thread - front) * 0.85 * sewn.thread[..., None]
    )
    back = base if "lining" not in item else np.broadcast_to(colour(item["lining"]), base.shape).copy()
    front, back, trim = (np.clip(picture, 0.004, 0.92) for picture in (front, _label(garment, back), trim))
    return Colouring(front, back, trim, colour(item.get("buttons", "silver")))


def _label(garment: Garment, back: Array) -> Array:
    """A woven label at the back of the neck."""
    if garment.neck is None:
        return back
    x, y = (int(v) for v in garment.sheet.pixel(garment.neck[None] - [[0, 0.012]])[0])
    back = back.copy()
    back[y : y + 22, x - 19 : x + 20] = colour("off-white")
    back[y + 8 : y + 12, x - 11 : x + 12] = colour("charcoal")
    return back


def develop(
    light: Array, uv: Array, code: NDArray[np.int64], background: float, paint: Colouring, garment: Garment
) -> Array:
    """Colour a shot: linear RGB (H, W, 3), the wall at 0.93."""
    height, width = light.shape[1:]
    row_column = garment.sheet.pixel(uv.reshape(-1, 2))[:, ::-1].T - 0.5
    albedo = np.zeros((*code.shape, 3))
    for part, picture in ((FRONT, paint.front), (BACK, paint.back), (TRIM, paint.trim)):
        here = (code == part).ravel()
        flat = np.stack(
            [map_coordinates(picture[..., c], row_column[:, here], order=1, mode="nearest") for c in range(3)], 1
        )
        albedo.reshape(-1, 3)[here] = flat
    albedo[code == METAL] = paint.metal
    covered = (code >= 0).astype(float).reshape(height, 3, width, 3).sum((1, 3))
    total = albedo.reshape(height, 3, width, 3, 3).sum((1, 3))
    mean = total / np.maximum(covered, 1)[..., None]
    distance, nearest = distance_transform_edt(covered == 0, return_indices=True)
    mean = mean[tuple(nearest)]
    # Light that left the cloth and came back met the neighbourhood's colour, not just this pixel's; so did the wall.
    around = np.stack([gaussian_filter(mean[..., c], 12) for c in range(3)], axis=-1)
    mean = np.where(distance[..., None] > 2, around, mean)
    c0, c1, c2 = (c[..., None] for c in light)
    result: Array = (c0 + c1 * mean + c2 * mean * around) * (0.93 / background)
    return result
