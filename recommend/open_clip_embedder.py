"""Encoders of open_clip by name, behind the same interface as our own towers: CLIP, SigLIP, FashionSigLIP and others.

A name is `local-dir:FOLDER` (open_clip_config.json and weights, nothing is fetched), `hf-hub:OWNER/NAME`, or
`ARCHITECTURE/TAG` of open_clip's list; the last two are fetched on first use and kept by the hub's own cache. Each
model has a licence of its own, which its user looks up.

Words and pictures have one space in such a model, so `words` is that space, too.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import open_clip
import torch
import torch.nn.functional as F
from PIL import Image as PILImage
from safetensors import SafetensorError
from torch import Tensor

from recommend.embedder import Calibration
from recommend.errors import BadInput
from recommend.features import Floats, Image, Mask, portrait
from recommend.towers import REMEMBERED

LOCAL: Final = "local-dir:"
HUB: Final = "hf-hub:"
CONFIG: Final = "open_clip_config.json"


class OpenClipEmbedder:
    """A model of open_clip; implements `Embedder`.

    Pictures are brought to the form that our own encoder sees, the item alone on a white square, and encoded one at a
    time, as sentences are, so that a vector never depends on what else was asked for.

    Args:
        name: see above.
        calibrate: fits the chances on pairs that are known, when they are first asked for; indexing needs none.
        device: None = the accelerator if there is one.
        precision: open_clip's: fp32, fp16, bf16 …; part of the revision, as the weights are.

    Raises:
        BadInput: there is no such model here, and it cannot be fetched.
    """

    def __init__(
        self,
        name: str,
        calibrate: Callable[[OpenClipEmbedder], Mapping[str, Calibration]],
        device: str | None = None,
        precision: str = "fp32",
    ) -> None:
        self._device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self._model, self._preprocess, self._tokenize = _load(name, self._device, precision)
        size = self._model.visual.image_size
        self._side = max(size) if isinstance(size, tuple) else int(size)
        self._dtype = open_clip.model.get_input_dtype(precision)
        self.revision = _revision(self._model.state_dict(), f"{precision} {self._model.visual.preprocess_cfg}")
        self._calibrate = calibrate
        self._remembered = functools.lru_cache(REMEMBERED)(self._encode_one)
        self._dim = self._model.encode_text(self._tokenize([""]).to(self._device)).shape[1]

    @functools.cached_property
    def calibrations(self) -> Mapping[str, Calibration]:
        """See `Embedder`."""
        return self._calibrate(self)

    @torch.inference_mode()
    def images(self, images: Sequence[Image], masks: Sequence[Mask | None]) -> Floats:
        """See `Embedder.images`."""
        squares = [portrait(image, mask, self._side)[0] for image, mask in zip(images, masks, strict=True)]
        pixels = (self._preprocess(PILImage.fromarray(square))[None] for square in squares)
        return self._rows([self._model.encode_image(each.to(self._device, self._dtype)) for each in pixels])

    def texts(self, texts: Sequence[str]) -> Floats:
        """See `Embedder.texts`."""
        return self._rows([self._remembered(text) for text in texts])

    def words(self, texts: Sequence[str]) -> Floats:
        """See `Embedder.words`."""
        return self.texts(texts)

    @torch.inference_mode()
    def _encode_one(self, text: str) -> Tensor:
        """A sentence through the model (1, D)."""
        return self._model.encode_text(self._tokenize([text]).to(self._device))

    def images_and_patterns(
        self, images: Sequence[Image], masks: Sequence[Mask | None]
    ) -> tuple[Floats, tuple[str, ...]]:
        """See `Embedder.images_and_patterns`; no pattern is read, our reader knows another tower."""
        return self.images(images, masks), ("",) * len(images)

    def _rows(self, vectors: Sequence[Tensor]) -> Floats:
        """Vectors (1, D) as (N, D), unit norm."""
        unit = [F.normalize(vector.float(), dim=-1)[0].cpu().numpy() for vector in vectors]
        return np.asarray(unit, np.float32).reshape(-1, self._dim)


def _load(
    name: str, device: str, precision: str
) -> tuple[Any, Callable[[PILImage.Image], Tensor], Callable[..., Tensor]]:
    """The model, what prepares a picture, and what makes tokens of sentences."""
    architecture, _, tag = ("", "", "") if name.startswith((LOCAL, HUB)) else name.partition("/")
    if architecture and (architecture, tag) not in open_clip.list_pretrained():
        tags = ", ".join(open_clip.list_pretrained_tags_by_model(architecture)) or "none of this architecture"
        allowed = f"{LOCAL}FOLDER, {HUB}OWNER/NAME or ARCHITECTURE/TAG; tags of {architecture}: {tags}"
        raise BadInput(
            "encoder", name, allowed, "All names: python -c 'import open_clip; print(open_clip.list_pretrained())'"
        )
    if name.startswith(LOCAL) and not (Path(name.removeprefix(LOCAL)) / CONFIG).is_file():
        allowed = f"a folder with {CONFIG} and weights"
        raise BadInput("encoder", f"{name}, without {CONFIG}", allowed, "Check the path, or save the model there.")
    try:
        model, preprocess = open_clip.create_model_from_pretrained(
            architecture or name, tag or None, precision=precision, device=device
        )
        tokenize = open_clip.get_tokenizer(architecture or name)
    except (OSError, RuntimeError, ValueError, SafetensorError) as error:
        step = f"Connect to the network once, or name a folder that holds the model: {LOCAL}FOLDER"
        step = "Save the model there anew." if name.startswith(LOCAL) else step
        raise BadInput("encoder", f"{name} ({error})", "a model that is here or can be fetched", step) from error
    return model.eval().requires_grad_(False), preprocess, tokenize


def _revision(tensors: Mapping[str, Tensor], form: str) -> str:
    """A hash of the weights and of the form of the pictures, whatever the model is called and wherever it lies."""
    digest = hashlib.sha256(form.encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return f"openclip-{digest.hexdigest()[:12]}"
