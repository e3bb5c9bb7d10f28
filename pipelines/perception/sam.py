"""Things in photos by SAM (Kirillov et al., ICCV 2023): `clicked.ClickMask` with published weights."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipelines.errors import BadInput, MissingWeights
from pipelines.perception.clicked import Box, Click, checked, pixel, with_clicks
from pipelines.schema import Image, Mask, check_image

if TYPE_CHECKING:
    from segment_anything.modeling import Sam

#: Where segment-anything's README offers the smallest of the published files.
PUBLISHED = "https://dl.fbaipublicfiles.com/segment_anything/sam_vit_b_01ec64.pth"


def load_sam(file: Path) -> Sam:
    """A published SAM from a local file; which of its sizes it is, its name tells (`sam_vit_b_01ec64.pth`).

    Raises:
        MissingWeights: the file is not there.
        BadInput: it is of no size that segment-anything knows, cannot be read, or the package is not installed.
    """
    if not file.is_file():
        raise MissingWeights(file.name, (file.parent,), f"curl -o {file} {PUBLISHED}")
    try:
        from segment_anything import sam_model_registry
    except ImportError as error:
        step = "Run: pip install 'tryroom[sam]'"
        raise BadInput("segment-anything", f"not installed ({error})", "the extra `sam`", step) from error
    sizes = [name for name in sam_model_registry if name != "default"]
    size = next((name for name in sizes if name in file.name), None)
    if size is None:
        allowed = f"a file with {', '.join(sizes)} in its name"
        raise BadInput("SAM's weights", file.name, allowed, "Keep the name that it was published under.")
    try:
        sam: Sam = sam_model_registry[size](checkpoint=str(file))
    except (RuntimeError, EOFError, KeyError, pickle.UnpicklingError) as error:
        got = f"{file.name}: {str(error).splitlines()[0][:120]}"
        raise BadInput("SAM's weights", got, f"the published weights of {size}", "Download the file again.") from error
    return sam.eval()


class SamClicks:
    """Finds a thing by clicks or a box with SAM. The network may be shared, as nothing in it changes.

    Args:
        sam: see `load_sam`.
    """

    def __init__(self, sam: Sam) -> None:
        from segment_anything import SamPredictor

        self._predictor = SamPredictor(sam)
        self._photo: Image | None = None

    def set_image(self, photo: Image) -> None:
        """See `clicked.ClickMask`; runs the large part of the network, once for all clicks."""
        check_image(photo, "photo")
        self._predictor.set_image(photo)
        self._photo = photo

    def mask(self, clicks: Sequence[Click], box: Box | None = None) -> Mask:
        """See `clicked.ClickMask`. One click may mean a part or the whole: the surest of SAM's three masks is taken."""
        photo = checked(self._photo, clicks, box)
        height, width = photo.shape[:2]
        points = np.array([pixel(click, photo.shape) for click in clicks], np.float32) + 0.5
        corners = None
        if box is not None:
            ends = np.clip(box, 0, 1) * (width, height)
            corners = np.concatenate([ends.min(0), ends.max(0)]).astype(np.float32)
        masks, sure, _ = self._predictor.predict(
            point_coords=points if clicks else None,
            point_labels=np.array([click.add for click in clicks], np.int32) if clicks else None,
            box=corners,
            multimask_output=len(clicks) == 1 and box is None,
        )
        best = np.where(masks[int(np.argmax(sure))], 255, 0).astype(np.uint8)
        return with_clicks(best, clicks)
