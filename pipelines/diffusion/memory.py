"""How a published model fits a machine: precision, what stays on the GPU, quantisation. Decided by a pure function."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import Any, Literal

import torch
from diffusers import DiffusionPipeline

from pipelines.errors import BadInput, MissingLibrary

Offload = Literal["none", "model", "sequential"]
Quantise = Literal["none", "nf4"]

#: Gigabytes of a GPU, by the names under which they are chosen.
PRESETS: dict[str, float] = {"4gb": 4, "8gb": 8, "16gb": 16, "24gb": 24}
CHOICES = ("auto", "cpu", *PRESETS)
#: Added to a choice: compile the blocks of the denoiser, which takes a minute or more and pays in batches.
COMPILE = "+compile"
#: Gigabytes that a picture needs beside the networks, and the share of a GPU that the system leaves over.
WORKING, LEFT_OVER = 2.0, 0.92
#: Up to this many gigabytes the autoencoder works tile by tile.
TILED = 8
#: What four bits of NF4 with its scales take of sixteen.
NF4_SHARE = 0.29


@dataclass(frozen=True)
class Machine:
    """What there is to compute on.

    Attributes:
        device: "cuda", "mps" or "cpu". gigabytes: of the GPU; of a CPU not looked at.
        bfloat16: whether the GPU computes in it. bitsandbytes: whether what quantises to four bits is installed.
    """

    device: str
    gigabytes: float = 0.0
    bfloat16: bool = False
    bitsandbytes: bool = False


@dataclass(frozen=True)
class Size:
    """Gigabytes of a model's weights in half precision.

    Attributes:
        total: of all networks. largest: of the largest. wants: the precision it was trained for.
        quantised: names of the components that are worth it; () = small enough never to be quantised.
    """

    total: float
    largest: float
    wants: Literal["float16", "bfloat16"] = "float16"
    quantised: tuple[str, ...] = ()


@dataclass(frozen=True)
class Memory:
    """How a model is loaded.

    Attributes:
        device, dtype: where and in what precision it computes.
        offload: "model" = one network at a time on the GPU; "sequential" = one layer at a time, slow.
        tiling: the autoencoder works tile by tile.
        quantise: the components named in `quantised` are held in four bits.
        compile: repeated blocks of the denoiser are compiled.
    """

    device: str
    dtype: str
    offload: Offload = "none"
    tiling: bool = False
    quantise: Quantise = "none"
    quantised: tuple[str, ...] = ()
    compile: bool = False

    def said(self) -> dict[str, Any]:
        """What of it decides the picture, for the recipe."""
        return {"dtype": self.dtype, "quantise": self.quantise}


def machine() -> Machine:
    """The machine this runs on."""
    bitsandbytes = importlib.util.find_spec("bitsandbytes") is not None
    if torch.cuda.is_available():
        gigabytes = torch.cuda.get_device_properties(0).total_memory / 2**30
        return Machine("cuda", gigabytes, torch.cuda.is_bf16_supported(), bitsandbytes)
    if torch.backends.mps.is_available():
        return Machine("mps")
    return Machine("cpu")


def decide(size: Size, machine: Machine, choice: str = "auto") -> Memory:
    """How a model of this size is loaded on a machine.

    Args:
        choice: one of CHOICES, with COMPILE added or not; "auto" = by what the GPU has.

    Raises:
        BadInput: an unknown choice, or a GPU that is not there.
        MissingLibrary: it fits only in four bits, and what quantises it is not installed.
    """
    name = choice.removesuffix(COMPILE)
    if name not in CHOICES:
        allowed = f"{', '.join(CHOICES)}; with {COMPILE} added for batches"
        raise BadInput("--memory", repr(choice), allowed, "Leave it out to have it chosen.")
    compiled = name != choice
    if name == "cpu" or (name == "auto" and machine.device == "cpu"):
        return Memory("cpu", "float32", compile=compiled)
    if machine.device == "cpu":
        raise BadInput("--memory", f"{choice} without a GPU", "cpu or auto", "Leave it out to have it chosen.")
    if machine.device == "mps":
        # Memory is shared with the CPU: moving networks about frees none.
        return Memory("mps", "float16", tiling=PRESETS.get(name, TILED) <= TILED, compile=compiled)
    gigabytes = PRESETS.get(name, machine.gigabytes / LEFT_OVER)
    dtype = size.wants if machine.bfloat16 else "float16"
    offload, quantise = _fitted(size, gigabytes)
    if quantise != "none" and not machine.bitsandbytes:
        instead = f", or choose --memory 24gb on a GPU of {size.largest + WORKING:.0f} GB or more"
        raise MissingLibrary(
            "bitsandbytes", f"A model of {size.largest:.0f} GB on a GPU of {gigabytes:.0f} GB", instead
        )
    quantised = size.quantised if quantise != "none" else ()
    return Memory("cuda", dtype, offload, gigabytes <= TILED, quantise, quantised, compiled)


def _fitted(size: Size, gigabytes: float) -> tuple[Offload, Quantise]:
    """The fastest way in which a model fits."""
    room = gigabytes - WORKING
    if size.total <= room:
        return "none", "none"
    if size.largest <= room:
        return "model", "none"
    if size.quantised and size.largest * NF4_SHARE <= room:
        return "model", "nf4"
    return "sequential", "none"


def loading(memory: Memory, apart: tuple[str, ...] = ()) -> dict[str, Any]:
    """What `from_pretrained` of a pipeline is given.

    Args:
        apart: components that are loaded before it, each with `loading_one`.
    """
    given = _plainly(memory)
    if memory.quantise == "nf4":
        from diffusers import PipelineQuantizationConfig

        given["quantization_config"] = PipelineQuantizationConfig(
            quant_backend="bitsandbytes_4bit",
            quant_kwargs=_nf4(memory),
            components_to_quantize=[one for one in memory.quantised if one not in apart],
        )
    return given


def loading_one(memory: Memory, component: str) -> dict[str, Any]:
    """What `from_pretrained` of one of diffusers' networks is given, or of a pipeline of which nothing is quantised."""
    given = _plainly(memory)
    if component in memory.quantised:
        from diffusers import BitsAndBytesConfig

        given["quantization_config"] = BitsAndBytesConfig(**_nf4(memory))
    return given


def _plainly(memory: Memory) -> dict[str, Any]:
    return {"dtype": getattr(torch, memory.dtype), "local_files_only": True}


def _nf4(memory: Memory) -> dict[str, Any]:
    return {
        "load_in_4bit": True,
        "bnb_4bit_quant_type": "nf4",
        "bnb_4bit_compute_dtype": getattr(torch, memory.dtype),
    }


def place(pipe: DiffusionPipeline, memory: Memory) -> None:
    """Put a loaded pipeline where it computes.

    Attention is PyTorch's own, which never holds the whole matrix. Slicing it would save nothing, and diffusers'
    `enable_attention_slicing` throws the processors of an IP-Adapter out. Slices of the autoencoder are for batches of
    pictures; here one is painted at a time.
    """
    if memory.tiling:
        pipe.vae.enable_tiling()
    if memory.compile:
        denoiser = getattr(pipe, "unet", None) or pipe.transformer
        denoiser.compile_repeated_blocks(fullgraph=True)
    if memory.offload == "model":
        pipe.enable_model_cpu_offload(device=memory.device)
    elif memory.offload == "sequential":
        pipe.enable_sequential_cpu_offload(device=memory.device)
    else:
        pipe.to(memory.device)
