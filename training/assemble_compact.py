"""Complete the folder of the compact pipeline: half precision weights, the scheduler and the index of its parts.

    python -m training.assemble_compact weights/compact

The folder holds vae/, mean/ and flow/, as their trainings write them. Then pin it:
`python -m training.pin_weights compact`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from diffusers import FlowMatchEulerDiscreteScheduler

from pipelines.diffusion.autoencoder import CompactAutoencoder
from pipelines.diffusion.compact import CompactInpaintPipeline
from pipelines.diffusion.flow import FlowModel
from pipelines.diffusion.mean import MeanModel


def assemble(folder: Path) -> None:
    """Rewrite the folder as `CompactInpaintPipeline.from_pretrained` reads it; float16 halves a clone's size."""
    pipe = CompactInpaintPipeline(
        CompactAutoencoder.from_pretrained(folder / "vae", dtype=torch.float16),
        MeanModel.from_pretrained(folder / "mean", dtype=torch.float16),
        FlowModel.from_pretrained(folder / "flow", dtype=torch.float16),
        FlowMatchEulerDiscreteScheduler(),
    )
    pipe.save_pretrained(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    assemble(parser.parse_args().folder)


if __name__ == "__main__":
    main()
