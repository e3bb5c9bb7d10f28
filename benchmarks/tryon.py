"""Seconds and memory of a try-on, beside one call of Stable Diffusion's inpainting on the same machine.

    python -m benchmarks.tryon [--people 6] [--steps 0 2] [--quality best fast] [--reference sd15|tiny|none]

Demo people × one garment of each category of the demo catalog. Every row is measured in a process of its own, so that
its peak memory is its own. `cold` runs from the start of the process to the first picture: imports and loading included
(`load`), weights already fetched. `warm` is the median of the other try-ons. The columns after `load` split a try-on by
what the pipeline reports of its progress.

The reference is `StableDiffusionInpaintPipeline` of diffusers with the architecture of Stable Diffusion 1.5 inpainting
and random weights, which cost the same time and memory as trained ones: text encoder, 20 steps with guidance,
autoencoder, at 384 × 512. It paints a mask from words; it knows neither pose nor garment.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# No network library here: a process inherits the peak memory of the one that starts it.
import tryroom
from benchmarks.measuring import Row, StageClock, cold_and_warm, in_own_process, peak_mb, report
from pipelines import images
from pipelines.schema import CATEGORY_CHOICES, QUALITIES, Quality, RenderSettings, TryOnRequest
from recommend.catalog import read_catalog

#: Start of what the pipeline reports → the column its time goes to.
STAGES = {
    "looking at the photo": "garment",
    "finding the pose": "pose",
    "telling clothes from body": "parsing",
    "laying the garment on the body": "plan",
    "rendering": "paint",
    "step ": "paint",
    "finishing": "finish",
}
COLUMNS = ("what", "steps", "kind", "renders", "seconds", "load", *dict.fromkeys(STAGES.values()), "peak_mb")
REFERENCE_STEPS = 20

# --- what runs in a process of its own ----------------------------------------------------------------------


def requests(people: int, steps: int, quality: Quality) -> Iterator[TryOnRequest]:
    """Demo people × the first garment of each category."""
    catalog = read_catalog(tryroom.CATALOG)
    items = [next(i for i in catalog.items if i.category == c) for c in CATEGORY_CHOICES if c != "auto"]
    settings = RenderSettings(num_inference_steps=steps, quality=quality)
    for person, item in itertools.product(tryroom.demo_people()[:people], items):
        photo, garment = images.load_image(person.image), images.load_image(catalog.picture(item), keep_alpha=True)
        yield TryOnRequest(photo, garment, settings=settings)


def measure_compact(started: float, people: int, steps: int, quality: Quality) -> list[Row]:
    """Cold and warm rows of our own renderer; `started` is when the process began, in seconds since the epoch."""
    from pipelines import renderers

    renderer = renderers.load(RenderSettings.renderer, "tryon")
    load = time.time() - started
    rows: list[Row] = []
    for request in requests(people, steps, quality):
        clock, before = StageClock(STAGES), time.perf_counter()
        renderer.render(request, clock)
        rows.append({"seconds": time.perf_counter() - before, **clock.seconds})
    return cold_and_warm({"what": f"tryroom {RenderSettings.renderer}, {quality}", "steps": steps}, load, rows)


def measure_reference(size: str, steps: int) -> list[Row]:
    """The row of one inpainting call of Stable Diffusion, its text encoder included."""
    import numpy as np
    import torch
    from PIL import Image as PILImage

    pipe, words, photo_size = stable_diffusion(size)
    rng = np.random.default_rng(0)
    photo = PILImage.fromarray(rng.integers(0, 256, (*photo_size, 3), dtype=np.uint8))
    mask = np.zeros(photo_size, np.uint8)
    mask[photo_size[0] // 4 : 3 * photo_size[0] // 4, photo_size[1] // 4 : 3 * photo_size[1] // 4] = 255
    tokens = torch.from_numpy(rng.integers(0, words, (2, pipe.text_encoder.config.max_position_embeddings)))
    before = time.perf_counter()
    with torch.no_grad():
        wanted, unwanted = pipe.text_encoder(tokens)[0].split(1)
        pipe(
            prompt_embeds=wanted, negative_prompt_embeds=unwanted, image=photo, mask_image=PILImage.fromarray(mask),
            height=photo_size[0], width=photo_size[1], num_inference_steps=steps, guidance_scale=7.5,
            generator=torch.Generator("cpu").manual_seed(0), output_type="np",
        )  # fmt: skip
    seconds = time.perf_counter() - before
    millions = sum(p.numel() for p in pipe.unet.parameters()) / 1e6
    what = f"{size} inpainting {photo_size[1]}x{photo_size[0]} ({millions:.0f} M UNet)"
    return [{"what": what, "steps": steps, "kind": "warm", "renders": 1, "seconds": seconds, "peak_mb": peak_mb()}]


def stable_diffusion(size: str) -> tuple[Any, int, tuple[int, int]]:
    """The inpainting pipeline at random weights, its vocabulary's size, and the (height, width) to paint at.

    Args:
        size: "sd15" for the architecture of Stable Diffusion 1.5 inpainting, "tiny" for the same form in small.
    """
    from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionInpaintPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    full = size == "sd15"
    widths, vae_widths = ((320, 640, 1280, 1280), (128, 256, 512, 512)) if full else ((32, 64), (32, 32, 32, 32))
    text = CLIPTextConfig(
        vocab_size=49408, hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12
    ) if full else CLIPTextConfig(
        vocab_size=100, hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2,
        bos_token_id=0, eos_token_id=2
    )  # fmt: skip
    depth, vae_depth = len(widths) - 1, len(vae_widths)
    unet = UNet2DConditionModel(
        sample_size=64, in_channels=9, out_channels=4, layers_per_block=2, block_out_channels=widths,
        down_block_types=("CrossAttnDownBlock2D",) * depth + ("DownBlock2D",),
        up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * depth,
        cross_attention_dim=text.hidden_size, attention_head_dim=8,
    )  # fmt: skip
    vae = AutoencoderKL(
        block_out_channels=vae_widths, layers_per_block=2, latent_channels=4, sample_size=512,
        down_block_types=("DownEncoderBlock2D",) * vae_depth, up_block_types=("UpDecoderBlock2D",) * vae_depth,
    )  # fmt: skip
    scheduler = DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, set_alpha_to_one=False,
        steps_offset=1,
    )  # fmt: skip
    pipe = StableDiffusionInpaintPipeline(
        vae=vae.eval(), text_encoder=CLIPTextModel(text).eval(), tokenizer=None, unet=unet.eval(), scheduler=scheduler,
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    pipe.set_progress_bar_config(disable=None)  # shown on a terminal only
    return pipe, text.vocab_size, (512, 384) if full else (64, 48)


# --- the table ----------------------------------------------------------------------------------------------


def main() -> None:
    """Measure everything, write the CSV and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=6, help="how many of the demo people")
    parser.add_argument("--steps", type=int, nargs="+", default=[0, 2])
    parser.add_argument("--quality", nargs="+", choices=QUALITIES, default=list(QUALITIES))
    parser.add_argument("--reference", choices=("sd15", "tiny", "none"), default="sd15")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks/tryon.csv"))
    parser.add_argument("--only", choices=("compact", "reference"), help=argparse.SUPPRESS)
    parser.add_argument("--started", type=float, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.only == "compact":
        print(json.dumps(measure_compact(args.started, args.people, args.steps[0], args.quality[0])))
        return
    if args.only == "reference":
        print(json.dumps(measure_reference(args.reference, REFERENCE_STEPS)))
        return
    rows = [
        row
        for quality, steps in itertools.product(args.quality, args.steps)
        for row in in_own_process(
            "benchmarks.tryon", "--only", "compact", "--people", args.people, "--steps", steps, "--quality", quality
        )
    ]
    if args.reference != "none":
        rows += in_own_process("benchmarks.tryon", "--only", "reference", "--reference", args.reference)
    report(args.out, COLUMNS, rows)


if __name__ == "__main__":
    main()
