"""A variational autoencoder of tastes whose items start where their content puts them.

Liang, Krishnan, Hoffman and Jebara, "Variational Autoencoders for Collaborative Filtering", WWW 2018: multinomial
likelihood, dropout on what the user liked, and a KL term that grows to less than its full weight.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from recommend.errors import BadInput
from recommend.features import Floats
from recommend.taste import check_content, interactions, places_of

TENSORS: Final = "taste.safetensors"
ABOUT: Final = "taste.json"
#: Raised with every change of the tensors below; files of another format are refused.
FORMAT: Final = 1


@dataclass(frozen=True)
class VaeSettings:
    """Of `MultVae`.

    Attributes:
        hidden, latent: sizes of the layers between items and items.
        from_content: items start where their content puts them; False = at random, and content counts for nothing.
        own_decay: pull of each item back to where its content puts it, at least 0.
        dropout: share of a user's items hidden in training, in [0, 1).
        beta: weight of the KL term at the end of its rise, at least 0.
        epochs, batch, learning_rate: of the training, above 0; batch in users.
        seed: of starting values, order, dropout and noise.
    """

    hidden: int = 200
    latent: int = 200
    from_content: bool = True
    own_decay: float = 0.01
    dropout: float = 0.5
    beta: float = 0.2
    epochs: int = 40
    batch: int = 100
    learning_rate: float = 3e-3
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("hidden", "latent", "epochs", "batch", "learning_rate"):
            if not 0 < getattr(self, name) < float("inf"):
                raise BadInput(name, repr(getattr(self, name)), "a number above 0", "Leave it out for the default.")
        for name, below in (("own_decay", float("inf")), ("beta", float("inf")), ("dropout", 1)):
            if not 0 <= getattr(self, name) < below:
                allowed = f"a number from 0 to below {below}"
                raise BadInput(name, repr(getattr(self, name)), allowed, "Leave it out for the default.")


class Network(nn.Module):
    """Items → hidden → distribution of a latent vector → scores of all items.

    The row of an item, where it is read and where it is scored, is its content through a matrix that all items share,
    plus something of its own. What is its own starts at 0 and, for an item that nobody had, stays 0.

    Args:
        content: (N, D), unit norm, or zeros if it counts for nothing.
        seen: (N,) bool, whether anybody had the item.
        settings: see there.
        generator: of the starting values.
    """

    content: Tensor
    seen: Tensor

    def __init__(self, content: Tensor, seen: Tensor, settings: VaeSettings, generator: torch.Generator) -> None:
        super().__init__()
        items, width = content.shape
        self.register_buffer("content", content)
        self.register_buffer("seen", seen)
        self.read_content = nn.Parameter(torch.zeros(width, settings.hidden))
        self.read_own = nn.Parameter(torch.zeros(items, settings.hidden))
        self.read_bias = nn.Parameter(torch.zeros(settings.hidden))
        self.to_latent = nn.Parameter(torch.zeros(settings.hidden, 2 * settings.latent))
        self.latent_bias = nn.Parameter(torch.zeros(2 * settings.latent))
        self.score_content = nn.Parameter(torch.zeros(width, settings.latent))
        self.score_own = nn.Parameter(torch.zeros(items, settings.latent))
        self.popularity = nn.Parameter(torch.zeros(items))
        starts = (self.read_content, self.score_content) if settings.from_content else (self.read_own, self.score_own)
        for matrix in (self.to_latent, *starts):
            nn.init.xavier_normal_(matrix, generator=generator)

    def read(self, liked: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance (B, latent) of the tastes behind likes (B, N)."""
        rows = self.content @ self.read_content + self.read_own
        hidden = torch.tanh(F.normalize(liked, dim=1) @ rows + self.read_bias)
        mean, log_variance = (hidden @ self.to_latent + self.latent_bias).chunk(2, dim=1)
        return mean, log_variance

    def score(self, latent: Tensor) -> Tensor:
        """Log chances (B, N) of the items up to a constant per row."""
        return latent @ (self.content @ self.score_content + self.score_own).T + self.popularity


