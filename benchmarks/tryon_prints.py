"""How well prints survive: words of known wording on flat garments, tried on, and found again on the person.

    python -m benchmarks.tryon_prints [--height 1024] [--sheet FILE] [--out docs/benchmarks/tryon_prints.csv]

Twelve prints are drawn onto garments of the demo catalog (in its pictures' own resolution, 512 × 640) and worn by demo
people whose photos are 1024 high; smaller ones would be enlarged by cubic interpolation. Nothing of how the render
moved a print is used to measure it: source and render are registered by a homography (Evangelidis & Psarakis,
Parametric image alignment using enhanced correlation coefficient, 2008), which starts where the trunk's warp puts the
print, and what is left is judged. What a homography cannot undo, such as waves, lowers the figure as it should.

  ncc        normalised cross-correlation of luminance inside the print's box, source against render; 0.8 is wanted
  ncc_hint   the same for the hint, before the networks move it
  enlarged   pixels of the photo per pixel of the garment's picture, where the print lies
  capital    height of a capital letter on the person, in pixels of the photo
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PILImage
from PIL import ImageDraw, ImageFont

import tryroom
from benchmarks.measuring import Row, as_csv, as_table, machine
from pipelines import images, tryon
from pipelines.diffusion.compact import CompactInpaintPipeline
from pipelines.geometry.garment import TORSO, GarmentLandmarks
from pipelines.geometry.warp import layers
from pipelines.renderers import tryon_networks
from pipelines.schema import Image, RenderSettings, TryOnRequest, WearStyle
from recommend.catalog import read_catalog

Box = tuple[int, int, int, int]
Floats = NDArray[np.float32]
Matrix = NDArray[np.float64]

#: Letters are drawn this much larger and shrunk.
FINER = 4
#: The registration sees this much around a print, as a share of its longer side; the sheet more.
AROUND, SHOWN_AROUND = 0.12, 0.35
#: How far from there a print is looked for, as a share of the longer side of its window.
SEARCHED = 0.3
#: Blurs (pixels, odd) under which the registration runs, from coarse to fine.
BLURS = (25, 13, 7, 3)
COLUMNS = ("words", "garment", "person", "ncc", "ncc_hint", "enlarged", "capital")
PANEL = (260, 220)


@dataclass(frozen=True)
class Print:
    """Words on a garment.

    Attributes:
        lines: the wording. garment, person: ids of the demo catalog and people.
        width: of the widest line, as a share of the garment's width at the armpits.
        colour: RGB. weight: thickness that is added to the strokes, as a share of the letters' size.
        drop: of the print's top below the armpits, as a share of that width.
    """

    lines: tuple[str, ...]
    garment: str
    person: str
    width: float
    colour: tuple[int, int, int]
    weight: float = 0.0
    drop: float = 0.02


PRINTS = (
    Print(("HELLO",), "tee-white-organic", "mara", 0.7, (20, 20, 20), 0.06),
    Print(("GOOD", "MORNING"), "tee-black-organic", "jonas", 0.65, (240, 240, 235), 0.03),
    Print(("ocean drive",), "tee-grey-melange", "diego", 0.72, (16, 60, 140), 0.03),
    Print(("NORTH",), "tee-boxy-sand", "viktor", 0.6, (120, 30, 25), 0.08),
    Print(("slow", "sunday"), "tee-v-lilac", "yuki", 0.55, (70, 30, 90), 0.03),
    Print(("87",), "tank-rib-white", "ama", 0.4, (190, 30, 40), 0.08),
    Print(("ATHLETICS", "since 1974"), "longsleeve-navy", "jonas", 0.75, (245, 200, 60), 0.03),
    Print(("Paris",), "dress-sheath-red", "mara", 0.55, (255, 250, 240), 0.02),
    Print(("DON'T PANIC", "read the", "instructions"), "tee-white-organic", "diego", 0.62, (30, 90, 60), 0.02),
    Print(("COFFEE", "FIRST"), "sweater-oat", "ama", 0.6, (90, 45, 20), 0.05),
    Print(("RIVER",), "sweater-merino-charcoal", "viktor", 0.7, (120, 200, 220), 0.0),
    Print(("take it easy",), "dress-sheath-black", "yuki", 0.6, (240, 130, 160), 0.03),
)


def letters(lines: tuple[str, ...], size: float, weight: float) -> NDArray[np.uint8]:
    """Centred lines in the typeface that comes with Pillow: coverage uint8 (h, w), cut to what is covered."""
    font = ImageFont.load_default(size)
    stroke = round(weight * size)
    sheet = PILImage.new("L", (round(size * (max(map(len, lines)) + 2)), round(size * 1.3 * (len(lines) + 1))))
    ImageDraw.Draw(sheet).multiline_text(
        (sheet.width / 2, size / 2), "\n".join(lines), fill=255, font=font, anchor="ma", align="center",
        spacing=0.15 * size, stroke_width=stroke,
    )  # fmt: skip
    return np.array(sheet.crop(sheet.getbbox()))


def drawn(flat: Image, shape: GarmentLandmarks, what: Print) -> tuple[Image, Box, float]:
    """The flat garment with a print, the print's box (x, y, width, height) and the height of a capital, in pixels."""
    left, right = shape.pixel("armpit_left"), shape.pixel("armpit_right")
    chest = float(right[0] - left[0])
    trial = 100.0
    size = trial * FINER * what.width * chest / letters(what.lines, trial, what.weight).shape[1]
    ink = letters(what.lines, size, what.weight)
    width, height = round(ink.shape[1] / FINER), round(ink.shape[0] / FINER)
    cover = cv2.resize(ink, (width, height), interpolation=cv2.INTER_AREA)[..., None] / np.float32(255)
    x = round(float(left[0] + right[0]) / 2 - width / 2)
    y = round(float(left[1] + right[1]) / 2 + what.drop * chest)
    printed = flat.astype(np.float32)
    place = printed[y : y + height, x : x + width]
    place += cover * (np.array(what.colour, np.float32) - place)
    return np.rint(printed).astype(np.uint8), (x, y, width, height), letters(("H",), size, 0).shape[0] / FINER


