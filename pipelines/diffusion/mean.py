"""Layout and posterior mean: where the garment will lie, the hint brought there, and the average picture of the rest.

Two U-Nets, coarse to fine. The first sees everything at 1/4 size and predicts the layout (which pixel becomes garment,
skin, hair, other clothes, ground) and a coarse flow that moves the hint. The second sees the moved hint at 1/2 size and
predicts a residual flow, what to paint where there is no hint, and where to trust which.

Flow correction of a pasted reference: after the pixel hint of Diffuse-to-Choose (Seyfioglu et al. 2024) and the
appearance flow of try-on warping (ClothFlow, Han et al. 2019).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from diffusers.utils import BaseOutput
from torch import Tensor, nn

from pipelines.geometry.layout import LAYOUT_LABELS

#: One-hot facts beside the pictures: category upper, lower, dress; sleeve none, short, long.
FACTS = 6
#: Steepness of the gate: a soft gate lays a halo of half-garment round every sleeve. And where it lies: as it was
#: trained, garments end a little inside their own edge on photos.
GATE_GAIN, GATE_OFFSET = 2.5, 0.6
#: Deeper inside the hint than this share of the picture's height there is garment, whatever the network believes: most
#: of what it saw worn below the waist were trousers, and it parts skirts between the legs.
CORE = 0.0235
#: Farther from the hint than this share of the picture's height there is no garment, however wide the mask is.
REACH = 0.03
#: Power of the chances of what lies where no garment comes: an arm's outline is a line, wherever it is.
SHARPER = 3.0
#: Which labels (1, L, 1, 1) may lie where the garment does not.
NOT_GARMENT = torch.tensor([label != "garment" for label in LAYOUT_LABELS])[None, :, None, None]
OTHER_CLOTHING = torch.tensor([float(label == "other clothing") for label in LAYOUT_LABELS])[None, :, None, None]


@dataclass
class MeanOutput(BaseOutput):
    """What the mean model predicts; N pictures of H × W, all pictures in [-1, 1].

    Attributes:
        sample: posterior mean (N, 3, H, W).
        layout: logits (N, 6, H/2, W/2) over LAYOUT_LABELS.
        flow: (N, 2, H/4, W/4): pixel x of the finished picture takes the hint at x + flow, in pixels of H × W, (x, y).
        moved: the hint after the flow (N, 3, H, W).
        garment: (N, 1, H, W) in [0, 1], how surely a pixel is garment: 1 = the moved hint, 0 = `painted`.
        painted: (N, 3, H, W).
        coarse_flow: `flow` after the first network.
    """

    sample: Tensor
    layout: Tensor
    flow: Tensor
    moved: Tensor
    garment: Tensor
    painted: Tensor
    coarse_flow: Tensor


def warp(picture: Tensor, flow: Tensor) -> Tensor:
    """Sample `picture` (N, C, H, W) at x + flow; `flow` (N, 2, H, W) in pixels, (x, y). Beyond the edge: the edge."""
    h, w = picture.shape[-2:]
    y, x = torch.meshgrid(torch.arange(h, device=flow.device), torch.arange(w, device=flow.device), indexing="ij")
    grid_x = (x + flow[:, 0].float()) * (2 / w) + (1 / w - 1)
    grid_y = (y + flow[:, 1].float()) * (2 / h) + (1 / h - 1)
    grid = torch.stack([grid_x, grid_y], dim=-1)
    return F.grid_sample(picture.float(), grid, mode="bilinear", padding_mode="border", align_corners=False)


def spread(picture: Tensor, known: Tensor) -> Tensor:
    """Carry the colours of what is known on over the whole picture, smoother the farther away.

    Pull-push (Gortler et al., The Lumigraph, 1996).

    Args:
        picture: (N, C, H, W), 0 where it is not known. known: (N, 1, H, W), 1 = known.

    Returns:
        float32 (N, C, H, W), the same as `picture` where that is known; 0 if nothing is.
    """
    levels = [torch.cat([picture, known], 1).float()]
    # Pull: to ever coarser size; a cell is known as soon as one of the four below it is.
    while max(levels[-1].shape[-2:]) > 1:
        half = ((levels[-1].shape[-2] + 1) // 2, (levels[-1].shape[-1] + 1) // 2)
        total = 4 * F.adaptive_avg_pool2d(levels[-1], half)
        levels.append(total / total[:, -1:].clamp(min=1))
    # Push: what a level does not know comes from the coarser one.
    filled = levels[-1][:, :-1] / levels[-1][:, -1:].clamp(min=1e-6)
    for level in reversed(levels[:-1]):
        filled = level[:, :-1] + (1 - level[:, -1:]) * upsample(filled, (level.shape[-2], level.shape[-1]))
    return filled


def carried_on(masked: Tensor, known: Tensor) -> Tensor:
    """What each label's kept pixels become when carried on over the whole picture: skin goes on as skin.

    Args:
        masked: (N, 3, H, W), 0 where it is to be repainted. known: (N, L, H, W), one-hot where it is kept.

    Returns:
        float32 (N, L, 3, H, W); for a label that nowhere stays, what is carried on of everything.
    """
    everything = torch.cat([known, known.amax(1, keepdim=True)], 1)
    pictures = (masked[:, None] * everything[:, :, None]).flatten(0, 1)
    filled = spread(pictures, everything.flatten(0, 1)[:, None]).unflatten(0, everything.shape[:2])
    there = known.amax((2, 3))[:, :, None, None, None].float()
    return there * filled[:, :-1] + (1 - there) * filled[:, -1:]


def core(mask: Tensor) -> Tensor:
    """What of a mask (N, 1, H, W) lies more than CORE of its height inside, with a soft edge."""
    depth = round(CORE * mask.shape[-2])
    inner = -F.max_pool2d(-mask, 2 * depth + 1, stride=1, padding=depth)
    return F.avg_pool2d(inner, 5, stride=1, padding=2)


def within_reach(mask: Tensor) -> Tensor:
    """1 where a mask (N, 1, H, W) is at most REACH of its height away, 0 farther, with a soft edge."""
    reach = round(REACH * mask.shape[-2])
    return F.avg_pool2d(F.max_pool2d(mask, 2 * reach + 1, stride=1, padding=reach), 5, stride=1, padding=2)


def upsample(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Bilinear, float32."""
    return F.interpolate(x.float(), size=size, mode="bilinear", align_corners=False)


