"""The training loop's bookkeeping: schedule by minutes spent, checkpoints that resume, averaged weights."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast, send_to_device
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor

from training.losses import ema_update

#: Whatever a training calls a batch.
Batch = TypeVar("Batch")
Net = TypeVar("Net", bound=ModelMixin)


def fast(device: torch.device | None = None) -> torch.autocast:
    """Mixed precision in bfloat16 where the device computes it; elsewhere it is emulated, ten times slower."""
    if device is not None and device.type == "cuda":
        return torch.autocast("cuda", dtype=torch.bfloat16, enabled=torch.cuda.is_bf16_supported())
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=torch.ops.mkldnn._is_mkldnn_bf16_supported())


def begin(kind: type[Net], init: Path | None) -> Net:
    """A new network of this kind in float32: with the weights of a folder, or random ones."""
    if init is None:
        return kind()
    net: Net = kind.from_pretrained(init, dtype=torch.float32)
    return net.train()


class Trainer:
    """AdamW with warm-up and a cosine over the minutes given, EMA, and RUN/state.pt to resume from.

    Given an `Accelerator` it runs where that says: `python -m` trains on the first GPU if there is one, `accelerate
    launch -m` as configured; without, on the CPU. Call `trainer.model`, which is the network as accelerate prepared it;
    batches are brought to its device.

    Args:
        model: what is trained.
        run: folder of the resumable state.
        minutes: of training in all, over every resumption.
        lr: highest learning rate.
        on_save: called with the averaged model, on the CPU, every `save_every` seconds and at the end.
    """

    def __init__(
        self, model: torch.nn.Module, run: Path, minutes: float, lr: float,
        on_save: Callable[[torch.nn.Module, str], None], save_every: float = 240,
        accelerator: Accelerator | None = None,
    ) -> None:  # fmt: skip
        self.accelerator = accelerator or Accelerator(cpu=True)
        self.device = self.accelerator.device
        self._bare = model.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.ema = copy.deepcopy(self._bare).eval().requires_grad_(False)
        optimizer = torch.optim.AdamW(
            model.parameters(), lr=lr, weight_decay=1e-4, betas=(0.9, 0.98), fused=self.device.type == "cuda"
        )
        self.model, self.optimizer = self.accelerator.prepare(self._bare, optimizer)
        self.run, self.limit, self.lr, self.on_save, self.save_every = run, minutes * 60, lr, on_save, save_every
        self.step, self.spent = 0, 0.0
        run.mkdir(parents=True, exist_ok=True)
        self._file = run / "state.pt"
        if self._file.exists():
            state = torch.load(self._file, weights_only=True, map_location=self.device)
            self._bare.load_state_dict(state["model"])
            self.ema.load_state_dict(state["ema"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step, self.spent = state["step"], state["spent"]

    def save(self) -> None:
        """Write the state to resume from, and hand the averaged model to `on_save`; the first process alone does."""
        if not self.accelerator.is_main_process:
            return
        state = dict(
            model=self._bare.state_dict(), ema=self.ema.state_dict(), optimizer=self.optimizer.state_dict(),
            step=self.step, spent=self.spent,
        )  # fmt: skip
        torch.save(state, self._file.with_suffix(".tmp"))
        self._file.with_suffix(".tmp").replace(self._file)
        self.on_save(copy.deepcopy(self.ema).cpu(), f"step {self.step}, {self.spent / 60:.1f} min")

    def train(self, batches: Iterator[Batch], loss_of: Callable[[Batch], tuple[Tensor, dict[str, float]]]) -> None:
        """Train until the minutes are spent; `loss_of` gives the loss and figures to print."""
        saved, last = self.spent, time.monotonic()
        while self.spent < self.limit:
            phase = min(1.0, self.spent / self.limit)
            rate = self.lr * min(1, (self.step + 1) / 200) * (0.02 + 0.49 * (1 + math.cos(math.pi * phase)))
            for group in self.optimizer.param_groups:
                group["lr"] = rate
            loss, figures = loss_of(send_to_device(next(batches), self.device))
            self.optimizer.zero_grad(set_to_none=True)
            self.accelerator.backward(loss)
            self.accelerator.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            ema_update(self.ema, self._bare, self.step)
            self.step += 1
            now = time.monotonic()
            self.spent, last = self.spent + now - last, now
            if self.accelerator.num_processes > 1:
                # All stop at the same step: the first process's clock counts.
                self.spent = float(broadcast(torch.tensor(self.spent, device=self.device)))
            if self.step % 50 == 0 and self.accelerator.is_main_process:
                text = " ".join(f"{k} {v:.4f}" for k, v in figures.items())
                print(f"step {self.step} {self.spent:.0f}s loss {loss.item():.4f} {text}", flush=True)
            if self.spent - saved > self.save_every:
                saved = self.spent
                self.save()
                last = time.monotonic()
        self.save()
