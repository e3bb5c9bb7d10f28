"""Parsing: which part of body or clothing each pixel of a photo of a person is.

A small network sees the person's box, letterboxed to a fixed size, with two hints that BlazePose gives for nothing:
the person mask and maps of the limbs. Its encoder is EfficientNet-Lite0; the hints join in the decoder, so that the
pretrained first layers keep their meaning.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import timm
import torch
import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from numpy.typing import NDArray
from torch import Tensor, nn

from pipelines.perception import pose as points
from pipelines.perception.pose import Pose
from pipelines.schema import PARSING_LABELS, Image, Keypoints, check_image

__all__ = ["PARSING_LABELS", "Parser", "ParserNet", "View", "limb_maps", "view_of", "worn_share"]

#: The person's box is enlarged by this share of its longer side: hair, bags and hems reach beyond the mask.
MARGIN = 0.07
#: Limb maps are drawn at 1/4 of the input's size.
MAP_STRIDE = 4
#: Grey level of what lies beyond the photo's edge.
BEYOND = 127

#: Channels of the encoded hints.
HINTS = 32
# The encoder's features have a standard deviation of 6 to 12; brought near 1, or they drown the hints.
FEATURE_SCALE = 1 / 8

#: Chains of landmarks, one map each; left and right share a map, so mirrored photos need no special care.
LIMBS: tuple[tuple[tuple[int, ...], ...], ...] = (
    ((points.L_EYE, points.NOSE, points.R_EYE), (points.L_MOUTH, points.R_MOUTH)),
    ((points.L_EAR, points.R_EAR),),
    ((points.L_SHOULDER, points.R_SHOULDER),),
    ((points.L_SHOULDER, points.L_HIP), (points.R_SHOULDER, points.R_HIP), (points.L_HIP, points.R_HIP)),
    ((points.L_SHOULDER, points.L_ELBOW), (points.R_SHOULDER, points.R_ELBOW)),
    ((points.L_ELBOW, points.L_WRIST), (points.R_ELBOW, points.R_WRIST)),
    (
        (points.L_PINKY, points.L_WRIST, points.L_INDEX), (points.L_WRIST, points.L_THUMB),
        (points.R_PINKY, points.R_WRIST, points.R_INDEX), (points.R_WRIST, points.R_THUMB),
    ),
    ((points.L_HIP, points.L_KNEE), (points.R_HIP, points.R_KNEE)),
    ((points.L_KNEE, points.L_ANKLE), (points.R_KNEE, points.R_ANKLE)),
    ((points.L_HEEL, points.L_ANKLE, points.L_TOE), (points.R_HEEL, points.R_ANKLE, points.R_TOE)),
)  # fmt: skip
#: The same as rows of (map, start, end).
_SEGMENTS = np.array(
    [(i, a, b) for i, chains in enumerate(LIMBS) for chain in chains for a, b in itertools.pairwise(chain)]
)


@dataclass(frozen=True)
class View:
    """Where the network's input lies in a photo: input pixel = (photo pixel - origin) × scale.

    Attributes:
        x, y: the photo pixel at the input's upper left corner.
        scale: input pixels per photo pixel.
        size: (height, width) of the input.
    """

    x: float
    y: float
    scale: float
    size: tuple[int, int]

    @property
    def from_photo(self) -> NDArray[np.float64]:
        """The affine map (2, 3) from pixels of the photo to pixels of the input."""
        # Half pixels keep pixel centres on pixel centres when the scale is not 1.
        shift = 0.5 * self.scale - 0.5
        return np.array(
            [[self.scale, 0, shift - self.x * self.scale], [0, self.scale, shift - self.y * self.scale]],
        )


def view_of(pose: Pose, size: tuple[int, int]) -> View:
    """The view that holds the person's box with a margin, whole and centred."""
    height, width = pose.person_mask.shape
    x0, y0, x1, y1 = np.array(pose.box) * [width, height, width, height]
    margin = MARGIN * max(x1 - x0, y1 - y0)
    # No need to look beyond the photo where it ends close to the person.
    x0, y0, x1, y1 = max(x0 - margin, 0), max(y0 - margin, 0), min(x1 + margin, width), min(y1 + margin, height)
    scale = min(size[1] / (x1 - x0), size[0] / (y1 - y0))
    return View((x0 + x1) / 2 - size[1] / scale / 2, (y0 + y1) / 2 - size[0] / scale / 2, scale, size)


def draw_view(image: Image, mask: NDArray[np.uint8], view: View) -> tuple[Image, NDArray[np.uint8]]:
    """The photo and the person mask as the network sees them; grey and 0 beyond the photo's edge."""
    height, width = view.size
    if view.scale < 0.5:
        small = max(round(image.shape[1] * view.scale), 1), max(round(image.shape[0] * view.scale), 1)
        matrix = view.from_photo @ np.diag([image.shape[1] / small[0], image.shape[0] / small[1], 1])
        image, mask = (cv2.resize(x, small, interpolation=cv2.INTER_AREA) for x in (image, mask))
    else:
        matrix = view.from_photo
    seen = cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=(BEYOND,) * 3)
    return seen, cv2.warpAffine(mask, matrix, (width, height), flags=cv2.INTER_LINEAR)