@dataclass(frozen=True, eq=False)
class MultVae:
    """The fitted network with the items it is about; nothing of a user is kept.

    Attributes:
        settings: it was fitted with.
        network: not to be changed.
    """

    item_ids: tuple[str, ...]
    settings: VaeSettings
    network: Network

    @classmethod
    def fit(
        cls,
        baskets: Sequence[Sequence[str]],
        item_ids: Sequence[str],
        content: Floats,
        settings: VaeSettings | None = None,
    ) -> MultVae:
        """The model of what the users liked; the same history and seed give the same model on the same machine.

        Args:
            baskets: for each user the items that speak for them; users without any teach nothing.
            item_ids: N items.
            content: (N, D), unit norm.
            settings: None = the defaults.

        Raises:
            BadInput: an unknown item, content that does not fit the items, or no user with an item.
        """
        check_content(content, item_ids)
        settings = settings or VaeSettings()
        users = interactions([basket for basket in baskets if basket], item_ids).toarray()
        if not len(users):
            raise BadInput("history", "nobody who liked anything", "at least one user with an item", "Gather more.")
        content = content if settings.from_content else np.zeros((len(item_ids), 1), np.float32)
        generator = torch.Generator().manual_seed(settings.seed)
        popularity = users.sum(0)
        network = Network(torch.from_numpy(content), torch.from_numpy(popularity > 0), settings, generator)
        # Training starts at the items' popularity, which is the best guess without any taste.
        network.popularity.data.copy_(torch.from_numpy(_log_shares(popularity)))
        _train(network, torch.from_numpy(users), settings, generator)
        with torch.no_grad():
            # Training says nothing of how popular unseen items will be; they are taken for average ones.
            network.popularity[~network.seen] = network.popularity[network.seen].mean()
        return cls(tuple(item_ids), settings, network.eval().requires_grad_(False))

    @property
    def seen(self) -> NDArray[np.bool_]:
        """See `Taste`."""
        return np.asarray(self.network.seen.numpy())

    @torch.inference_mode()
    def scores(self, liked: Sequence[str]) -> Floats:
        """See `Taste.scores`: log chances that the next item is this one, up to a constant."""
        row = torch.zeros(1, len(self.item_ids))
        row[0, places_of(self.item_ids, liked)] = 1
        mean, _ = self.network.read(row)
        return np.asarray(self.network.score(mean)[0].numpy(), np.float32)

    def save(self, folder: Path) -> None:
        """Write `TENSORS` and `ABOUT` into a folder, which is made if need be; each file whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        about = {"format": FORMAT, "settings": asdict(self.settings), "items": self.item_ids}
        partial = folder / f"{TENSORS}.partial"
        save_file({name: tensor.contiguous() for name, tensor in self.network.state_dict().items()}, partial)
        os.replace(partial, folder / TENSORS)
        partial = folder / f"{ABOUT}.partial"
        partial.write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
        os.replace(partial, folder / ABOUT)

    @classmethod
    def load(cls, folder: Path, item_ids: Sequence[str]) -> MultVae:
        """The model in a folder, for the catalog of these items.

        Raises:
            BadInput: no model there, one of another format, or one of another catalog.
        """
        step = "Fit the model again, on this catalog's history."
        try:
            about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
            tensors = load_file(folder / TENSORS)
            made, settings, items = about["format"], VaeSettings(**about["settings"]), tuple(about["items"])
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            got, allowed = f"{folder} ({error})", f"a folder with {TENSORS} and {ABOUT}"
            raise BadInput("taste model", got, allowed, step) from error
        if made != FORMAT:
            raise BadInput("taste model", f"format {made}", f"format {FORMAT}", step)
        if items != tuple(item_ids):
            new, gone = len(set(item_ids) - set(items)), len(set(items) - set(item_ids))
            got = f"one of {len(items)} items, {gone} of which are not in this catalog, and {new} of this are not in it"
            raise BadInput("taste model", got, f"one of this catalog's {len(item_ids)} items in their order", step)
        network = Network(tensors["content"], tensors["seen"], settings, torch.Generator())
        network.load_state_dict(tensors)
        return cls(items, settings, network.eval().requires_grad_(False))


def _train(network: Network, users: Tensor, settings: VaeSettings, generator: torch.Generator) -> None:
    """Adam on the evidence lower bound; the KL term's weight rises over the first half.

    Args:
        users: (U, N), 1 = liked.
    """
    own = [network.read_own, network.score_own]
    shared = [parameter for parameter in network.parameters() if all(parameter is not one for one in own)]
    groups: list[dict[str, Any]] = [{"params": shared}, {"params": own, "weight_decay": settings.own_decay}]
    optimiser = torch.optim.Adam(groups, lr=settings.learning_rate)
    for epoch in range(settings.epochs):
        beta = settings.beta * min(1.0, 2 * epoch / settings.epochs)
        for places in torch.randperm(len(users), generator=generator).split(settings.batch):
            loss = _loss(network, users[places], settings.dropout, beta, generator)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()


def _loss(network: Network, users: Tensor, dropout: float, beta: float, generator: torch.Generator) -> Tensor:
    """The negative lower bound per user.

    Items that nobody had are left out of the likelihood: it would only push them away from everybody.
    """
    kept = torch.rand(users.shape, generator=generator) >= dropout
    mean, log_variance = network.read(users * kept)
    latent = mean + torch.randn(mean.shape, generator=generator) * torch.exp(log_variance / 2)
    seen = network.seen
    log_chances = F.log_softmax(network.score(latent)[:, seen], dim=1)
    likelihood = (log_chances * users[:, seen]).sum(1)
    divergence = (mean**2 + log_variance.exp() - 1 - log_variance).sum(1) / 2
    return (beta * divergence - likelihood).mean()


def _log_shares(counts: NDArray[np.float32]) -> Floats:
    """Logarithms of the items' shares in all likes; of items that nobody had, 0."""
    shares = np.where(counts > 0, counts, counts.sum()) / counts.sum()
    return np.asarray(np.log(shares), np.float32)
