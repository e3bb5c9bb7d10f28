"""The benchmark of the room's camera: its errors mean what their names say."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import room_camera
from pipelines import images
from pipelines.errors import BadInput
from pipelines.geometry.camera import Camera
from pipelines.perception.camera_height import room_networks
from tests.pipelines.perception.rooms import draw_room

TRUE = Camera((600, 800), focal=600, pitch=0.12, roll=0.02, height=1.4)


def test_the_true_camera_has_no_errors() -> None:
    assert room_camera.horizon_error(TRUE, TRUE) == 0
    assert room_camera.item_errors(TRUE, TRUE) == pytest.approx(np.zeros(5))


def test_the_horizon_is_wrong_by_the_angle_between_both() -> None:
    level = replace(TRUE, roll=0.0)
    assert room_camera.horizon_error(replace(level, pitch=0.17), level) == pytest.approx(np.degrees(0.05))


def test_a_wrong_height_changes_items_in_proportion() -> None:
    # A camera that is thought higher sees the same pixels as things that are larger, so that a metre has fewer of them.
    assert room_camera.item_errors(replace(TRUE, height=2.8), TRUE) == pytest.approx(np.full(5, 0.5), abs=0.1)


def test_where_the_found_camera_sees_no_floor_all_is_wrong() -> None:
    assert room_camera.item_errors(replace(TRUE, pitch=-1.0), TRUE) == pytest.approx(np.ones(5))


def test_only_gross_errors_that_nobody_warns_of_are_unflagged() -> None:
    rows = [{"item_pct": error, "horizon_confidence": told} for error, told in ((50, 0.9), (50, 0.1), (5, 0.9), (5, 0))]
    assert room_camera.unflagged(rows) == 0.25


def test_rooms_are_read_measured_and_summed_up(tmp_path: Path) -> None:
    lines = []
    for seed in (303, 304):
        room = draw_room(seed, Camera((200, 300), 220.0, 0.15, 0.0, 1.4))
        images.save_png(tmp_path / f"{seed}.png", room.image)
        images.save_png(tmp_path / f"{seed}-floor.png", room.floor)
        lines.append({"file": f"{seed}.png", "focal": 220, "pitch": 0.15, "roll": 0, "height": 1.4})
    lines[0]["floor"] = "303-floor.png"
    (tmp_path / "rooms.jsonl").write_text("\n".join(map(json.dumps, lines)))
    rows = room_camera.measure(tmp_path, room_networks())
    assert [row["file"] for row in rows] == ["303.png", "304.png"]
    assert all(set(row) == set(room_camera.COLUMNS) for row in rows)
    assert 0 <= rows[0]["floor_iou"] <= 1
    assert rows[1]["floor_iou"] == ""
    median, worst = room_camera.summary(rows)
    assert median["horizon_deg"] <= worst["horizon_deg"]
    assert median["floor_confidence"] >= worst["floor_confidence"]


@pytest.mark.parametrize("line", ["{", "[]", '{"file": "a.png"}', '{"file": "a.png", "focal": "wide"}'])
def test_a_line_that_says_too_little_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "rooms.jsonl").write_text(line)
    with pytest.raises(BadInput, match="line 1"):
        list(room_camera.read_rooms(tmp_path))
