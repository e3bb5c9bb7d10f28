"""The training of the mean: examples used again, the critic, and what it may change."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from hypothesis import given
from hypothesis import strategies as st

from training.adversary import Adversary, Critic
from training.train_mean import reused

SIZE = (32, 24)


@given(st.integers(1, 4), st.integers(5, 12), st.integers(12, 40))
def test_new_examples_are_learnt_from_at_once_and_old_ones_fill_the_batch(fresh: int, batch: int, room: int) -> None:
    made = ({"mask": torch.arange(i * fresh, (i + 1) * fresh)} for i in range(60))
    room = max(room, 2 * batch)
    seen = -1
    for given_batch in reused(made, batch, room, torch.device("cpu")):
        numbers = given_batch["mask"]
        assert len(numbers) == batch
        newest = int(numbers[:fresh].max())
        assert newest > seen
        seen = newest
        assert newest - int(numbers.min()) < room
    assert seen == 60 * fresh - 1


@pytest.fixture
def batch() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    mask = torch.zeros(2, 1, *SIZE)
    mask[..., 4:28, 4:20] = 1
    garment = torch.zeros_like(mask)
    garment[..., 8:20, 8:16] = 1
    truth = torch.rand(2, 3, *SIZE, generator=generator) * 2 - 1
    return dict(mask=mask, garment=garment, truth=truth, pose=torch.rand(2, 3, *SIZE, generator=generator))


def test_the_critic_judges_what_is_painted_and_nothing_else(batch, tmp_path) -> None:
    adversary = Adversary(Accelerator(cpu=True), 0.5, tmp_path / "critic.pt")
    last = torch.nn.Parameter(torch.ones(1, 3, 1, 1))
    painted = torch.zeros(2, 3, *SIZE, requires_grad=True)
    shown = painted * last + last
    loss, _ = adversary.loss(shown, batch, (shown**2).mean(), last)
    loss.backward()
    assert painted.grad is not None
    beside = (batch["mask"] * (1 - batch["garment"])).expand(-1, 3, -1, -1) > 0
    assert (painted.grad[~beside] == 0).all()
    assert painted.grad[beside].abs().sum() > 0


def test_the_critic_learns_to_tell_grey_from_noise(batch, tmp_path) -> None:
    torch.manual_seed(0)
    adversary = Adversary(Accelerator(cpu=True), 0.5, tmp_path / "critic.pt", lr=2e-3)
    last = torch.nn.Parameter(torch.ones(1, 3, 1, 1))
    told = []
    for _ in range(40):
        grey = torch.zeros(2, 3, *SIZE) * last + 0 * last
        told.append(adversary.loss(grey, batch, (last**2).sum(), last)[1])
    assert np.mean(told[-5:]) > np.mean(told[:5]) + 0.3


def test_the_critic_resumes(batch, tmp_path) -> None:
    first = Adversary(Accelerator(cpu=True), 0.5, tmp_path / "critic.pt")
    last = torch.nn.Parameter(torch.ones(1, 3, 1, 1))
    first.loss(batch["truth"] * last, batch, (last**2).sum(), last)
    first.save()
    again = Adversary(Accelerator(cpu=True), 0.5, tmp_path / "critic.pt")
    assert again.step == 1
    same = zip(first.bare.state_dict().values(), again.bare.state_dict().values(), strict=True)
    assert all(torch.equal(a, b) for a, b in same)


def test_the_critic_sees_at_an_eighth_of_the_size() -> None:
    assert Critic()(torch.zeros(1, 7, 64, 48))[-1].shape == (1, 1, 8, 6)
