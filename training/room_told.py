"""Rooms that are told in rooms.toml rather than drawn: the demo rooms. No Blender here."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.geometry.camera import Camera
from training.room_camera import Shot
from training.room_layout import Piece, Ware
from training.room_looks import Lights, Looks, Surface, rgb
from training.room_plan import Plan
from training.room_shape import Opening, Shell

ROOMS = Path(__file__).with_name("rooms.toml")


def load_rooms(path: Path = ROOMS) -> dict[str, Any]:
    """The file's extras and rooms."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def told_plan(room: Mapping[str, Any], wares: Mapping[str, Ware], size: tuple[int, int]) -> Plan:
    """The plan of a room of rooms.toml.

    Args:
        room: its table.
        wares: everything that can stand in it, by id.
        size: (height, width) of its picture, pixels.

    Raises:
        KeyError: for a piece that does not exist or stands on one that is not there yet.
    """
    openings = tuple(
        Opening(**(dict(one) | {"panes": tuple(one.get("panes", (1, 1)))})) for one in room["openings"]
    )  # fmt: skip
    shell = Shell(tuple(room["size"]), room["height"], openings=openings)
    pieces: dict[str, Piece] = {}
    for told in room["pieces"]:
        ware = wares[told["item"]]
        if "on" in told:
            below = pieces[told["on"]]
            piece = Piece(ware, below.at, below.turn, below.base + below.ware.size[2])
        else:
            x, y = told["at"]
            piece = Piece(ware, (x, y), float(np.deg2rad(told.get("turn", 0))), told.get("base", 0.0))
        pieces[ware.id] = piece
    return Plan(
        room["seed"], room["kind"], shell, _shot(room["camera"], size), _looks(room, shell), tuple(pieces.values())
    )


def _shot(camera: Mapping[str, Any], size: tuple[int, int]) -> Shot:
    focal = size[1] / 2 / np.tan(np.deg2rad(camera["fov"]) / 2)
    pitch, roll, heading = (float(np.deg2rad(camera[key])) for key in ("pitch", "roll", "heading"))
    x, y = camera["at"]
    return Shot(Camera(size, float(focal), pitch, roll, camera["height"]), (x, y), heading)


def _looks(room: Mapping[str, Any], shell: Shell) -> Looks:
    told = dict(room["floor"])
    told["colours"] = tuple(rgb(code) for code in told["colours"])
    told["turn"] = float(np.deg2rad(told.get("turn", 0)))
    walls = [Surface("plain", (rgb(room["paint"]),), roughness=0.9, specular=0.1)] * len(shell.walls)
    if "accent" in room:
        walls[room["accent"]["wall"]] = Surface("plain", (rgb(room["accent"]["colour"]),), roughness=0.9, specular=0.1)
    lights: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in room["lights"].items()
    }
    return Looks(
        floor=Surface(**told),
        ceiling=Surface("plain", (rgb("#f4f3f1"),), roughness=0.95, specular=0.05),
        walls=tuple(walls),
        curtain=rgb(room.get("curtain", "#e0dcd4")),
        outside=room.get("outside", "garden"),
        lights=Lights(**lights),
    )
