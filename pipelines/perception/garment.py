"""Picture of a garment → all that dressing someone in it needs: mask, category, sleeve length, landmarks.

analyser = GarmentAnalyser(Path("weights/garment"), Path("efficientnet-lite0-57934424.pth"))
garment = analyser.analyse(image)
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from pipelines.errors import BadInput
from pipelines.geometry.garment import GarmentLandmarks, Kind, Sleeve
from pipelines.perception.classify import GarmentKind, KindHead, letterbox, read_kind
from pipelines.perception.cutout import cut_out, cut_out_with
from pipelines.perception.garment_net import PICTURE_SIZE, Encoder, ForegroundNet, PartNet
from pipelines.perception.landmarks import read_landmarks
from pipelines.schema import CATEGORY_CHOICES, Category, CategoryChoice, Image, Mask, check_image

#: Below this confidence in the category the person is told.
UNSURE: Final = 0.7
#: Chance of being no garment from which a picture is refused whatever it is said to be.
SURELY_NONE: Final = 0.985
#: A garment that covers less of the picture than this is found, but will be coarse.
SMALL_SHARE: Final = 0.04
#: Share of the picture's border that a garment may touch before it counts as cropped.
CROPPED_SHARE: Final = 0.08


@dataclass(frozen=True, eq=False)
class Garment:
    """A garment and what its picture tells.

    Attributes:
        image: RGB uint8 (H, W, 3), as given.
        mask: uint8 (H, W), 255 = garment, the visible inside of the back included.
        category: as asked for, or as seen.
        confidence: of the category, 0 to 1; 1 when it was asked for.
        sleeve: "none", "short" or "long".
        kind: "top", "dress", "trousers", "shorts" or "skirt".
        landmarks: points, sleeve lines and parts.
        warnings: what the person should know.
    """

    image: Image
    mask: Mask
    category: Category
    confidence: float
    sleeve: Sleeve
    kind: Kind
    landmarks: GarmentLandmarks
    warnings: tuple[str, ...] = ()


class GarmentAnalyser:
    """Reads garment pictures. Thread-safe: the networks keep no state between calls.

    Args:
        folder: holds foreground/, parts/ and kind/, as training/train_garment.py writes them.
        backbone: `efficientnet-lite0-57934424.pth`.
    """

    def __init__(self, folder: Path, backbone: Path) -> None:
        self.encoder = Encoder(backbone)
        self.foreground = ForegroundNet.from_pretrained(folder / "foreground", dtype=torch.float32).eval()
        self.parts = PartNet.from_pretrained(folder / "parts", dtype=torch.float32).eval()
        self.kinds = KindHead.from_pretrained(folder / "kind", dtype=torch.float32).eval()

    def analyse(self, image: NDArray[np.uint8], category: CategoryChoice = "auto") -> Garment:
        """Read one picture.

        Args:
            image: RGB uint8 (H, W, 3), or RGBA (H, W, 4), whose alpha is then the mask.
            category: "auto" = as seen.

        Raises:
            BadInput: not an image, an unknown category, or something else than a garment is shown.
        """
        rgb = np.ascontiguousarray(image[..., :3]) if getattr(image, "ndim", 0) == 3 else image
        check_image(rgb, "garment picture")
        if category not in CATEGORY_CHOICES:
            raise BadInput("category", repr(category), ", ".join(CATEGORY_CHOICES), "Choose one of these.")
        mask = self.cut_out(image)
        seen = self.classify(rgb, mask)
        refuse_what_is_no_garment(seen, told=category != "auto")
        chosen: Category = seen.category if category == "auto" else category
        kind = seen.kind if chosen == seen.category else None
        landmarks = read_landmarks(self.parts, rgb, mask, chosen, kind)
        confidence = seen.confidence if category == "auto" else 1.0
        warnings = _warnings(seen, category, mask)
        return Garment(rgb, mask, chosen, confidence, landmarks.sleeve, landmarks.kind, landmarks, warnings)

    def cut_out(self, image: NDArray[np.uint8]) -> Mask:
        """The mask uint8 (H, W) of the garment in RGB or RGBA uint8; alpha wins where it hides something."""
        if image.shape[2] == 4 and image[..., 3].min() < 128:
            return cut_out(image)
        rgb = np.ascontiguousarray(image[..., :3])
        square, (x, y, width, height) = letterbox(rgb, PICTURE_SIZE)
        picture = torch.from_numpy(square)[None]
        with torch.inference_mode():
            both = torch.cat([picture, picture.flip(-1)])
            logits = self.foreground(both, self.encoder(both).maps)
            belief = (logits[0] + logits[1].flip(-1)).div(2).sigmoid().numpy()
        full = cv2.resize(belief, (PICTURE_SIZE, PICTURE_SIZE), interpolation=cv2.INTER_LINEAR)
        return cut_out_with(rgb, np.ascontiguousarray(full[y : y + height, x : x + width]))

    def classify(self, image: Image, mask: Mask) -> GarmentKind:
        """What kind of thing is in the mask of the picture."""
        return read_kind(self.encoder, self.kinds, image, mask)


def refuse_what_is_no_garment(seen: GarmentKind, told: bool) -> None:
    """Raise BadInput for shoes, hats and everything that is not worn on torso or legs.

    Args:
        told: somebody said what garment it is, so only what is surely none is refused.
    """
    if seen.strange > SURELY_NONE if told else not seen.is_garment:
        raise BadInput(
            "garment picture", f"what looks like {seen.looks_like}", "a top, a dress, trousers, shorts or a skirt",
            "Use a picture of one garment, laid flat or hanging, on a plain ground.",
        )  # fmt: skip


def _warnings(seen: GarmentKind, asked: CategoryChoice, mask: Mask) -> tuple[str, ...]:
    """What the person should know about this picture."""
    out = []
    if seen.worn > 0.5:
        out.append("the garment seems to be worn by someone; a picture of the garment alone gives a better result")
    if asked == "auto" and seen.confidence < UNSURE:
        out.append(
            f"not sure what kind of garment this is (taken as {seen.category}); choose the category if that is wrong"
        )
    if asked not in ("auto", seen.category) and seen.confidence > UNSURE:
        out.append(f"this looks like a garment of category {seen.category}, but {asked} was asked for")
    inside = mask > 127
    if inside.mean() < SMALL_SHARE:
        out.append("the garment is small in its picture; crop the picture for more detail")
    if np.concatenate([inside[0], inside[-1], inside[:, 0], inside[:, -1]]).mean() > CROPPED_SHARE:
        out.append("the garment is cut off at the picture's border; the missing part is invented")
    return tuple(out)
