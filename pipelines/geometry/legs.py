"""Bare legs: what shorts, a skirt or a dress uncover of somebody who wore something longer."""

from __future__ import annotations

from dataclasses import dataclass, fields

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.geometry.agnostic import SPECK, label_mask
from pipelines.geometry.body import Body
from pipelines.geometry.limbs import along, limb
from pipelines.geometry.skin import ROUND, skin_colour
from pipelines.masks import composite, dilate, filled
from pipelines.schema import PARSING_LABELS, Image, Mask

Floats = NDArray[np.float32]

#: Half the width of a leg in body units: down the leg from the hip joint (0) over the knee (1) to the ankle (2).
DOWN, HALF = (0.0, 0.5, 0.95, 1.3, 1.85, 2.0), (0.3, 0.26, 0.175, 0.18, 0.105, 0.095)
#: Legs go on so far down, beyond the ankle, and are seen so far below what hides them, in body units: down to the foot.
BEYOND, FOOT = 2.3, 0.15
#: How much slimmer and stouter than that people are.
BUILD = (0.7, 1.5)
#: Over how much of the way down what is seen of a leg is measured.
RIM_DOWN = 0.15
#: The edge and shadow of an old hem on the legs, in body units.
RIM = 0.05
#: Less than a square of this side, in body units, is no leg uncovered, but a hem that ends elsewhere than thought.
LEAST = 0.3
#: What is nearer to the hem than this, down the leg, is left to be painted with the garment.
HEM = 0.08
#: How far the shadow of a hem reaches down the leg, and how much light it takes.
SHADE_REACH, SHADE = 0.1, 0.15


@dataclass(frozen=True, eq=False)
class Leg:
    """A leg as it is under what hides it, for every pixel (H, W).

    Attributes:
        at: how far down the leg; see DOWN. aside: distance from its middle in pixels. half: its half width there.
        hem: where the new garment ends on it; infinite if it does not cover it.
    """

    at: Floats
    aside: Floats
    half: Floats
    hem: Floats


def bared(photo: Image, labels: Mask, body: Body, garment: Mask, mask: Mask) -> tuple[Image, Mask, Mask]:
    """Photo and parsing with bare legs in place of what was worn below a new hem.

    A painter that learnt from people in what they wear believes that there is garment as far down as it may paint.

    Args:
        photo: RGB uint8 (H, W, 3). labels: its parsing (H, W).
        garment: uint8 (H, W), 255 where the warped garment lies. mask: what is to be repainted.

    Returns:
        Photo and parsing, changed inside `mask` only, and what of the mask is still to be painted. All as given where
        nothing is uncovered, or none of the person's skin is seen.
    """
    colour, worn = skin_colour(photo, labels, body), label_mask(labels, ("lower", "dress"))
    # What of the legs is seen stays, but for what the old hem's edge and shadow lie on.
    seen = (label_mask(labels, ("legs",)) > 0) & (dilate(worn, RIM * body.unit) == 0)
    leg = nearer(*(leg_of(body, left, garment, seen) for left in (True, False)))
    below = leg.at > leg.hem + HEM
    if colour is None or np.count_nonzero(below & (worn & mask > 0)) < (LEAST * body.unit) ** 2:
        return photo, labels, mask
    # Under the hem too: what is painted fades into it.
    hidden = np.where((leg.at > leg.hem - HEM) & ~seen, mask, 0).astype(np.uint8)
    # Nobody is wider than what they wear, but a leg goes on below it to the foot.
    longer = cv2.dilate(worn, np.ones((2 * round(FOOT * body.unit) + 1, 1), np.uint8))
    inside = cv2.GaussianBlur((longer > 0).astype(np.float32), (0, 0), 1.0)
    alpha = np.minimum(np.clip(leg.half - leg.aside + 0.5, 0, 1), inside) * (leg.at < BEYOND)
    shade = 1 - ROUND * np.clip(leg.aside / leg.half, 0, 1) ** 3
    shade *= 1 - SHADE * np.exp(-(((leg.at - leg.hem) / SHADE_REACH) ** 2))
    ground = grounded(photo, labels, hidden)
    drawn = ground + alpha[..., None] * (colour * shade[..., None] - ground)
    found = np.where(alpha > 0.5, PARSING_LABELS.index("legs"), PARSING_LABELS.index("background")).astype(np.uint8)
    bare = composite(photo, np.rint(drawn).astype(np.uint8), hidden)
    return bare, np.where(below & (hidden > 0), found, labels), np.where(below, 0, mask).astype(np.uint8)


def leg_of(body: Body, left: bool, garment: Mask, seen: NDArray[np.bool_]) -> Leg:
    """The leg at the picture's left or right, as wide as an average one, or as goes on from what is seen of it.

    Args:
        garment: uint8 (H, W), 255 where the warped garment lies. seen: (H, W), skin of legs that stays.
    """
    at, aside = along(limb(body, "leg", left), garment.shape)
    half = np.interp(at, DOWN, HALF).astype(np.float32) * body.unit
    covered = at[(garment > 0) & (np.abs(aside) < 0.5 * half)]
    hem = float(np.quantile(covered, 0.98)) if len(covered) else np.inf
    own = seen & (np.abs(aside) < 2 * half) & (at > 0) & (at < BEYOND)
    if own.sum() > (SPECK * body.unit) ** 2:
        first = float(np.quantile(at[own], 0.05))
        rim = own & (at < first + RIM_DOWN)
        low, high = (float(q) for q in np.quantile(aside[rim], (0.02, 0.98)))
        half *= float(np.clip(0.5 * (high - low) / half[rim].mean(), *BUILD))
        aside = aside - 0.5 * (low + high) * np.clip(at / first, 0, 1)
    return Leg(at, np.abs(aside), half, np.full_like(at, hem))


def nearer(one: Leg, other: Leg) -> Leg:
    """Of each pixel the leg that is nearer."""
    first = one.aside < other.aside
    return Leg(*(np.where(first, getattr(one, f.name), getattr(other, f.name)) for f in fields(Leg)))


def grounded(photo: Image, labels: Mask, hole: Mask) -> Image:
    """The photo with its ground carried on into a hole (H, W), and nothing of the person."""
    x, y, w, h = cv2.boundingRect(hole)
    reach = max(w, h) // 4
    window = np.s_[max(y - reach, 0) : y + h + reach, max(x - reach, 0) : x + w + reach]
    person = dilate(np.where(labels > 0, 255, 0).astype(np.uint8), 2)
    out = photo.copy()
    out[window] = filled(np.ascontiguousarray(photo[window]), np.ascontiguousarray((hole | person)[window]))
    return out
