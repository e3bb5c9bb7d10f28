"""How high above the floor a room's photo was taken, from what stands in it.

A photo has no scale, but things have usual sizes: a horizon that crosses a door at half its height was seen from one
metre, whatever the room. Every place of the photo votes, from what is seen there (features of the floor's network) and
how steeply it is looked down at, and says how much its vote counts (after the single view metrology of Zhu et al.,
ECCV 2020, which finds the same height by detected objects).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn

from pipelines import weights
from pipelines.geometry.camera import Camera
from pipelines.perception.floor import FloorFinder, network_input
from pipelines.perception.floor_net import FloorNet
from pipelines.perception.parsing import FEATURE_SCALE
from pipelines.perception.room import USUAL_HEIGHT, RoomNetworks
from pipelines.schema import Image

#: What is usual, metres, and the deviation of its logarithm among people; that of the network's among rooms like those
#: it learnt from is half as large, but photos are of other rooms.
USUAL, USUAL_SPREAD, FOUND_SPREAD = USUAL_HEIGHT, 0.17, 0.12
#: The answer counts as right within this share.
RIGHT = 0.15


class HeightNet(ModelMixin, ConfigMixin):
    """Features of `FloorNet`'s encoder → log of the camera's height.

    Args:
        features: channels that come in.
        width: of its layers.
    """

    @register_to_config
    def __init__(self, features: int = 40 + 112 + 320, width: int = 64) -> None:
        super().__init__()
        self.thin = nn.Dropout2d(0.3)
        self.seen = nn.Conv2d(features, width, 1)
        self.steep = nn.Conv2d(4, width, 1)
        self.norms = nn.ModuleList([nn.GroupNorm(8, width) for _ in range(3)])
        self.convs = nn.ModuleList([nn.Conv2d(width, width, 3, padding=1) for _ in range(2)])
        self.vote = nn.Conv2d(width, 2, 1)
        nn.init.zeros_(self.vote.weight)
        nn.init.constant_(self.vote.bias, 0.0)  # type: ignore[arg-type]

    def forward(self, features: Tensor, fall: Tensor, focal: Tensor) -> Tensor:
        """Log metres (N,).

        Args:
            features: (N, features, h, w) of `seen_features`.
            fall: (N, 1, h, w), sine of the angle at which a place's ray falls.
            focal: (N,), in longer sides of the photo.
        """
        angles = torch.cat([fall, fall.abs(), fall**2, focal[:, None, None, None].expand_as(fall)], 1)
        x = self.norms[0](self.seen(self.thin(features)) + self.steep(3 * angles))
        for conv, norm in zip(self.convs, self.norms[1:], strict=True):
            x = norm(x + conv(F.silu(x)))
        votes, weights = self.vote(F.silu(x)).flatten(2).unbind(1)
        # Votes are told from what is usual, which is what a network says that knows nothing.
        return (weights.softmax(1) * votes).sum(1) + float(np.log(USUAL))


def seen_features(net: FloorNet, image: Tensor, fall: Tensor) -> tuple[Tensor, Tensor]:
    """Features (N, C, H/16, W/16) of what `FloorNet` sees, and the falls (N, 1, H/16, W/16) there."""
    _, _, eighth, sixteenth, last = (x * FEATURE_SCALE for x in net.encoder(image))
    last = F.interpolate(last, size=sixteenth.shape[-2:], mode="bilinear", align_corners=False)
    return torch.cat([F.avg_pool2d(eighth, 2), sixteenth, last], 1), F.avg_pool2d(fall, 16)


class HeightFinder:
    """Finds the camera's height. Thread-safe: the networks keep no state between calls.

    Args:
        folder: holds config.json and the weights of a `HeightNet`.
        floor: the network whose encoder it was trained on.
    """

    def __init__(self, folder: Path, floor: FloorNet) -> None:
        self.net = HeightNet.from_pretrained(folder, dtype=torch.float32).eval().requires_grad_(False)
        self.floor = floor

    @torch.inference_mode()
    def __call__(self, photo: Image, camera: Camera) -> tuple[float, float]:
        """Metres above the floor, and the chance to be right within 15 %.

        Args:
            photo: RGB uint8 (H, W, 3).
            camera: of this photo; its height is not looked at.
        """
        image, fall = network_input(self.floor, photo, camera)
        both = (torch.cat([x, x.flip(-1)]) for x in (image, fall))
        features, falls = seen_features(self.floor, *both)
        focal = torch.full((2,), camera.focal / max(camera.size))
        answers = self.net(features, falls, focal)
        # A photo's answer and its mirror image's differ where the network does not know.
        spread = float(np.hypot(FOUND_SPREAD, (answers[0] - answers[1]).item()))
        weight = USUAL_SPREAD**2 / (USUAL_SPREAD**2 + spread**2)
        height = float(np.exp(weight * answers.mean().item() + (1 - weight) * np.log(USUAL)))
        left = float(np.sqrt(weight) * spread)
        return height, float(torch.special.ndtr(torch.tensor(RIGHT / left)) * 2 - 1)


def room_networks() -> RoomNetworks:
    """The networks that come with the project, loaded."""
    finder = FloorFinder(weights.resolve("floor"))
    return RoomNetworks(finder, HeightFinder(weights.resolve("camera_height"), finder.net))
