"""Rooms in Blender's Cycles: builds a planned room, lights it and takes its pictures.

The scene is in the room's frame (room_shape). Furniture meshes and their materials stay in memory from room to room;
everything else is made anew, so a picture depends on its plan alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

from training import furniture_patterns
from training.catalog_scene import render
from training.furniture_models import Material, Mesh
from training.furniture_scene import Studio, _principled, depth_material
from training.room_layout import Piece
from training.room_looks import Lights
from training.room_outside import draw_outside
from training.room_plan import Plan
from training.room_shape import Array
from training.room_shell import REVEAL, build_shell, paint, quads
from training.room_surfaces import Sheet, draw_surface

#: Watts of a ceiling light and of a lamp that give what a window of strength 1 gives a usual room.
CEILING_WATTS, LAMP_WATTS = 70.0, 22.0
#: How brightly shades glow when their lamps are on, and how deep in the room windows' light starts, metres.
GLOW, INSIDE = 1.6, 0.06
#: Samples a pixel of a mask.
MASK_SAMPLES = 8
LAMPS = ("floor lamp", "table lamp", "ceiling lamp")


class RoomStage(Studio):
    """A studio whose scene is one room after the other."""

    def __init__(self, mesh_of: Callable[[str], Mesh], samples: int, bounces: int, surface_pixels: int) -> None:
        """An empty stage.

        Args:
            mesh_of: gives the mesh of an item by its id.
            samples: a pixel of a picture.
            bounces: of diffuse light.
            surface_pixels: side of floors' and walls' pictures.
        """
        self._mesh_of, self._surface_pixels = mesh_of, surface_pixels
        self._kept: dict[str, Any] = {}
        self._sheets: dict[str, Sheet] = {}
        # The studio wants an item; a speck that is taken away again.
        speck = quads(
            np.zeros((1, 4, 3)) + np.eye(4)[None, :, :3] * 0.01, np.zeros((1, 4, 2)), paint("speck", (1, 1, 1))
        )
        super().__init__(speck, samples, 0, self._draw)
        cycles = self.scene.cycles
        cycles.diffuse_bounces, cycles.glossy_bounces, cycles.max_bounces = bounces, 2, bounces + 2
        cycles.sample_clamp_indirect = 3.0
        # Rooms have few lights, so looking for the brightest costs more than it saves.
        cycles.use_light_tree = False
        cycles.denoising_quality = "HIGH"
        self._camera.data.clip_start = 0.05
        self._depth = depth_material()

    # --- building -----------------------------------------------------------------------------------------------------

    def build(self, plan: Plan) -> None:
        """Replaces what is on the stage by a room."""
        self._clear()
        self.plan, looks = plan, plan.looks
        surfaces = {"floor": looks.floor} | {f"wall{n}": surface for n, surface in enumerate(looks.walls)}
        drawn: dict[Any, Sheet] = {}
        for surface in surfaces.values():
            if surface.kind != "plain" and surface not in drawn:
                drawn[surface] = draw_surface(surface, self._surface_pixels)
        self._sheets = {name: drawn[surface] for name, surface in surfaces.items() if surface in drawn}
        shell = build_shell(plan.shell, looks, {name: sheet.side for name, sheet in self._sheets.items()})
        self._floors = [self._add(shell.floor)]
        for mesh in (shell.walls, shell.trim):
            self._add(mesh)
        self._outside(shell.outside)
        for piece in plan.pieces:
            thing = self._stand(piece)
            if piece.ware.place == "rug":
                self._floors.append(thing)
        self.target: Any = self._stand(plan.target) if plan.target else None
        self._light(looks.lights)
        self._aim()
        self.scene.cycles.seed = plan.seed
        self.scene.render.use_persistent_data = True

    def _clear(self) -> None:
        for thing in list(bpy.data.objects):
            if thing is not self._camera:
                bpy.data.objects.remove(thing)
        for light in list(bpy.data.lights):
            bpy.data.lights.remove(light)
        bpy.data.orphans_purge(do_recursive=True)

    def _stand(self, piece: Piece) -> Any:
        name = piece.ware.id
        if name not in self._kept:
            thing = self._add(self._mesh_of(name))
            self._kept[name] = thing.data
            thing.data.use_fake_user = True
        else:
            thing = bpy.data.objects.new(name, self._kept[name])
            self.scene.collection.objects.link(thing)
        thing.matrix_world = Matrix(piece.matrix.tolist())
        return thing

    def _material(self, wanted: Material) -> Any:
        material = super()._material(wanted)
        sheet = self._sheets.get(wanted.pattern)
        if sheet is not None and sheet.relief is not None:
            self._emboss(material, sheet)
        return material

    def _emboss(self, material: Any, sheet: Sheet) -> None:
        """A bump from a sheet's relief."""
        nodes, links = material.node_tree.nodes, material.node_tree.links
        texture, bump = nodes.new("ShaderNodeTexImage"), nodes.new("ShaderNodeBump")
        texture.image = _picture("relief", np.repeat(np.asarray(sheet.relief)[..., None], 3, axis=2))
        bump.inputs["Distance"].default_value = sheet.deep
        bump.inputs["Strength"].default_value = 0.6
        links.new(texture.outputs["Color"], bump.inputs["Height"])
        links.new(bump.outputs["Normal"], _principled(material).inputs["Normal"])

    def _draw(self, pattern: str) -> Array:
        sheet = self._sheets.get(pattern)
        return furniture_patterns.draw(pattern) if sheet is None else sheet.colour

    def _outside(self, mesh: Mesh) -> None:
        """The picture behind the windows: the camera sees it, but it lights nothing."""
        looks = self.plan.looks
        picture = draw_outside(looks.outside, np.random.default_rng(self.plan.seed))
        thing = self._add(mesh)
        material = thing.data.materials[0]
        nodes, links = material.node_tree.nodes, material.node_tree.links
        nodes.clear()
        texture, glow, output = (
            nodes.new(kind) for kind in ("ShaderNodeTexImage", "ShaderNodeEmission", "ShaderNodeOutputMaterial")
        )
        texture.image = _picture("outside", picture * np.array(looks.lights.sky_colour))
        glow.inputs["Strength"].default_value = 0.9 * looks.lights.sky
        links.new(texture.outputs["Color"], glow.inputs["Color"])
        links.new(glow.outputs[0], output.inputs["Surface"])
        thing.visible_diffuse = thing.visible_shadow = False

    # --- light --------------------------------------------------------------------------------------------------------

    def _surround(self) -> None:
        """Light comes in by windows and from lamps only."""
        world = bpy.data.worlds.new("world")
        world.use_nodes = True
        world.node_tree.nodes["Background"].inputs["Strength"].default_value = 0.0
        self.scene.world = world

    def _front_light(self) -> Any:
        return None

    def _light(self, lights: Lights) -> None:
        plan = self.plan
        for opening in plan.shell.openings:
            if opening.kind == "window":
                wall = plan.shell.walls[opening.wall]
                x, y = wall.point(opening.middle, -REVEAL + INSIDE)
                at = (x, y, (opening.sill + opening.top) / 2)
                size = (opening.width - 0.04, opening.top - opening.sill - 0.04)
                self._panel(at, [*wall.inward, 0.0], size, lights.sky, lights.sky_colour)
        if lights.fill:
            width, depth = plan.shell.size
            at = (width / 2, depth / 2, plan.shell.height - 0.02)
            self._panel(at, [0, 0, -1.0], (0.7 * width, 0.7 * depth), lights.fill, (1, 1, 1)).visible_glossy = False
        if lights.sun:
            self._sun(lights)
        hanging = [piece for piece in plan.pieces if piece.ware.category == "ceiling lamp"]
        if lights.ceiling and not hanging:
            self._ceiling_light(lights)
        if lights.lamps or (lights.ceiling and hanging):
            self._lamps(lights)

    def _panel(self, at: Any, towards: Any, size: tuple[float, float], strength: float, colour: Any) -> Any:
        data = bpy.data.lights.new("panel", "AREA")
        data.shape, data.size, data.size_y = "RECTANGLE", size[0], size[1]
        # A Lambertian panel's radiance is power / (π · area).
        data.energy = strength * np.pi * size[0] * size[1]
        data.color = colour
        back = -np.asarray(towards, np.float64)
        up = np.array([0, 0, 1.0]) if abs(back[2]) < 0.9 else np.array([0, 1.0, 0])
        right = np.cross(up, back)
        return self._hang(data, np.stack([right, np.cross(back, right), back], axis=1), at)

    def _hang(self, data: Any, axes: Array, at: Any) -> Any:
        thing = bpy.data.objects.new(data.name, data)
        pose = np.eye(4)
        pose[:3, :3], pose[:3, 3] = axes, at
        thing.matrix_world = Matrix(pose.tolist())
        thing.visible_camera = False
        self.scene.collection.objects.link(thing)
        return thing

    def _sun(self, lights: Lights) -> None:
        data = bpy.data.lights.new("sun", "SUN")
        data.energy, data.color, data.angle = lights.sun, lights.sun_colour, 0.02
        azimuth, height = lights.sun_from
        back = np.array([np.cos(height) * np.cos(azimuth), np.cos(height) * np.sin(azimuth), np.sin(height)])
        right = np.cross([0, 0, 1.0], back)
        right /= np.linalg.norm(right)
        self._hang(data, np.stack([right, np.cross(back, right), back], axis=1), (0, 0, 10))

    def _ceiling_light(self, lights: Lights) -> None:
        """A round lamp under the middle of the ceiling."""
        shell = self.plan.shell
        x, y = self._middle()
        turn = np.linspace(0, 2 * np.pi, 33)
        ring = np.stack([x + 0.17 * np.cos(turn), y + 0.17 * np.sin(turn)], axis=1)
        top, foot = (np.column_stack([ring, np.full(33, shell.height - z)]) for z in (0.0, 0.07))
        side = np.stack([top[:-1], top[1:], foot[1:], foot[:-1]], axis=1)
        middle = np.array([x, y, shell.height - 0.07])
        below = np.stack([foot[:-1], foot[1:], np.tile(middle, (32, 1)), np.tile(middle, (32, 1))], axis=1)
        glow = replace(paint("ceiling light", lights.lamp_colour), glow=GLOW * lights.ceiling)
        thing = self._add(quads(np.concatenate([side, below]), np.zeros((64, 4, 2)), glow))
        thing.visible_shadow = False
        self._bulb((x, y, shell.height - 0.2), CEILING_WATTS * lights.ceiling, lights, 0.15)

    def _middle(self) -> tuple[float, float]:
        """The middle of the room, or of the larger rectangle that an L-shaped one has beside its notch."""
        (width, depth), (a, b), notch = self.plan.shell.size, self.plan.shell.notch, self.plan.shell.missing
        if notch is None:
            return width / 2, depth / 2
        left, low = notch.corners.min(0)
        if width * (depth - b) > depth * (width - a):
            return width / 2, (depth - b) / 2 + (b if low < 1e-6 else 0.0)
        return (width - a) / 2 + (a if left < 1e-6 else 0.0), depth / 2

    def _lamps(self, lights: Lights) -> None:
        strength = max(lights.lamps, lights.ceiling)
        for piece in self.plan.pieces:
            if piece.ware.category in LAMPS and (lights.lamps or piece.ware.category == "ceiling lamp"):
                share = 0.35 if piece.ware.category == "ceiling lamp" else 0.84
                at = (*piece.at, piece.base + share * piece.ware.size[2])
                watts = LAMP_WATTS * (2.2 if piece.ware.category == "ceiling lamp" else 1.0)
                self._bulb(at, watts * strength, lights, 0.07)
                for thing in self.scene.collection.objects:
                    if thing.data is self._kept.get(piece.ware.id):
                        thing.visible_shadow = False

    def _bulb(self, at: Any, watts: float, lights: Lights, radius: float) -> None:
        data = bpy.data.lights.new("bulb", "POINT")
        data.energy, data.color, data.shadow_soft_size = watts, lights.lamp_colour, radius
        self._hang(data, np.eye(3), at)

    # --- taking -------------------------------------------------------------------------------------------------------

    def _aim(self) -> None:
        shot = self.plan.shot
        camera = shot.camera
        self.scene.render.resolution_y, self.scene.render.resolution_x = camera.size
        data = self._camera.data
        data.sensor_fit, data.sensor_width = "HORIZONTAL", 36.0
        data.lens = 36.0 * camera.focal / camera.size[1]
        pose = np.eye(4)
        # Blender's camera looks along its −z with y up; ours along ahead with y down.
        pose[:3, :3] = shot.turn @ (camera.axes * [[1], [-1], [-1]]).T
        pose[:3, 3] = (*shot.at, camera.height)
        self._camera.matrix_world = Matrix(pose.tolist())

    def picture(self, with_target: bool) -> Array:
        """The room as linear light (H, W, 3)."""
        if self.target:
            self.target.hide_render = not with_target
        return render(self.scene)[..., :3]

    def item_mask(self) -> NDArray[np.uint8]:
        """(H, W): how much of each pixel shows the target, 0–255."""
        self.target.hide_render, self.target.is_holdout = False, True
        alpha = self._quickly(lambda: render(self.scene)[..., 3], MASK_SAMPLES, self.scene.cycles.filter_width)
        self.target.is_holdout = False
        return np.rint(255 * np.clip(1 - alpha, 0, 1)).astype(np.uint8)

    def floor_and_depth(self) -> tuple[NDArray[np.uint8], Array]:
        """Masks of a room without its target; taken last, because Cycles forgets the room.

        Returns:
            (H, W) uint8, 255 where the middle of a pixel shows floor or rug; and (H, W) metres along the view.
        """
        if self.target:
            self.target.hide_render = True
        for thing in self.scene.collection.objects:
            thing.color = (0, 0, 0, 1)
        for thing in self._floors:
            thing.color = (1, 0, 0, 1)
        layer = self.scene.view_layers[0]
        layer.material_override = self._depth
        # The next room may have other pictures at the same place in memory, so Cycles has to forget these.
        self.scene.render.use_persistent_data = False
        seen = self._quickly(lambda: render(self.scene), 1, 0.01)
        layer.material_override = None
        return np.where(seen[..., 0] > 0.5, 255, 0).astype(np.uint8), seen[..., 1]


def _picture(name: str, values: Array) -> Any:
    """A float picture (H, W, 3) in Blender's memory, row 0 at the top, taken as raw numbers."""
    height, width = values.shape[:2]
    image = bpy.data.images.new(name, width, height, float_buffer=True, is_data=True)
    pixels = np.ones((height, width, 4), np.float32)
    pixels[..., :3] = values[::-1]
    image.pixels.foreach_set(pixels.ravel())
    image.update()
    return image
