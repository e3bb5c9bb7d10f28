"""What a photo of a room says about what would go there: its colours, its floor and its light. Pure functions.

Colours are brought halfway to neutral light first, since catalogs photograph in neutral light and rooms are lit by
lamps and skies. The light is the average of shades of grey (Finlayson and Trezzi, Shades of gray and colour constancy,
2004); it is believed by half, because walls have a colour of their own.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from recommend.errors import BadInput
from recommend.features import NEUTRALS, Palette, colour_shares, garment_pixels, oklab, palette, shrink
from recommend.schema import Floats, Image, Mask, check_image
from recommend.schema import RoomContext as RoomContext  # its home for whoever reads rooms

#: Exponent of the mean that estimates the light, and how far the estimate is believed.
NORM: Final = 6
BELIEF: Final = 0.5
#: Main colours taken from the whole photo, and from its floor.
COLOURS: Final = 6
FLOOR_COLOURS: Final = 3
#: Share of the photo below which a floor mask is a mistake rather than a floor.
LEAST_FLOOR: Final = 0.005
#: Colours named for people: each covers at least this share, and there are at most so many.
NAMED_SHARE: Final = 0.15
NAMED: Final = 3
#: An accent's pixels have at least this OKLab chroma, and cover at least this share.
ACCENT_CHROMA: Final = 0.05
ACCENT_SHARE: Final = 0.03


def read_room(photo: Image, floor: Mask | None = None, *, free_width_cm: float | None = None) -> RoomContext:
    """Read a photo of a room.

    Args:
        photo: RGB uint8 (H, W, 3).
        floor: uint8 (H, W), 255 = floor; None = nobody knows, and then nothing is said about the floor.
        free_width_cm: width of the free floor in centimetres, if somebody measured it.

    Raises:
        BadInput: the photo or the mask is no such array, or the width is not above 0.
    """
    check_image(photo, "room")
    if floor is not None and (floor.dtype != np.uint8 or floor.shape != photo.shape[:2]):
        raise BadInput(
            "floor", f"{floor.dtype} {floor.shape}", f"uint8 {photo.shape[:2]}", "Give it at the photo's size."
        )
    small = shrink(photo, 192)
    light = read_light(small)
    neutral = balance(small, light)
    shape = None if floor is None else _shrunk(floor, small)
    whole = palette(neutral, None, COLOURS)
    ground = palette(neutral, shape, FLOOR_COLOURS) if shape is not None else None
    rest = whole if shape is None or (shape == 255).all() else palette(neutral, 255 - shape, COLOURS)
    return RoomContext(
        palette=_rows(whole),
        floor=_rows(ground) if ground is not None else np.zeros((0, 4), np.float32),
        floor_colours=_named(ground) if ground is not None else (),
        rest_colours=_named(rest),
        accents=find_accents(neutral),
        brightness=round(float(oklab(small)[..., 0].mean()), 3),
        warmth=round(float(oklab(np.rint(light * 200).clip(0, 255).astype(np.uint8))[2]), 3),
        free_width_cm=free_width_cm,
    )


def read_light(photo: Image) -> Floats:
    """The colour of the light (3,) as factors of red, green and blue around 1."""
    shades = ((photo.reshape(-1, 3).astype(np.float64) / 255) ** NORM).mean(0) ** (1 / NORM)
    return np.asarray(shades / max(float(shades.mean()), 1e-3), np.float32)


def balance(photo: Image, light: Floats) -> Image:
    """The photo as it would be in light that is nearer to neutral."""
    gain = np.maximum(light, 0.2) ** BELIEF
    return np.asarray(np.rint(np.clip(photo / gain, 0, 255)), np.uint8)


def _shrunk(floor: Mask, small: Image) -> Mask | None:
    """The floor mask at the size of the small photo, None if it shows hardly any floor."""
    found = shrink(floor, max(small.shape[:2]))
    found = np.where(found > 127, 255, 0).astype(np.uint8)
    return found if float((found > 0).mean()) >= LEAST_FLOOR else None


def _rows(colours: Palette) -> Floats:
    """A palette as (M, 4) rows of L, a, b and share."""
    return np.asarray(np.column_stack([colours.colours, colours.shares]), np.float32)


def _named(colours: Palette) -> tuple[str, ...]:
    """The names of the colours that cover most, the largest always."""
    names = colour_shares(colours).items()
    return tuple(name for place, (name, share) in enumerate(names) if place == 0 or share >= NAMED_SHARE)[:NAMED]


def find_accents(photo: Image) -> tuple[str, ...]:
    """The names of strong colours; pixel by pixel, since clusters of a whole room swallow a cushion."""
    pixels = garment_pixels(photo, None)
    strong = pixels[np.hypot(pixels[:, 1], pixels[:, 2]) > ACCENT_CHROMA]
    if not len(strong):
        return ()
    shares = colour_shares(Palette(strong, np.full(len(strong), 1 / len(pixels), np.float32)))
    return tuple(name for name, share in shares.items() if share >= ACCENT_SHARE and name not in NEUTRALS)
