"""The table of architectures: networks as large as published, memory counted right, every way to paint in small."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from benchmarks import architectures, networks
from benchmarks.measuring import as_csv
from pipelines.diffusion.memory import NF4_SHARE, Memory
from pipelines.diffusion.published.loading import LOADERS
from tests.pipelines import tiny_hub

#: Parameters of the published checkpoints; of IP-Adapter half the bytes of its file.
PUBLISHED = {
    "sd15": {
        "unet": 859_535_364, "vae": 83_653_863, "text_encoder": 123_060_480, "controlnet": 361_279_120,
        "image_encoder": 632_076_800,
    },
    "concat": {"unet": 859_535_364, "vae": 83_653_863},
    "sdxl": {
        "unet": 2_567_463_684, "vae": 83_653_863, "text_encoder": 123_060_480, "text_encoder_2": 694_659_840,
        "image_encoder": 632_076_800,
    },
    "flux-fill": {
        "transformer": 11_902_391_360, "text_encoder": 123_060_480, "text_encoder_2": 4_762_310_656,
        "image_encoder": 428_225_600,
    },
}  # fmt: skip
FILES = {"sd15": 44.6e6, "sdxl": 698e6}


@pytest.mark.parametrize("name", networks.ARCHITECTURES)
def test_networks_are_as_large_as_published(name: str) -> None:
    with torch.device("meta"):
        found = networks.ARCHITECTURES[name]()
    counts = {key: sum(one.numel() for one in network.parameters()) for key, network in found.items()}
    assert {key: counts[key] for key in PUBLISHED[name]} == PUBLISHED[name]
    adapter = sum(one.numel() for one in networks.adapter(found).values())
    assert 2 * adapter == pytest.approx(FILES.get(name, 0), rel=0.01)


def test_the_weights_are_as_many_as_a_painter_says_it_has() -> None:
    for name, build in networks.ARCHITECTURES.items():
        with torch.device("meta"):
            row = architectures.described(name, build())
        assert row["half_gb"] == pytest.approx(LOADERS[name][0].total, rel=0.02)


class Chain(nn.Module):
    """Four layers; two of their outputs are held at a time, and once three."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first = x + 1
        second = first * 2
        del first
        third = second.t().exp()
        second.mul_(2)
        return third + second


def test_what_a_call_holds_is_counted_and_views_and_what_was_there_before_are_not() -> None:
    x = torch.empty(100, 100, device="meta")
    assert architectures.held(lambda: x.t().reshape(10_000)) == 40_000  # a copy; the view before it is none
    assert architectures.held(lambda: x.view(10_000).mul_(2)) == 0
    assert architectures.held(lambda: Chain()(x)) == 3 * 40_000


def test_attention_holds_no_matrix() -> None:
    query = torch.empty(1, 8, 4096, 40, device="meta")
    attend = nn.functional.scaled_dot_product_attention
    assert architectures.held(lambda: attend(query, query, query)) == query.nbytes


@pytest.fixture(scope="module")
def sd15() -> networks.Networks:
    with torch.device("meta"):
        return {key: nn.Module.to(one, torch.float16) for key, one in networks.sd15().items()}


@pytest.mark.parametrize(("offload", "together"), [("none", None), ("model", {"unet", "controlnet", "vae"})])
def test_what_lies_on_a_gpu_together(sd15: networks.Networks, offload: str, together: set[str] | None) -> None:
    adapter = 2 * sum(one.numel() for one in networks.adapter(sd15).values())
    wanted = sum(architectures.bytes_of(one) for key, one in sd15.items() if together is None or key in together)
    found = architectures.stages("sd15", sd15, Memory("cuda", "float16", offload))
    assert found["denoise"] == wanted + adapter


def test_layer_by_layer_and_in_four_bits_less_lies_there(sd15: networks.Networks) -> None:
    one_by_one = architectures.stages("sd15", sd15, Memory("cuda", "float16", "model"))
    layers = architectures.stages("sd15", sd15, Memory("cuda", "float16", "sequential"))
    assert layers["denoise"] == 2 * 49408 * 768  # the words of the text encoder
    four = architectures.stages(
        "sd15", sd15, Memory("cuda", "float16", "model", quantise="nf4", quantised=("text_encoder",))
    )
    assert four["text_encoder"] == round(NF4_SHARE * one_by_one["text_encoder"])
    assert four["denoise"] == one_by_one["denoise"]


@pytest.mark.parametrize("name", networks.ARCHITECTURES)
def test_each_preset_fits_and_its_row_says_that_it_was_calculated(name: str) -> None:
    rows = architectures.calculated(name)
    assert [row["preset"] for row in rows] == ["4gb", "8gb", "16gb", "24gb"]
    for row in rows:
        assert row["kind"] == "calculated" and "seconds" not in row
        assert row["peak_gb"] == pytest.approx(row["weights_gb"] + row["activations_gb"])
        assert row["peak_gb"] < float(row["preset"].removesuffix("gb"))
    lines = as_csv(architectures.COLUMNS, rows, "a machine").splitlines()
    assert lines[1].split(",") == list(architectures.COLUMNS) and len(lines) == 6


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_hub.build(tmp_path_factory.mktemp("hub"))


@pytest.mark.parametrize("name", networks.ARCHITECTURES)
def test_what_is_written_is_what_the_painter_reads_and_is_measured(name: str, tmp_path: Path, hub: Path) -> None:
    memory = Memory("cpu", "float32")
    painter = LOADERS[name][1]({path.name: path for path in hub.iterdir()}, memory, "tryon")
    small = {key: part for key, part in painter.pipe.components.items() if isinstance(part, nn.Module)}
    if "image_encoder" in small and "unet" in small:
        painter.pipe.unload_ip_adapter()  # what is written is the U-Net alone, and an adapter beside it
    networks.write(small, tmp_path)
    row = architectures.measured(name, tmp_path, memory, (64, 64), 1)
    assert row["kind"] == "measured, CPU" and row["steps"] == 1 and row["pixels"] == "64x64"
    assert row["seconds"] > 0 and row["cpu_seconds"] > 0 and 0.1 < row["peak_gb"] < 100


def test_networks_are_filled_in_the_precision_asked_for() -> None:
    (net,) = networks.filled(
        lambda: {"net": nn.Sequential(nn.Linear(2000, 900), nn.LayerNorm(9))}, torch.bfloat16
    ).values()
    assert {one.dtype for one in net.parameters()} == {torch.bfloat16}
    assert 0.015 < net[0].weight.float().std() < 0.025 and not net.training
    assert net[0].weight[0, 0] == net[0].weight.flatten()[1 << 20]  # one block of them repeats
