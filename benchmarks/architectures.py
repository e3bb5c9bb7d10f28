"""The published architectures at full size with random weights: how large, how much memory, how long a picture takes.

    python -m benchmarks.architectures [--measure sd15 …] [--steps N] [--dtype float32 bfloat16]

Random weights cost the same memory and time as trained ones. A row is `calculated` or `measured`, and says so.

Calculated, for each preset of `--memory`: what stays on the GPU together, plus the most that a call holds beside its
weights. Whole on the GPU, all networks stay; one at a time, the stage that has most of them (`stages`); layer by layer,
the largest layer, and what cannot be taken apart. What a call holds is counted: the real network runs on PyTorch's meta
device, which computes shapes and no numbers, at the size and batch that the painter uses. A tensor is added when it
appears and taken away when it is let go (`Held`). Attention counts as its output alone, since PyTorch's own never holds
the matrix. The allocator's gaps, cuDNN's workspaces, the CUDA context and what bitsandbytes unpacks are not in it.

Measured, on the machine this runs on: on a GPU every preset that fits it, with `torch.cuda.max_memory_allocated`; on a
CPU the memory of the process. Seconds are those of the clock, beside them those of the processors: where other work is
done on the machine, the two differ. The networks are written to a folder laid out as the hub lays out theirs, and
loaded and run by the renderer's own painter.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import weakref
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import (
    DiffusionPipeline,
    StableDiffusionControlNetInpaintPipeline,
    StableDiffusionXLControlNetUnionInpaintPipeline,
)
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from benchmarks.measuring import NO_GPU, Row, in_own_process, peak_mb, report
from benchmarks.networks import ARCHITECTURES, Networks, adapter, filled, write
from pipelines.diffusion.concat import ConcatTryOnPipeline, skip_cross_attention
from pipelines.diffusion.guided_fill import GuidedFluxFillPipeline
from pipelines.diffusion.memory import NF4_SHARE, PRESETS, Machine, Memory, decide, machine
from pipelines.diffusion.published.loading import CONTROLS, LOADERS
from pipelines.diffusion.published.painter import Painter
from pipelines.geometry.canvas import Canvas

COLUMNS = (
    "what", "parameters_m", "float32_gb", "half_gb", "nf4_gb", "pixels", "preset", "dtype", "offload", "quantise",
    "weights_gb", "activations_gb", "peak_gb", "seconds", "cpu_seconds", "steps", "kind",
)  # fmt: skip
#: Height and width (in the column `pixels`, too) of what each paints; CatVTON learnt upright pictures.
SIZES = {"sd15": (512, 512), "concat": (1024, 768), "sdxl": (1024, 1024), "flux-fill": (1024, 1024)}
#: What paints; its order of use decides what is on a GPU together.
PIPELINES: dict[str, type[DiffusionPipeline]] = {
    "sd15": StableDiffusionControlNetInpaintPipeline,
    "concat": ConcatTryOnPipeline,
    "sdxl": StableDiffusionXLControlNetUnionInpaintPipeline,
    "flux-fill": GuidedFluxFillPipeline,
}
#: What is measured on a CPU.
CPU_SIZE = (512, 384)
LATENT = 8

# --- calculated -----------------------------------------------------------------------------------------------


class Held(TorchDispatchMode):
    """Adds up the bytes of tensors that appear while it is entered, and takes them away when they are let go.

    Attributes:
        now, peak: bytes held, and the most at once. What was there before does not count.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = self.peak = 0
        self._seen: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        before = {id(one.untyped_storage()) for one in tree_leaves((args, kwargs)) if isinstance(one, Tensor)}
        out = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(out):
            # A view, or what was written into, shares what it was made from.
            if isinstance(tensor, Tensor) and id(storage := tensor.untyped_storage()) not in before:
                self._add(storage)
        return out

    def _add(self, storage: torch.UntypedStorage) -> None:
        if id(storage) in self._seen:
            return
        self._seen[id(storage)] = storage
        self.now += storage.nbytes()
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._let_go, storage.nbytes())

    def _let_go(self, size: int) -> None:
        self.now -= size


