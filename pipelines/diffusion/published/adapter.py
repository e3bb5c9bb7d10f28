"""IP-Adapter: an item's picture as a prompt that counts inside the mask only (Ye et al., 2023)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers.image_processor import IPAdapterMaskProcessor
from transformers import CLIPVisionModelWithProjection

from pipelines.diffusion.published.painter import Folders, pil
from pipelines.schema import Mask


def picture_encoder(folders: Folders, given: dict[str, Any]) -> dict[str, Any]:
    """What a pipeline's `from_pretrained` is given for it; the feature extractor is made for it later.

    Args:
        folders: with clip-vision-h. given: dtype and so on, as for all other networks.
    """
    folder = folders["clip-vision-h"] / "models" / "image_encoder"
    return {"image_encoder": CLIPVisionModelWithProjection.from_pretrained(folder, **given), "feature_extractor": None}


def read_items(pipe: Any, folder: Path, file: str, scale: float) -> None:
    """Give a pipeline the adapter in `folder / file`; `scale` is how much pictures count."""
    path = Path(file)
    pipe.load_ip_adapter(
        folder,
        subfolder=path.parent.as_posix(),
        weight_name=path.name,
        image_encoder_folder=None,
        local_files_only=True,
    )
    pipe.set_ip_adapter_scale(scale)


def adapter_masks(mask: Mask) -> dict[str, list[torch.Tensor]]:
    """`cross_attention_kwargs`: where the one picture counts, (1, 1, h, w), 1 inside `mask` (h, w)."""
    found = IPAdapterMaskProcessor().preprocess([pil(mask)], height=mask.shape[0], width=mask.shape[1])
    return {"ip_adapter_masks": [found.reshape(1, 1, *found.shape[-2:])]}