class Block(nn.Module):
    """Residual block without normalisation: a regression of pixels is better and faster without (EDSR, Lim et al.
    2017)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(F.silu(self.conv1(F.silu(x))))


class UNet(nn.Module):
    """A small U-Net; the facts enter at its lowest level.

    Args:
        in_channels: of the folded input.
        widths: channels at the input's size, at 1/2 of it, 1/4, … .
        blocks: residual blocks per level on the way down, and as many on the way up.
        facts: how many there are.
    """

    def __init__(
        self, in_channels: int, widths: tuple[int, ...], blocks: tuple[int, ...], facts: int = FACTS
    ) -> None:  # fmt: skip
        super().__init__()
        self.inlet = nn.Conv2d(in_channels, widths[0], 3, padding=1)
        self.facts = nn.Linear(facts, widths[-1])
        self.down, self.up, self.downsample, self.upsample = (nn.ModuleList() for _ in range(4))
        for level, (width, count) in enumerate(zip(widths, blocks, strict=True)):
            self.down.append(nn.Sequential(*[Block(width) for _ in range(count)]))
            self.up.append(nn.Sequential(*[Block(width) for _ in range(count)]))
            if level < len(widths) - 1:
                self.downsample.append(nn.Conv2d(width, widths[level + 1], 4, stride=2, padding=1))
                self.upsample.append(nn.Sequential(nn.Conv2d(widths[level + 1], 4 * width, 1), nn.PixelShuffle(2)))

    def forward(self, x: Tensor, facts: Tensor) -> Tensor:
        """(N, in, h, w) and (N, facts) → (N, widths[0], h, w)."""
        h = self.inlet(x)
        skips = []
        for level, downsample in enumerate(self.downsample):
            h = self.down[level](h)
            skips.append(h)
            h = downsample(h)
        h = self.up[-1](self.down[-1](h) + self.facts(facts)[:, :, None, None])
        for level in reversed(range(len(skips))):
            h = self.up[level](self.upsample[level](h) + skips[level])
        return h


class MeanModel(ModelMixin, ConfigMixin):
    """Masked photo + pose + hint → layout, flow and posterior mean. H and W are multiples of 16.

    Args:
        layout_widths, layout_blocks: of the first U-Net (1/4, 1/8, … size).
        paint_widths, paint_blocks: of the second (1/2, 1/4, … size).
    """

    @register_to_config
    def __init__(
        self,
        layout_widths: tuple[int, ...] = (64, 128, 256),
        layout_blocks: tuple[int, ...] = (1, 2, 3),
        paint_widths: tuple[int, ...] = (48, 96, 192, 256),
        paint_blocks: tuple[int, ...] = (1, 2, 2, 2),
    ) -> None:
        super().__init__()
        labels = len(LAYOUT_LABELS)
        context = 3 + labels
        self.layout_net = UNet(2 * 16 * 4 + context, layout_widths, layout_blocks)
        self.layout_head = nn.Conv2d(layout_widths[0], 4 * labels + 2, 3, padding=1)
        self.paint_net = UNet(2 * 4 * 4 + context + labels + layout_widths[0] // 4, paint_widths, paint_blocks)
        self.paint_head = nn.Conv2d(paint_widths[0], 4 * 4 + 2, 3, padding=1)
        for head in (self.layout_head, self.paint_head):
            nn.init.zeros_(head.weight)
            nn.init.zeros_(head.bias)  # type: ignore[arg-type]

    def forward(
        self, masked: Tensor, mask: Tensor, hint: Tensor, hint_mask: Tensor, pose: Tensor, known: Tensor, facts: Tensor
    ) -> MeanOutput:
        """Predict the finished picture.

        Args:
            masked: photo (N, 3, H, W) in [-1, 1]; what lies under the mask is not looked at.
            mask: (N, 1, H, W), 1 = repaint.
            hint: warped garment (N, 3, H, W) in [-1, 1]; what lies outside `hint_mask` is not looked at.
            hint_mask: (N, 1, H, W), 1 = hint.
            pose: pose map (N, 3, H, W) in [0, 1].
            known: layout of the kept part, one-hot (N, 6, H, W), 0 inside the mask.
            facts: (N, 6) category and sleeve, one-hot.
        """
        size = (masked.shape[-2], masked.shape[-1])
        # What surrounds the mask goes on into it, a smooth first guess of what is no garment; and the hint beyond its
        # edge, so that a garment which ends up larger has something to be made of.
        ground = spread(masked * (1 - mask), 1 - mask).to(masked.dtype)
        hint = spread(hint * hint_mask, hint_mask).to(hint.dtype)
        context = torch.cat([F.avg_pool2d(pose, 2), known[:, :, 1::2, 1::2]], 1)
        # 1. layout and coarse flow
        folded_hint = F.pixel_unshuffle(torch.cat([hint, hint_mask], 1), 4)
        photo = F.pixel_unshuffle(torch.cat([ground, mask], 1), 4)
        features = self.layout_net(torch.cat([photo, folded_hint, F.avg_pool2d(context, 2)], 1), facts)
        layout, coarse = self.layout_head(features).float().split([4 * len(LAYOUT_LABELS), 2], 1)
        layout = F.pixel_shuffle(layout, 2)
        coarse = coarse * 4  # the network speaks in cells of four pixels
        # 2. the hint, moved; residual flow, paint and gate
        moved = warp(torch.cat([hint, hint_mask], 1), upsample(coarse, size))
        likely = layout.softmax(1)
        # Where no garment comes, skin goes on as skin and ground as ground, by what the layout says is there.
        # A dress leaves nothing else of what was worn.
        worn = likely * (1 - facts[:, 2, None, None, None].float() * OTHER_CLOTHING.to(likely.device))
        bare = upsample(worn.where(NOT_GARMENT.to(likely.device), 0.0), size)
        bare = (bare / bare.sum(1, keepdim=True).clamp(min=1e-3)) ** SHARPER
        bare = bare / bare.sum(1, keepdim=True).clamp(min=1e-3)
        ground = torch.where(mask > 0, (bare[:, :, None] * carried_on(masked, known)).sum(1), masked.float())
        ground = ground.to(masked.dtype)
        photo = F.pixel_unshuffle(torch.cat([ground, mask], 1), 2)
        folded_hint = F.pixel_unshuffle(moved.to(photo.dtype), 2)
        seen = torch.cat([photo, folded_hint, context, likely.to(features.dtype), F.pixel_shuffle(features, 2)], 1)
        out = self.paint_head(self.paint_net(seen, facts)).float()
        flow = coarse + F.avg_pool2d(out[:, 16:], 2) * 4
        painted, gate = F.pixel_shuffle(out[:, :16], 2).split([3, 1], 1)
        moved, there = warp(torch.cat([hint, hint_mask], 1), upsample(flow, size)).split([3, 1], 1)
        # The gate is where the garment is, not how sure the network is of it: a gate free to say "unsure" blurs every
        # print.
        believed = torch.sigmoid(GATE_GAIN * (gate + GATE_OFFSET))
        near = within_reach(there)
        garment = torch.maximum(believed * near, core(there))
        # What was painted in the belief that garment hides it is no picture of what lies there instead.
        painted = ground + painted * (1 - believed * (1 - near))
        sample = garment * moved + (1 - garment) * painted
        return MeanOutput(
            sample=sample, layout=layout, flow=flow, moved=moved, garment=garment, painted=painted,
            coarse_flow=coarse,
        )  # fmt: skip


def mirrored(out: MeanOutput) -> MeanOutput:
    """What is predicted of a mirrored picture, mirrored back."""
    back = {name: value.flip(-1) for name, value in out.items()}
    for name in ("flow", "coarse_flow"):
        back[name] = back[name] * back[name].new_tensor([-1.0, 1.0])[:, None, None]
    return MeanOutput(**back)


def both_ways(
    model: MeanModel, masked: Tensor, mask: Tensor, hint: Tensor, hint_mask: Tensor, pose: Tensor, known: Tensor,
    facts: Tensor, mirrored_pose: Tensor,
) -> MeanOutput:  # fmt: skip
    """The mean of what the model predicts of the picture and of its mirror image: its errors are not the same ones.

    Arguments as for `MeanModel.forward`; `mirrored_pose` is the pose map of the mirrored picture, which is not the
    mirrored pose map: left and right limbs have colours of their own. Self-ensemble after Timofte et al. 2016.
    """
    pictures = [x.flip(-1) for x in (masked, mask, hint, hint_mask)]
    one = model(masked, mask, hint, hint_mask, pose, known, facts)
    other = mirrored(model(*pictures, mirrored_pose, known.flip(-1), facts))
    mean = MeanOutput(**{name: 0.5 * (value + other[name]) for name, value in one.items()})
    # Two pictures of a print laid over each other are none: the garment is moved anew, by the mean flow.
    size = (hint.shape[-2], hint.shape[-1])
    mean.moved = warp(spread(hint * hint_mask, hint_mask), upsample(mean.flow, size))
    mean.sample = mean.garment * mean.moved + (1 - mean.garment) * mean.painted
    return mean