# --- the print on the person ------------------------------------------------------------------------------------


def grown(box: Box, share: float) -> Box:
    """A box with a margin, a share of its longer side."""
    x, y, width, height = box
    margin = round(share * max(width, height))
    return x - margin, y - margin, width + 2 * margin, height + 2 * margin


def where_worn(scene: tryon.Scene, box: Box) -> Matrix:
    """Affine (2, 3) from the garment's picture to the photo, where the trunk's warp puts a box."""
    garment = scene.garment
    parts = layers(garment.landmarks, garment.category, scene.body, scene.labels.shape, WearStyle(), None)
    back = next(part.back for part in parts if part.label == TORSO)
    x, y, width, height = box
    inside = ((back >= (x, y)) & (back < (x + width, y + height))).all(-1)
    ys, xs = np.nonzero(inside)
    source = np.c_[back[inside], np.ones(len(xs))].astype(np.float64)
    return np.asarray(np.linalg.lstsq(source, np.c_[xs, ys].astype(np.float64), rcond=None)[0].T, np.float64)


def enlargement(affine: Matrix) -> float:
    """Pixels of the photo per pixel of the garment's picture."""
    return float(np.sqrt(abs(np.linalg.det(affine[:, :2]))))


def window(affine: Matrix, box: Box) -> tuple[Matrix, tuple[int, int]]:
    """The affine into an upright window of the photo that holds a box, and the window's (width, height)."""
    x, y, width, height = box
    corners = np.array([(x, y), (x + width, y), (x + width, y + height), (x, y + height)]) @ affine[:, :2].T
    low, high = (corners + affine[:, 2]).min(0), (corners + affine[:, 2]).max(0)
    moved = affine.copy()
    moved[:, 2] -= np.floor(low)
    return moved, (int(np.ceil(high[0] - np.floor(low[0]))), int(np.ceil(high[1] - np.floor(low[1]))))


