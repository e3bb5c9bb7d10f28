"""The benchmark of try-on: time goes to the right stage, every stage that is reported is known, the reference runs."""

from __future__ import annotations

import re
import time
from pathlib import Path
from types import ModuleType

import pytest

from benchmarks import measuring, room, tryon
from pipelines.schema import Progress

PIPELINES = Path(tryon.__file__).parents[1] / "pipelines"


def test_time_goes_to_the_stage_that_was_reported_before_it() -> None:
    clock = measuring.StageClock(tryon.STAGES)
    reports = ((0.0, "looking at the photo", 0.0), (0.5, "rendering", 0.03), (0.7, "step 1 of 2", 0.02),
               (0.9, "step 2 of 2", 0.0), (0.95, "finishing", 0.01), (1.0, "done", 0.0))  # fmt: skip
    for fraction, stage, pause in reports:
        clock(Progress(fraction, stage))
        time.sleep(pause)
    assert clock.seconds["paint"] >= 0.05 > clock.seconds["finish"] >= 0.01
    assert clock.seconds["pose"] == 0


@pytest.mark.parametrize(("module", "count"), [(tryon, 7), (room, 5)])
def test_every_stage_of_the_pipeline_has_a_column(module: ModuleType, count: int) -> None:
    source = PIPELINES / f"{module.__name__.split('.')[-1]}.py"
    stages = re.findall(r'Progress\([^"]*f?"([^"]+)"', source.read_text(encoding="utf-8"))
    assert len(stages) >= count
    columns = {measuring.column_of(module.STAGES, stage) for stage in stages if stage != "done"}
    assert columns == set(module.STAGES.values())


def test_the_reference_paints_and_is_measured() -> None:
    (row,) = tryon.measure_reference("tiny", 2)
    assert row["seconds"] > 0 and 50 < row["peak_mb"] < 100_000
    lines = measuring.as_csv(tryon.COLUMNS, [row], "a machine").splitlines()
    assert lines[0] == "# a machine" and lines[1] == ",".join(tryon.COLUMNS) and len(lines) == 3
    assert len(measuring.as_table(tryon.COLUMNS, [row]).splitlines()) == 2


def test_the_reference_has_the_architecture_of_stable_diffusion_1_5(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    # Counted without filling gigabytes.
    with torch.device("meta"):
        pipe, _, size = tryon.stable_diffusion("sd15")
    counts = [sum(p.numel() for p in model.parameters()) for model in (pipe.unet, pipe.vae, pipe.text_encoder)]
    # The published checkpoint's: runwayml/stable-diffusion-inpainting.
    assert counts == [859_535_364, 83_653_863, 123_060_480]
    assert size == (512, 384)