def limb_maps(keypoints: Keypoints, visibility: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Closeness to each limb, float32 (len(LIMBS), H, W) at `size`: 1 on it, 1/e a third of the torso away.

    Args:
        keypoints: (33, 2) in pixels of the maps.
        visibility: (33,); limbs that are hidden are drawn fainter.
        size: (height, width) of the maps.
    """
    joints = keypoints.astype(np.float32)
    shoulders, hips = joints[[points.L_SHOULDER, points.R_SHOULDER]], joints[[points.L_HIP, points.R_HIP]]
    torso = np.linalg.norm(shoulders.mean(0) - hips.mean(0))
    unit = np.float32(np.nanmax([torso, np.linalg.norm(shoulders[0] - shoulders[1]), 4.0]) / 3)
    start, end = joints[_SEGMENTS[:, 1]], joints[_SEGMENTS[:, 2]]
    along = end - start
    squared = np.maximum((along**2).sum(1), 1e-6)[:, None, None]
    from_x = np.arange(size[1], dtype=np.float32)[None, None, :] - start[:, 0, None, None]
    from_y = np.arange(size[0], dtype=np.float32)[None, :, None] - start[:, 1, None, None]
    along_x, along_y = along[:, 0, None, None], along[:, 1, None, None]
    share = np.clip((from_x * along_x + from_y * along_y) / squared, 0, 1)
    away = np.hypot(from_x - share * along_x, from_y - share * along_y)
    seen = 0.3 + 0.7 * np.minimum(visibility[_SEGMENTS[:, 1]], visibility[_SEGMENTS[:, 2]])
    close = np.nan_to_num(seen[:, None, None].astype(np.float32) * np.exp(-away / unit))
    starts = np.searchsorted(_SEGMENTS[:, 0], np.arange(len(LIMBS)))
    return np.asarray(np.maximum.reduceat(close, starts, axis=0), np.float32)


class Fuse(nn.Module):
    """One step of the decoder: enlarge, add the encoder's features and the hints, mix.

    Args:
        below, lateral, hints: channels of what comes in.
        width: channels of what comes out.
        blocks: normalised 3×3 convolutions.
    """

    def __init__(self, below: int, lateral: int, hints: int, width: int, blocks: int = 2) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(below, width, 1)
        self.lateral = nn.Conv2d(lateral + hints, width, 1)
        self.norms = nn.ModuleList([nn.GroupNorm(8, width) for _ in range(blocks)])
        self.convs = nn.ModuleList([nn.Conv2d(width, width, 3, padding=1) for _ in range(blocks)])

    def forward(self, below: Tensor, lateral: Tensor, hints: Tensor) -> Tensor:
        size = lateral.shape[2], lateral.shape[3]
        hints = F.adaptive_avg_pool2d(hints, size)
        x = F.interpolate(self.reduce(below), size=size, mode="bilinear", align_corners=False)
        x = x + self.lateral(torch.cat([lateral, hints], 1))
        for norm, conv in zip(self.norms, self.convs, strict=True):
            x = x + conv(F.silu(norm(x)))
        return x


class ParserNet(ModelMixin, ConfigMixin):
    """EfficientNet-Lite0 and a U-shaped decoder; logits at half of the input's size.

    Args:
        num_labels: how many labels a pixel can have.
        limbs: how many limb maps come along.
        widths: of the decoder at 1/16, 1/8, 1/4 and 1/2 of the input's size.
        input_size: (height, width) of the views it was trained on.
    """

    @register_to_config
    def __init__(
        self,
        num_labels: int = len(PARSING_LABELS),
        limbs: int = len(LIMBS),
        widths: tuple[int, ...] = (128, 96, 64, 32),
        input_size: tuple[int, int] = (256, 192),
    ) -> None:
        super().__init__()
        self.encoder = timm.create_model("tf_efficientnet_lite0", pretrained=False, features_only=True)
        half, quarter, eighth, sixteenth, last = self.encoder.feature_info.channels()
        self.hints = nn.Sequential(
            nn.Conv2d(limbs + 1, HINTS, 3, padding=1), nn.GroupNorm(8, HINTS), nn.SiLU(),
            nn.Conv2d(HINTS, HINTS, 3, padding=1), nn.GroupNorm(8, HINTS),
        )  # fmt: skip
        self.fuse16 = Fuse(last, sixteenth, HINTS, widths[0])
        self.fuse8 = Fuse(widths[0], eighth, HINTS, widths[1])
        self.fuse4 = Fuse(widths[1], quarter, HINTS, widths[2])
        self.fuse2 = Fuse(widths[2], half, 1, widths[3], blocks=1)
        self.head = nn.Conv2d(widths[3], num_labels, 1)

    def forward(self, image: Tensor, mask: Tensor, limbs: Tensor) -> Tensor:
        """Logits (N, num_labels, H/2, W/2).

        Args:
            image: (N, 3, H, W) in [-1, 1]; H and W multiples of 16.
            mask: person mask (N, 1, H, W) in [0, 1].
            limbs: limb maps (N, limbs, H/4, W/4).
        """
        half, quarter, eighth, sixteenth, last = (x * FEATURE_SCALE for x in self.encoder(image))
        small_mask = F.adaptive_avg_pool2d(mask, (limbs.shape[2], limbs.shape[3]))
        hints = self.hints(torch.cat([limbs, small_mask], 1))
        x = self.fuse16(last, sixteenth, hints)
        x = self.fuse8(x, eighth, hints)
        x = self.fuse4(x, quarter, hints)
        return self.head(F.silu(self.fuse2(x, half, mask)))


class Parser:
    """Parses photos of people. Thread-safe: the network keeps no state between calls.

    Args:
        folder: holds config.json and the weights.
    """

    def __init__(self, folder: Path) -> None:
        net = ParserNet.from_pretrained(folder, dtype=torch.float32)
        self.net = net.eval().requires_grad_(False).to(memory_format=torch.channels_last)

    def __call__(self, image: Image, pose: Pose) -> NDArray[np.uint8]:
        """The parsing of an RGB photo (H, W, 3): uint8 (H, W), index into `PARSING_LABELS`."""
        check_image(image, "person photo")
        height, width = self.net.config.input_size
        view = view_of(pose, (height, width))
        logits = self._logits(image, pose, view)
        return _labels_in_photo(logits, view, image.shape[:2])

    def _logits(self, image: Image, pose: Pose, view: View) -> NDArray[np.float32]:
        """Logits (labels, H, W) at the size of the view, the mean of the view and its mirror image."""
        seen, mask = draw_view(image, pose.person_mask, view)
        limbs = limb_maps(*keypoints_in_view(pose, view))
        pixels = torch.from_numpy(seen).permute(2, 0, 1)[None].float() / 127.5 - 1
        inputs = pixels, torch.from_numpy(mask)[None, None].float() / 255, torch.from_numpy(limbs)[None]
        with torch.inference_mode():
            both = self.net(*(torch.cat([x, x.flip(-1)]).contiguous(memory_format=torch.channels_last) for x in inputs))
            mean = (both[:1] + both[1:].flip(-1)) / 2
            full = F.interpolate(mean, size=view.size, mode="bilinear", align_corners=False)
        return full[0].numpy()


def keypoints_in_view(pose: Pose, view: View) -> tuple[Keypoints, NDArray[np.float32], tuple[int, int]]:
    """What `limb_maps` needs for a pose seen in a view."""
    height, width = pose.person_mask.shape
    pixels = pose.keypoints * np.array([width, height], np.float32)
    inside = (pixels - [view.x, view.y]) * view.scale / MAP_STRIDE - 0.5
    size = view.size[0] // MAP_STRIDE, view.size[1] // MAP_STRIDE
    return inside.astype(np.float32), pose.visibility, size


def worn_share(parsing: NDArray[np.uint8]) -> float:
    """How much of the picture's non-background is hair or skin: near 0 for a garment without a person in it."""
    body = np.isin(parsing, [PARSING_LABELS.index(name) for name in ("hair", "face", "neck", "arms", "hands", "legs")])
    return float(body.sum() / max((parsing > 0).sum(), 1))


def _labels_in_photo(logits: NDArray[np.float32], view: View, size: tuple[int, int]) -> NDArray[np.uint8]:
    """The likeliest label of each pixel of the photo (height, width); background outside the view.

    Logits, not labels, are enlarged: edges come out smooth. One label at a time, so that a photo of 40 megapixels
    needs two planes and not fifteen.
    """
    height, width = size
    x0, y0 = max(int(view.x), 0), max(int(view.y), 0)
    x1 = min(int(np.ceil(view.x + view.size[1] / view.scale)), width)
    y1 = min(int(np.ceil(view.y + view.size[0] / view.scale)), height)
    matrix = view.from_photo @ np.array([[1, 0, x0], [0, 1, y0], [0, 0, 1.0]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    best = np.full((y1 - y0, x1 - x0), -np.inf, np.float32)
    labels = np.zeros(best.shape, np.uint8)
    for label, plane in enumerate(logits):
        value = cv2.warpAffine(plane, matrix, best.shape[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
        better = value > best
        best[better], labels[better] = value[better], label
    parsing = np.zeros(size, np.uint8)
    parsing[y0:y1, x0:x1] = labels
    return parsing