def luminance(picture: Image) -> Floats:
    """float32 (H, W), 0 to 1."""
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) / np.float32(255), np.float32)


def registered(source: Floats, found: Floats) -> Floats:
    """`found` brought onto `source`, both float32 of one size, by the homography that correlates them best."""
    # From coarse to fine: letters are alike, and would be taken for their neighbours. Where the coarsest goes astray, a
    # start from a finer one does not.
    tries = [_registered(source, found, BLURS[first:]) for first in range(len(BLURS))]
    return max(tries, key=lambda aligned: correlation(source, aligned))


def _registered(source: Floats, found: Floats, blurs: tuple[int, ...]) -> Floats:
    matrix = np.eye(3, dtype=np.float32)
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 200, 1e-6)
    for blur in blurs:
        try:
            _, matrix = cv2.findTransformECC(source, found, matrix.copy(), cv2.MOTION_HOMOGRAPHY, criteria, None, blur)
        except cv2.error:  # nothing in common under this blur; what was found before stays
            continue
    size = (source.shape[1], source.shape[0])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpPerspective(found, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32
    )


def correlation(a: Floats, b: Floats) -> float:
    """Normalised cross-correlation of what two arrays hold."""
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1]) if a.std() > 0 and b.std() > 0 else 0.0


def print_ncc(flat: Image, worn: Image, affine: Matrix, box: Box) -> float:
    """How alike a print is on its garment's picture and in a photo, where `affine` roughly puts it."""
    into, size = window(affine, grown(box, AROUND))
    source = luminance(flat)
    if (scale := enlargement(affine)) < 1:
        source = cv2.GaussianBlur(source, (0, 0), 0.4 / scale)
    source = cv2.warpAffine(source, into, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    x, y = np.rint(affine[:, 2] - into[:, 2]).astype(int)
    padded = cv2.copyMakeBorder(luminance(worn), *(max(size),) * 4, borderType=cv2.BORDER_REPLICATE)
    # The networks may have moved the print out of the registration's reach: it starts where the print is found again.
    reach = round(SEARCHED * max(size))
    around = padded[
        y + max(size) - reach : y + max(size) + size[1] + reach, x + max(size) - reach : x + max(size) + size[0] + reach
    ]
    _, _, _, (right, down) = cv2.minMaxLoc(cv2.matchTemplate(around, source, cv2.TM_CCOEFF_NORMED))
    found = around[down : down + size[1], right : right + size[0]]
    aligned = registered(source, np.ascontiguousarray(found))
    shape = cv2.warpAffine(np.ones(flat.shape[:2], np.float32), into, size)
    inside = np.zeros(flat.shape[:2], np.float32)
    inside[box[1] : box[1] + box[3], box[0] : box[0] + box[2]] = 1
    where = (cv2.warpAffine(inside, into, size) > 0.5) & (shape > 0.5)
    return correlation(source[where], aligned[where])


# --- the benchmark ----------------------------------------------------------------------------------------------


def photo_of(person: str, height: int) -> Image:
    """A demo person at least `height` high."""
    path = next(one.image for one in tryroom.demo_people() if one.id == person)
    photo = images.load_image(path)
    if photo.shape[0] >= height:
        return photo
    width = round(photo.shape[1] * height / photo.shape[0])
    return np.asarray(cv2.resize(photo, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def panel(picture: Image, affine: Matrix, box: Box) -> Image:
    """A picture's part around a box, for people."""
    into, size = window(affine, grown(box, SHOWN_AROUND))
    share = min(PANEL[0] / size[0], PANEL[1] / size[1])
    shift = (np.array(PANEL) - share * np.array(size)) / 2
    matrix = np.array([[share, 0, 0], [0, share, 0]])
    # From the photo's pixels into the panel's.
    matrix[:, 2] = shift + share * (into[:, 2] - affine[:, 2])
    return np.asarray(cv2.warpAffine(picture, matrix, PANEL, flags=cv2.INTER_CUBIC), np.uint8)


def measure(
    what: Print, perception: tryon.Perception, pipe: CompactInpaintPipeline, height: int, steps: int
) -> tuple[Row, Image]:
    """The row of a print and its pictures side by side: flat, hint, worn."""
    catalog = read_catalog(tryroom.CATALOG)
    item = next(one for one in catalog.items if one.id == what.garment)
    plain = images.load_image(catalog.picture(item))
    shape = perception.garment.analyse(plain).landmarks
    flat, box, capital = drawn(plain, shape, what)
    settings = RenderSettings(num_inference_steps=steps)
    request = TryOnRequest(photo_of(what.person, height), flat, settings=settings)
    result = tryon.try_on(request, perception, pipe, {})
    affine = where_worn(tryon.perceive(request, perception, lambda _: None), box)
    hint = np.asarray(result.steps["hint"], np.uint8)
    scale = enlargement(affine)
    row = {
        "words": " / ".join(what.lines), "garment": what.garment, "person": what.person,
        "ncc": print_ncc(flat, result.image, affine, box), "ncc_hint": print_ncc(flat, hint, affine, box),
        "enlarged": scale, "capital": capital * scale,
    }  # fmt: skip
    upright = np.array([[scale, 0, 0], [0, scale, 0]], np.float64)
    source = cv2.warpAffine(flat, upright, (round(flat.shape[1] * scale), round(flat.shape[0] * scale)))
    shown = [panel(source, upright, box), *(panel(one, affine, box) for one in (hint, result.image))]
    return row, np.hstack(shown)


def sheet_of(rows: list[Row], panels: list[Image]) -> Image:
    """All prints, three to a line, with their figures."""
    labelled = []
    for row, shown in zip(rows, panels, strict=True):
        strip = PILImage.new("RGB", (shown.shape[1], 20), "white")
        said = f"{row['words']}   {row['garment']} on {row['person']}: {row['ncc']:.2f}, hint {row['ncc_hint']:.2f}"
        ImageDraw.Draw(strip).text((4, 3), said, fill="black", font=ImageFont.load_default(13))
        labelled.append(np.vstack([np.array(strip), shown]))
    blank = np.full_like(labelled[0], 255)
    labelled += [blank] * (-len(labelled) % 2)
    return np.vstack([np.hstack(labelled[i : i + 2]) for i in range(0, len(labelled), 2)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--height", type=int, default=1024, help="photos that are lower are enlarged to this")
    parser.add_argument("--steps", type=int, default=RenderSettings.num_inference_steps)
    parser.add_argument("--compact", type=Path, help="folder of the pipeline; default: the bundled one")
    parser.add_argument("--sheet", type=Path, help="PNG of all prints: flat, hint, worn")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks/tryon_prints.csv"))
    args = parser.parse_args()
    perception, pipe = tryon_networks(args.compact)
    rows, panels = [], []
    for what in PRINTS:
        row, shown = measure(what, perception, pipe, args.height, args.steps)
        rows.append(row)
        panels.append(shown)
    figures = {column: median(row[column] for row in rows) for column in ("ncc", "ncc_hint", "enlarged", "capital")}
    good = sum(row["ncc"] >= 0.8 for row in rows)
    rows.append({"words": f"median; {good} of {len(panels)} at least 0.8", "garment": "", "person": ""} | figures)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    images.save_bytes(args.out, as_csv(COLUMNS, rows, machine()).encode())
    print(as_table(COLUMNS, rows))
    if args.sheet:
        images.save_png(args.sheet, sheet_of(rows[:-1], panels))


if __name__ == "__main__":
    main()
