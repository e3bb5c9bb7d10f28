"""A critic for what is painted beside a garment: without one, the mean of all possible arms is a smear.

Patch discriminator with hinge loss and feature matching (pix2pixHD, Wang et al. 2018), spectral norms (Miyato et al.
2018), weighed against the other losses by their gradients (VQGAN, Esser et al. 2021).
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from accelerate import Accelerator
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from training.loop import fast
from training.losses import masked_mean

#: Weight of matching the critic's features beside fooling it.
MATCHING = 2.0
#: Steps over which the critic, new to its task, gets a say.
RAMP = 300
#: What the critic sees: the picture, where it was painted, the pose map.
SEEN = 3 + 1 + 3


class Critic(nn.Module):
    """(N, SEEN, H, W) → features at 1/2, 1/4, 1/8 size, and the last, logits (N, 1, H/8, W/8): above 0 = a photo."""

    def __init__(self, widths: tuple[int, ...] = (48, 96, 192)) -> None:
        super().__init__()
        channels = (SEEN, *widths)
        self.stages = nn.ModuleList(
            spectral_norm(nn.Conv2d(a, b, 4, stride=2, padding=1)) for a, b in zip(channels, widths, strict=False)
        )
        self.head = nn.Sequential(
            spectral_norm(nn.Conv2d(widths[-1], widths[-1], 3, padding=1)), nn.LeakyReLU(0.2),
            spectral_norm(nn.Conv2d(widths[-1], 1, 3, padding=1)),
        )  # fmt: skip

    def forward(self, x: Tensor) -> list[Tensor]:
        found = []
        for conv in self.stages:
            x = F.leaky_relu(conv(x), 0.2)
            found.append(x)
        return [*found, self.head(x)]


class Adversary:
    """The critic and its own training.

    Args:
        accelerator: of the trainer.
        share: how strong it is, as a share of the other losses' gradient at the painter's last layer.
        file: where its state is kept beside the trainer's, to resume from.
    """

    def __init__(self, accelerator: Accelerator, share: float, file: Path, lr: float = 4e-4) -> None:
        critic = Critic().to(accelerator.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimizer = torch.optim.Adam(critic.parameters(), lr=lr, betas=(0.5, 0.99))
        self.accelerator, self.share, self.file = accelerator, share, file
        self.bare = critic
        self.critic, self.optimizer = accelerator.prepare(critic, optimizer)
        self.step = 0
        if file.exists():
            state = torch.load(file, weights_only=True, map_location=accelerator.device)
            critic.load_state_dict(state["critic"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step = state["step"]

    def save(self) -> None:
        state = dict(critic=self.bare.state_dict(), optimizer=self.optimizer.state_dict(), step=self.step)
        torch.save(state, self.file)

    def loss(self, painted: Tensor, batch: dict[str, Tensor], others: Tensor, last: Tensor) -> tuple[Tensor, float]:
        """Learn from one batch, then judge it: the painter's loss, and how much better photos were told than by chance.

        The garment is shown as on the photo: how its folds fall nobody can know, and a critic would look at nothing
        else.

        Args:
            painted: (N, 3, H, W) in [-1, 1]. batch: as of `train_mean.to_tensors`.
            others: the other losses. last: weights of the painter's last layer, where gradients are compared.
        """
        where = batch["mask"] * (1 - batch["garment"])
        shown = where * painted + (1 - where) * batch["truth"]
        beside = torch.cat([where, batch["pose"]], 1)
        real = torch.cat([batch["truth"], beside], 1)
        fake = torch.cat([shown, beside], 1)
        patches = F.max_pool2d(where, 8)
        with fast(painted.device):
            told_real, told_fake = self.critic(real)[-1].float(), self.critic(fake.detach())[-1].float()
        own = masked_mean(F.relu(1 - told_real), patches) + masked_mean(F.relu(1 + told_fake), patches)
        self.optimizer.zero_grad(set_to_none=True)
        self.accelerator.backward(own)
        self.optimizer.step()
        self.step += 1

        for parameter in self.bare.parameters():
            parameter.requires_grad_(False)
        with fast(painted.device):
            with torch.no_grad():
                wanted = self.critic(real)
            found = self.critic(fake)
        for parameter in self.bare.parameters():
            parameter.requires_grad_(True)
        matched = sum(
            masked_mean((a.float() - b.float()).abs(), F.interpolate(where, size=a.shape[-2:]))
            for a, b in zip(found[:-1], wanted[:-1], strict=True)
        )
        judged = -masked_mean(found[-1].float(), patches) + MATCHING * matched
        strength = self._strength(others, judged, last) * min(1.0, self.step / RAMP)
        return strength * judged, 1 - own.item() / 2

    def _strength(self, others: Tensor, judged: Tensor, last: Tensor) -> Tensor:
        a, b = (torch.autograd.grad(loss, last, retain_graph=True)[0].norm() for loss in (others, judged))
        return (self.share * a / (b + 1e-6)).clamp(max=10).detach()
