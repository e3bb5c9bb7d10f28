"""How large a garment is on a body, where its size and the person's height are known in centimetres."""

from __future__ import annotations

from pipelines.geometry.garment import GarmentLandmarks
from pipelines.schema import Category

#: Shoulder joint to shoulder joint, the body's unit, as a share of standing height: 34 cm of 170 cm. Acromion to
#: acromion is 0.237 of men's and 0.224 of women's mean stature (Gordon et al., 2012 Anthropometric Survey of U.S. Army
#: Personnel, NATICK/TR-15/007: 41.6 of 175.6 cm, 36.5 of 162.9 cm), and each joint's middle lies about 3 cm further in.
UNIT_OF_HEIGHT = 0.2
#: How wide a garment is in a shop's picture, as a share of how wide it lies flat: it is filled out by a figure that was
#: taken away. By this, tops that lie 50 cm flat and trousers that lie 40 cm, about size M of EN 13402-3 with some ease,
#: come out on a person of 170 cm as large as where no size is known.
SEEN_CHEST, SEEN_WAIST = 0.72, 0.85


def true_unit(shape: GarmentLandmarks, category: Category, width: float | None, height: float | None) -> float | None:
    """Pixels of the garment's picture per body unit, by centimetres; `pipelines.geometry.warp.garment_unit` guesses it.

    Args:
        shape: landmarks of the garment.
        category: trousers and skirts are measured at the waist, all else from armpit to armpit.
        width: of the garment lying flat, cm; None = not known.
        height: of the person, cm; None = not known.

    Returns:
        None if one of the two is not known.
    """
    if width is None or height is None:
        return None
    if category == "lower":
        seen, centimetres = shape.width("waist_left", "waist_right"), SEEN_WAIST * width
    else:
        seen, centimetres = shape.width("armpit_left", "armpit_right"), SEEN_CHEST * width
    return max(seen, 1.0) / centimetres * UNIT_OF_HEIGHT * height
