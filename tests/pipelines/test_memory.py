"""How a model fits a machine: every choice on every machine, and what is said where it does not fit."""

from __future__ import annotations

import importlib.util
import itertools
import math

import pytest

from pipelines.diffusion.memory import CHOICES, COMPILE, WORKING, Machine, Memory, Size, decide, loading, loading_one
from pipelines.diffusion.published.loading import LOADERS
from pipelines.errors import BadInput, MissingLibrary

SIZES = {name: size for name, (size, _) in LOADERS.items()}
CPU = Machine("cpu")


def gpu(gigabytes: float, bfloat16: bool = True, bitsandbytes: bool = True) -> Machine:
    """A GPU as it reports itself: a little less than is written on it."""
    return Machine("cuda", 0.95 * gigabytes, bfloat16, bitsandbytes)


def on_gpu(size: Size, memory: Memory) -> float:
    """Gigabytes of weights that are on the GPU at once."""
    share = 0.3 if memory.quantise == "nf4" else 1.0
    return {"none": size.total, "model": share * size.largest, "sequential": 0.0}[memory.offload]


@pytest.mark.parametrize(("name", "gigabytes"), itertools.product(SIZES, [4, 6, 8, 12, 16, 24, 48, 80]))
def test_what_is_chosen_fits_and_nothing_faster_would(name: str, gigabytes: float) -> None:
    size, room = SIZES[name], gigabytes * 0.95 / 0.92 - WORKING
    found = decide(size, gpu(gigabytes))
    assert found.device == "cuda"
    assert found.dtype == size.wants
    assert on_gpu(size, found) <= room * 1.05
    assert (found.offload == "none") == (size.total <= room)
    if found.offload == "sequential":
        assert 0.29 * size.largest > room or not size.quantised
    if found.quantise == "nf4":
        assert size.largest > room
        assert found.quantised == size.quantised


@pytest.mark.parametrize(("choice", "compiled"), itertools.product(CHOICES, [False, True]))
def test_a_choice_counts_more_than_what_the_machine_has(choice: str, compiled: bool) -> None:
    found = decide(SIZES["sdxl"], gpu(80), choice + COMPILE * compiled)
    expected = dict.fromkeys(CHOICES, "none") | {"4gb": "sequential", "8gb": "sequential"}
    assert found.offload == expected[choice]
    assert found.device == ("cpu" if choice == "cpu" else "cuda")
    assert found.compile is compiled
    assert found.tiling == (choice in ("4gb", "8gb"))


@pytest.mark.parametrize("name", SIZES)
def test_a_cpu_takes_everything_whole_and_in_full_precision(name: str) -> None:
    assert decide(SIZES[name], CPU) == decide(SIZES[name], gpu(24), "cpu") == Memory("cpu", "float32")


def test_apple_s_memory_is_shared_and_nothing_is_moved_about() -> None:
    found = decide(SIZES["sdxl"], Machine("mps"))
    assert (found.device, found.dtype, found.offload) == ("mps", "float16", "none")


def test_a_gpu_without_bfloat16_takes_half_precision() -> None:
    assert decide(SIZES["flux-fill"], gpu(80, bfloat16=False)).dtype == "float16"


def test_what_fits_in_four_bits_only_says_what_to_install() -> None:
    with pytest.raises(MissingLibrary, match="pip install 'bitsandbytes'"):
        decide(SIZES["flux-fill"], gpu(16, bitsandbytes=False))
    assert decide(SIZES["sd15"], gpu(16, bitsandbytes=False)).quantise == "none"


@pytest.mark.parametrize("choice", ["", "5gb", "8GB", "auto+fast", "+compile"])
def test_an_unknown_choice_lists_the_choices(choice: str) -> None:
    with pytest.raises(BadInput, match="auto, cpu, 4gb, 8gb, 16gb, 24gb"):
        decide(SIZES["sd15"], CPU, choice)


def test_a_gpu_that_is_not_there_is_no_choice() -> None:
    with pytest.raises(BadInput, match="without a GPU"):
        decide(SIZES["sd15"], CPU, "8gb")


def test_the_recipe_tells_what_decides_the_picture_and_not_where_it_lay() -> None:
    offloaded, whole = (decide(SIZES["sdxl"], gpu(80), choice) for choice in ("8gb", "24gb"))
    assert offloaded.said() == whole.said() == {"dtype": "float16", "quantise": "none"}
    assert decide(SIZES["flux-fill"], gpu(16)).said()["quantise"] == "nf4"


def test_sizes_agree_with_what_is_fetched() -> None:
    """Half-precision gigabytes on a GPU are those of the manifest, but for what is fetched in full precision."""
    from pipelines import renderers, weights

    for name in ("sd15", "sdxl", "flux-fill"):
        fetched = sum(weights.find(one).download_size for one in renderers.painter_weights(name, "tryon")) / 1e9
        full = weights.find("clip-vision-h").download_size / 1e9 if name != "flux-fill" else 0.0
        assert math.isclose(SIZES[name].total, fetched - full / 2, rel_tol=0.05)


def test_what_from_pretrained_is_given() -> None:
    import torch

    plain = {"dtype": torch.float32, "local_files_only": True}
    assert loading(Memory("cpu", "float32")) == loading_one(Memory("cpu", "float32"), "controlnet") == plain


def test_in_four_bits_is_what_is_worth_it_and_each_where_it_is_loaded() -> None:
    memory = decide(SIZES["flux-fill"], gpu(16))
    given = loading(memory, apart=("controlnet",))
    assert given["quantization_config"].components_to_quantize == ["transformer", "text_encoder_2"]
    assert "quantization_config" not in loading_one(memory, "image_encoder")


@pytest.mark.skipif(importlib.util.find_spec("bitsandbytes") is None, reason="four bits need bitsandbytes")
def test_a_network_that_is_loaded_apart_is_held_in_four_bits_like_the_others() -> None:
    given = loading_one(decide(SIZES["flux-fill"], gpu(16)), "controlnet")
    assert given["quantization_config"].load_in_4bit and given["quantization_config"].bnb_4bit_quant_type == "nf4"
