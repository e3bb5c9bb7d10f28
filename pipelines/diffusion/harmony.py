"""Harmony: how an item and a room change each other's light.

The posterior mean of the compact family for rooms. Where an item joins a room, all that has to be painted is light:
shadow and bounce around the item, and the room's own light on it. So the network predicts factors instead of colours,
smooth enough to be predicted small and multiplied at the photo's own size: no texture is ever repainted.

Shadow and harmonisation by regression of gains: after DoveNet (Cong et al., CVPR 2020) and the shadow filling of SGRNet
(Hong, Niu, Zhang, AAAI 2022); the U-Net is that of `mean`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from diffusers.utils import BaseOutput
from torch import Tensor, nn

from pipelines.diffusion.mean import UNet
from pipelines.geometry.depth import SURROUNDINGS

#: Factors lie within exp(-LIMIT) to exp(LIMIT).
LIMIT = 2.0
#: Pixels over which light changes on an item, and what part of its tint is believed.
GLIDE, TINT = 33, 0.7
#: (height, width) of the overview, and channels of what is read from it.
OVERVIEW, OVERVIEW_FACTS = (48, 64), 48


@dataclass
class HarmonyOutput(BaseOutput):
    """Logarithms of factors, N pictures of H × W.

    Attributes:
        room: (N, 3, H, W) for the room.
        item: (N, 3, H, W) for the item.
        shade: (N, 1, H, W) in (0, 2): the power to which the drawn shadow is raised; 1 = as it is.
    """

    room: Tensor
    item: Tensor
    shade: Tensor


def lit(room: Tensor, item: Tensor, alpha: Tensor, kept: Tensor, light: HarmonyOutput) -> Tensor:
    """The room with the item in it, (N, 3, H, W).

    Args:
        room, item: (N, 3, H, W), 0 = black. alpha: (N, 1, H, W), 1 = item.
        kept: (N, 1, H, W) in (0, 1], what share of its light the drawn shadow leaves.
    """
    ground = room * kept**light.shade * light.room.exp()
    return ground + alpha * (item * light.item.exp() - ground)


def calmed(light: Tensor, alpha: Tensor) -> Tensor:
    """Light on an item (N, 3, H, W) that goes slowly over it, with a part of its tint.

    A network that sees what lies behind an item is tempted to let it shine through.
    """
    weight = alpha.float().clamp(min=1e-3)
    mean = lambda x: F.avg_pool2d(x, GLIDE, stride=1, padding=GLIDE // 2, count_include_pad=False)  # noqa: E731
    slow = mean(mean(light * weight)) / mean(mean(weight))
    grey = slow.mean(1, keepdim=True)
    return grey + TINT * (slow - grey)


class HarmonyNet(ModelMixin, ConfigMixin):
    """Room, item, shadow and depth around them → factors of light. H and W are multiples of 16.

    Args:
        widths, blocks: of the U-Net (1/4, 1/8, 1/16 size).
    """

    @register_to_config
    def __init__(self, widths: tuple[int, ...] = (48, 72, 112), blocks: tuple[int, ...] = (1, 2, 3)) -> None:
        super().__init__()
        self.look = nn.Sequential(
            nn.Conv2d(4, 24, 4, stride=4), nn.SiLU(), nn.Conv2d(24, 32, 3, stride=2, padding=1), nn.SiLU(),
            nn.Conv2d(32, 32, 3, stride=2, padding=1), nn.SiLU(),
            nn.Flatten(), nn.Linear(32 * 3 * 4, OVERVIEW_FACTS), nn.SiLU(),
        )  # fmt: skip
        self.net = UNet(16 * (3 + 3 + 1 + 1 + SURROUNDINGS), widths, blocks, OVERVIEW_FACTS)
        self.head = nn.Conv2d(widths[0], 16 * 7, 3, padding=1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)  # type: ignore[arg-type]

    def forward(
        self, room: Tensor, item: Tensor, alpha: Tensor, kept: Tensor, around: Tensor, overview: Tensor
    ) -> HarmonyOutput:  # fmt: skip
        """Predict the light.

        Args:
            room: (N, 3, H, W) in [0, 1]. item: likewise, taken in neutral light; only seen under `alpha`.
            alpha, kept: (N, 1, H, W), see `lit`.
            around: (N, SURROUNDINGS, H, W), see `pipelines.geometry.depth.surroundings`.
            overview: (N, 4, 48, 64): the whole photo in [0, 1], and 1 where the part that is rendered lies.
        """
        facts = self.look(overview * 2 - 1)
        seen = torch.cat([room * 2 - 1, (item * 2 - 1) * alpha, alpha, kept.log(), around], 1)
        out = F.pixel_shuffle(self.head(self.net(F.pixel_unshuffle(seen, 4), facts)).float(), 4)
        light = LIMIT * torch.tanh(out[:, :6] / LIMIT)
        return HarmonyOutput(room=light[:, :3], item=calmed(light[:, 3:], alpha), shade=2 * torch.sigmoid(out[:, 6:]))
