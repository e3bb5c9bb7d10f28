"""What a try-on owes to chance, and what it leaves of a person's build.

  python -m benchmarks.tryon_seeds [--seeds 5] [--people 6] [--steps 0 2] [--out docs/benchmarks/tryon_seeds.csv]

seeds   the same person and garment under several seeds: mean SSIM inside the mask over all pairs of renders; 0.95 is
        wanted. Without denoising steps nothing is drawn by chance.
builds  the same garment on people of different build: the largest difference of any pixel outside the mask, which must
        be 0, and the overlap (intersection over union) of the person's silhouette outside the mask as it is parsed
        before and after, pose and all: 1 = a network that reads the finished picture sees the same body.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from skimage.metrics import structural_similarity

import tryroom
from benchmarks.measuring import Row, as_csv, as_table, machine
from pipelines import images, tryon
from pipelines.diffusion.compact import CompactInpaintPipeline
from pipelines.renderers import tryon_networks
from pipelines.schema import Image, Mask, RenderSettings, TryOnRequest
from recommend.catalog import read_catalog

Networks = tuple[tryon.Perception, CompactInpaintPipeline]

#: Of the demo catalog: plain, printed all over, long-sleeved with stripes, and a dress.
GARMENTS = ("tee-white-organic", "shirt-hawaii", "longsleeve-rugby", "dress-sun-floral")
#: What everyone wears where builds are compared.
SAME_GARMENT = "tee-white-organic"
COLUMNS = ("what", "person", "garment", "steps", "renders", "ssim", "outside", "silhouette")


def request_of(person: tryroom.DemoPhoto, garment: str, settings: RenderSettings) -> TryOnRequest:
    """A demo person in a garment of the demo catalog; perception decides what it is."""
    catalog = read_catalog(tryroom.CATALOG)
    item = next(one for one in catalog.items if one.id == garment)
    picture = images.load_image(catalog.picture(item), keep_alpha=True)
    return TryOnRequest(images.load_image(person.image), picture, settings=settings)


def likeness(renders: Sequence[Image], mask: Mask) -> float:
    """Mean SSIM inside the mask over all pairs of renders."""
    inside = mask > 0
    found = [
        structural_similarity(
            a, b, channel_axis=2, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True
        )[1].mean(2)[inside].mean()
        for a, b in itertools.combinations(renders, 2)
    ]  # fmt: skip
    return float(np.mean(found))


def seed_rows(networks: Networks, people: int, seeds: int, steps: Sequence[int]) -> Iterator[Row]:
    """One person for each garment, under all seeds."""
    for count in steps:
        for person, garment in zip(itertools.cycle(tryroom.demo_people()[:people]), GARMENTS, strict=False):
            request = request_of(person, garment, RenderSettings(num_inference_steps=count))
            renders = [
                tryon.try_on(replace(request, settings=replace(request.settings, seed=seed)), *networks, {})
                for seed in range(seeds)
            ]
            alike = likeness([one.image for one in renders], renders[0].mask)
            yield {
                "what": "seeds", "person": person.id, "garment": garment, "steps": count, "renders": seeds,
                "ssim": f"{alike:.3f}",
            }  # fmt: skip


def overlap(before: Mask, after: Mask, where: Mask) -> float:
    """Intersection over union of what two parsings call a person, outside a mask."""
    a, b = (labels[where == 0] > 0 for labels in (before, after))
    return float((a & b).sum() / max((a | b).sum(), 1))


def build_rows(networks: Networks, people: int) -> Iterator[Row]:
    """Everyone in the same garment."""
    perception, _ = networks
    for person in tryroom.demo_people()[:people]:
        request = request_of(person, SAME_GARMENT, RenderSettings())
        result = tryon.try_on(request, *networks, {})
        before, after = (perception.parser(one, perception.pose(one)) for one in (request.person, result.image))
        change = np.abs(result.image.astype(int) - request.person).max(2)
        yield {
            "what": "builds", "person": person.id, "garment": SAME_GARMENT,
            "steps": request.settings.num_inference_steps, "renders": 1,
            "outside": int(change[result.mask == 0].max(initial=0)),
            "silhouette": f"{overlap(before, after, result.mask):.4f}",
        }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5, help="at least 2")
    parser.add_argument("--people", type=int, default=6, help="how many of the demo people")
    parser.add_argument("--steps", type=int, nargs="+", default=[RenderSettings.num_inference_steps, 2])
    parser.add_argument("--compact", type=Path, help="folder of the pipeline; default: the bundled one")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks/tryon_seeds.csv"))
    args = parser.parse_args()
    networks = tryon_networks(args.compact)
    rows = [*seed_rows(networks, args.people, args.seeds, args.steps), *build_rows(networks, args.people)]
    args.out.parent.mkdir(parents=True, exist_ok=True)
    images.save_bytes(args.out, as_csv(COLUMNS, rows, machine()).encode())
    print(as_table(COLUMNS, rows))


if __name__ == "__main__":
    main()