class FusedAttention(TorchFunctionMode):
    """On the meta device PyTorch takes attention apart; a GPU's kernels make nothing but the output."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is nn.functional.scaled_dot_product_attention:
            query, _, value = (*args, *(kwargs or {}).values())[:3]
            return query.new_empty((*query.shape[:-1], value.shape[-1]))
        return func(*args, **(kwargs or {}))


def held(call: Callable[[], Any]) -> int:
    """The most bytes that a call holds beside what was there before."""
    with torch.no_grad(), FusedAttention(), Held() as counted:
        call()
    return counted.peak


def denoise(name: str, networks: Networks, dtype: torch.dtype) -> None:
    """One call of the denoiser, with its ControlNet, for one picture with guidance, on the meta device."""
    height, width = (side // LATENT for side in SIZES[name])
    new = partial(torch.empty, device="meta", dtype=dtype)
    if "transformer" in networks:
        _denoise_flux(networks, new, height * width // 4)
    elif "controlnet" in networks:
        _denoise_controlled(networks, new, height, width)
    else:
        networks["unet"](new(2, 9, 2 * height, width), new(()), None)


def _denoise_flux(networks: Networks, new: Callable[..., Tensor], count: int) -> None:
    """Guidance is an input: one picture. A token is 2 × 2 latents; the item's patches follow the words."""
    encoder = networks["image_encoder"].config
    told = 512 + (encoder.image_size // encoder.patch_size) ** 2
    shared = {
        "encoder_hidden_states": new(1, told, 4096), "pooled_projections": new(1, 768), "timestep": new(1),
        "img_ids": new(count, 3), "txt_ids": new(told, 3), "guidance": new(1),
    }  # fmt: skip
    double, single = networks["controlnet"](new(1, count, 64), new(1, count, 64), **shared, return_dict=False)
    added = {"controlnet_block_samples": double, "controlnet_single_block_samples": single}
    networks["transformer"](new(1, count, 384), **shared, **added)


def _denoise_controlled(networks: Networks, new: Callable[..., Tensor], height: int, width: int) -> None:
    unet, control = networks["unet"], networks["controlnet"]
    words, picture = new(2, 77, unet.config.cross_attention_dim), new(2, 3, LATENT * height, LATENT * width)
    shown: tuple[Any, ...] = (picture,)
    more: dict[str, Any] = {}
    if "text_encoder_2" in networks:  # Stable Diffusion XL; its ControlNet takes pictures of six kinds
        shown = [picture], new(2, 6), [0]
        more = {"added_cond_kwargs": {"text_embeds": new(2, 1280), "time_ids": new(2, 6)}}
    down, middle = control(new(2, 4, height, width), new(()), words, *shown, return_dict=False, **more)
    residuals = {"down_block_additional_residuals": down, "mid_block_additional_residual": middle}
    unet(new(2, unet.config.in_channels, height, width), new(()), words, **residuals, **more)


def decode(name: str, networks: Networks, dtype: torch.dtype, tiling: bool) -> None:
    """One call of the autoencoder's decoder on the meta device."""
    vae: Any = networks["vae"]
    (vae.enable_tiling if tiling else vae.disable_tiling)()
    height, width = (side // LATENT for side in SIZES[name])
    vae.decode(torch.empty(1, vae.config.latent_channels, height, width, device="meta", dtype=dtype))


def bytes_of(network: nn.Module) -> int:
    """Of its weights, as they are held."""
    return sum(one.numel() * one.element_size() for one in network.parameters())


def stages(name: str, networks: Networks, memory: Memory) -> dict[str, int]:
    """Bytes of weights that lie on the GPU together while one stage of a picture is at work.

    One network at a time is not quite so: diffusers takes away what stands before in a pipeline's order of use, and
    only that. What the order does not name stays from its first call on, and so does the autoencoder, which encodes the
    photo before the denoiser is called.
    """
    sizes = {
        key: round(bytes_of(network) * (NF4_SHARE if key in memory.quantised else 1))
        for key, network in networks.items()
    }
    denoiser = "transformer" if "transformer" in sizes else "unet"
    sizes[denoiser] += sum(2 * one.numel() for one in adapter(networks).values())
    if memory.offload == "none":
        return dict.fromkeys(("denoise", "decode"), sum(sizes.values()))
    if memory.offload == "sequential":
        whole = sum(size for key, size in sizes.items() if key in PIPELINES[name]._exclude_from_cpu_offload)
        layers = (part for network in networks.values() for part in network.modules() if not list(part.children()))
        return dict.fromkeys(("denoise", "decode"), whole + max(map(bytes_of, layers)))
    order = PIPELINES[name].model_cpu_offload_seq.split("->")
    staying = sum(size for key, size in sizes.items() if key not in order)
    encoders = {key: size for key, size in sizes.items() if key in order and key not in (denoiser, "vae")}
    return encoders | {"denoise": sizes[denoiser] + sizes["vae"] + staying, "decode": sizes["vae"] + staying}


def calculated(name: str) -> list[Row]:
    """A row for each preset of `--memory`."""
    size, _ = LOADERS[name]
    dtype = getattr(torch, size.wants)
    with torch.device("meta"):
        networks = ARCHITECTURES[name]()
    for network in networks.values():
        nn.Module.to(network, dtype)
    if name == "concat":
        skip_cross_attention(networks["unet"])
    # Stable Diffusion XL's autoencoder overflows in half precision: its pipeline decodes in full.
    decoded = torch.float32 if name == "sdxl" else dtype
    denoising = held(lambda: denoise(name, networks, dtype))
    nn.Module.to(networks["vae"], decoded)
    decoding = {tiling: held(partial(decode, name, networks, decoded, tiling)) for tiling in (False, True)}
    rows = []
    for preset, gigabytes in PRESETS.items():
        memory = decide(size, Machine("cuda", gigabytes, True, True), preset)
        weights = stages(name, networks, memory)
        beside = {"denoise": denoising, "decode": decoding[memory.tiling]}
        peaks = {stage: held_there + beside.get(stage, 0) for stage, held_there in weights.items()}
        worst = max(peaks, key=lambda stage: peaks[stage])
        rows.append(
            described(name, networks)
            | {"preset": preset, "dtype": memory.dtype, "offload": memory.offload, "quantise": memory.quantise}
            | {"weights_gb": weights[worst] / 1e9, "activations_gb": beside.get(worst, 0) / 1e9}
            | {"peak_gb": peaks[worst] / 1e9, "pixels": "{}x{}".format(*SIZES[name]), "kind": "calculated"}
        )
    return rows


def described(name: str, networks: Networks) -> Row:
    """What an architecture is, whatever machine it runs on."""
    quantised = LOADERS[name][0].quantised
    counts = {key: sum(one.numel() for one in network.parameters()) for key, network in networks.items()}
    counts["adapter"] = sum(one.numel() for one in adapter(networks).values())
    whole = sum(counts.values())
    in_four = sum(count * 2 * (NF4_SHARE if key in quantised else 1) for key, count in counts.items())
    row: Row = {"what": name, "parameters_m": whole / 1e6, "float32_gb": whole * 4 / 1e9, "half_gb": whole * 2 / 1e9}
    return row | ({"nf4_gb": in_four / 1e9} if quantised else {})


# --- measured -------------------------------------------------------------------------------------------------


def some_canvas(size: tuple[int, int]) -> Canvas:
    """Noise to paint on, a quarter of it masked."""
    rng = np.random.default_rng(0)
    height, width = size
    picture = rng.integers(0, 256, (height, width, 3), np.uint8)
    mask = np.zeros(size, np.uint8)
    mask[height // 4 : 3 * height // 4, width // 4 : 3 * width // 4] = 255
    controls = dict.fromkeys(CONTROLS["tryon"], picture)
    return Canvas(picture, mask, picture, picture[:width, :width], "a red top", "blurry", controls)


def painted(painter: Painter, canvas: Canvas, steps: int) -> Row:
    """What a picture takes: seconds by the clock and of the processors, and the peak memory."""
    on_gpu = torch.cuda.is_available()
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    clock, processors = time.perf_counter(), time.process_time()
    painter.paint(canvas, 0, steps, lambda *_: None)
    seconds, cpu_seconds = time.perf_counter() - clock, time.process_time() - processors
    peak = torch.cuda.max_memory_allocated() / 1e9 if on_gpu else peak_mb() / 1e3
    kind = f"measured, {torch.cuda.get_device_name() if on_gpu else 'CPU'}"
    return {"peak_gb": peak, "seconds": seconds, "cpu_seconds": cpu_seconds, "steps": steps, "kind": kind}


def measured(name: str, folder: Path, memory: Memory, size: tuple[int, int], steps: int) -> Row:
    """The row of one picture, its networks read from a folder that `write` wrote; in this process."""
    folders = {path.name: path for path in folder.iterdir()}
    painter: Any = LOADERS[name][1](folders, memory, "tryon")
    row = painted(painter, some_canvas(size), steps or painter.settings.steps)
    how = {"dtype": memory.dtype, "offload": memory.offload, "quantise": memory.quantise}
    return {"what": name, "pixels": "{}x{}".format(*size)} | how | row


def written(name: str, folder: Path) -> list[Row]:
    """Write an architecture's networks into a folder; in a process of its own, for its memory is not the painter's."""
    write(filled(ARCHITECTURES[name], getattr(torch, LOADERS[name][0].wants)), folder)
    return []


def ways(name: str, steps: int, dtypes: list[str]) -> list[tuple[str, str, tuple[int, int], int]]:
    """What to measure here: preset and dtype, size, steps."""
    here = machine()
    if here.device != "cuda":
        return [("cpu", dtype, CPU_SIZE, steps or 1) for dtype in dtypes]
    fitting = [preset for preset, gigabytes in PRESETS.items() if gigabytes <= here.gigabytes]
    return [(preset, "", SIZES[name], steps) for preset in fitting]


def memory_of(name: str, preset: str, dtype: str) -> Memory:
    """How an architecture is loaded here."""
    return Memory("cpu", dtype) if preset == "cpu" else decide(LOADERS[name][0], machine(), preset)


# --- the table ------------------------------------------------------------------------------------------------


def main() -> None:
    """Calculate and measure, write the CSV and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", nargs="*", choices=tuple(ARCHITECTURES), help="default: all on a GPU, else sd15")
    parser.add_argument("--steps", type=int, default=0, help="0 = as many as usual on a GPU, one on a CPU")
    parser.add_argument("--dtype", nargs="+", default=["float32", "bfloat16"], help="on a CPU")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks/architectures.csv"))
    parser.add_argument("--only", nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("--started", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.only:
        print(json.dumps(one_process(*args.only)))
        return
    rows = [row for name in ARCHITECTURES for row in calculated(name)]
    usual = list(ARCHITECTURES) if torch.cuda.is_available() else ["sd15"]
    for name in usual if args.measure is None else args.measure:
        with tempfile.TemporaryDirectory() as folder:
            own = partial(in_own_process, "benchmarks.architectures", "--only")
            own("write", name, folder)
            for preset, dtype, size, steps in ways(name, args.steps, args.dtype):
                found = own("paint", name, folder, preset, dtype or "-", *size, steps)
                (known,) = [row for row in rows if row["what"] == name and row["preset"] == "24gb"]
                shared = {key: known.get(key, "") for key in ("parameters_m", "float32_gb", "half_gb", "nf4_gb")}
                rows += [shared | {"preset": preset} | row for row in found]
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else NO_GPU
    report(args.out, COLUMNS, rows, ("torch", "diffusers", "transformers"), gpu)


def one_process(do: str, name: str, folder: str, *how: str) -> list[Row]:
    """What runs in a process of its own, given as words."""
    if do == "write":
        return written(name, Path(folder))
    preset, dtype, height, width, steps = how
    memory = memory_of(name, preset, dtype)
    return [measured(name, Path(folder), memory, (int(height), int(width)), int(steps))]


if __name__ == "__main__":
    main()
