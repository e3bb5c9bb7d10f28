"""The furniture studio in Blender's Cycles: product pictures on white, and cut-outs for rooms.

The scene is in the frame of the item (see pipelines.geometry.views), so an item stands still and the camera goes round
it. Light has no left and right, only above, before and below the camera: then a mirrored cut-out is as good as one that
was rendered, and a room's own light is not contradicted.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray
from PIL import Image

from pipelines.geometry.views import View, project, view_of
from training.catalog_scene import new_scene, render
from training.furniture_models import Material, Mesh
from training.light import rolled_off, to_linear

Array = NDArray[np.float64]

#: Light of the surrounding from below, at the horizon and from above, in units of white paper under full light.
SURROUNDING = (0.40, 0.62, 1.04)
#: What glass mirrors: a bright room, the same everywhere, so that it has no noise.
MIRRORED = 0.6
#: Yaw and pitch of product pictures, degrees, and what stays free around the item, parts of the picture.
PRODUCT_ANGLES = {
    "floor": (32.0, 16.0), "table": (32.0, 12.0), "rug": (28.0, 38.0), "ceiling": (30.0, -8.0), "wall": (22.0, 4.0),
}  # fmt: skip
FREE = 0.08
#: How dark the ground's shadow is, 1 = as the light alone would make it.
SHADOW = 0.75


class Studio:
    """One item in a scene, ready to be taken from any side."""

    def __init__(self, mesh: Mesh, samples: int, seed: int, patterns: Callable[[str], Array]) -> None:
        """Puts `mesh` into an empty scene.

        Args:
            mesh: the item.
            samples: a pixel.
            seed: of the noise.
            patterns: name of a pattern → sRGB picture (H, W, 3) in 0–1.
        """
        self.scene = new_scene((64, 64), samples, seed)
        cycles = self.scene.cycles
        cycles.diffuse_bounces, cycles.glossy_bounces, cycles.max_bounces = 2, 2, 4
        cycles.transparent_max_bounces = 24
        cycles.sample_clamp_indirect = 4.0
        self.scene.render.film_transparent = True
        self.scene.render.image_settings.color_mode = "RGBA"
        self.patterns = patterns
        self.size = mesh.size
        self.thing = self._add(mesh)
        self.ground: Any = None
        self._surround()
        self._lamp = self._front_light()
        self._camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
        self.scene.collection.objects.link(self._camera)
        self.scene.camera = self._camera

    def take(self, view: View, middle: tuple[float, float] = (0.0, 0.0)) -> Array:
        """A picture (cell, cell, 4) in linear light, its colour multiplied with alpha.

        Args:
            view: the camera.
            middle: the picture's middle, right of and below where the camera looks, as parts of the picture.
        """
        self.scene.render.resolution_x = self.scene.render.resolution_y = view.cell
        data = self._camera.data
        data.clip_end = 1000.0
        data.type = "ORTHO" if view.plan else "PERSP"
        if view.plan:
            data.ortho_scale = view.cell / view.focal
        else:
            data.sensor_fit, data.sensor_width = "HORIZONTAL", 36.0
            data.lens = 36.0 * view.focal / view.cell
        data.shift_x, data.shift_y = middle[0], -middle[1]
        pose = np.eye(4)
        # Blender's camera looks along its −z with y up; ours along forward with y down.
        pose[:3, :3], pose[:3, 3] = (view.axes * [[1], [-1], [-1]]).T, view.at
        self._camera.matrix_world = Matrix(pose.tolist())
        self._light_from(view)
        return render(self.scene)

    def depth(self, view: View) -> Array:
        """Metres along the view, (cell, cell), of what the middle of each pixel shows; inf where there is nothing."""
        layer = self.scene.view_layers[0]
        layer.material_override = depth_material()
        seen = self._quickly(lambda: self.take(view), 1, 0.01)
        layer.material_override = None
        return np.where(seen[..., 3] > 0.5, seen[..., 1], np.inf)

    def _quickly(self, take: Callable[[], Array], samples: int, filter_width: float) -> Array:
        """Takes a picture without bounces, lamps and denoising."""
        cycles = self.scene.cycles
        before = (cycles.max_bounces, cycles.samples, cycles.filter_width)
        cycles.max_bounces, cycles.samples, cycles.filter_width, cycles.use_denoising = 0, samples, filter_width, False
        lamps = [thing for thing in self.scene.collection.objects if thing.type == "LIGHT"]
        for lamp in lamps:
            lamp.hide_render = True
        taken = take()
        for lamp in lamps:
            lamp.hide_render = False
        cycles.max_bounces, cycles.samples, cycles.filter_width = before
        cycles.use_denoising = True
        return taken

    def stand_on_white(self) -> None:
        """A white floor, of which the picture keeps only the item's soft shadow."""
        reach = self._reach()
        self._white(np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]) * reach - [0, 0, 0.0005])

    def hang_on_white(self) -> None:
        """A white wall behind the item."""
        behind, reach = -self.size[1] / 2 - 0.0005, self._reach()
        self._white(np.array([[1, 0, -1], [1, 0, 1], [-1, 0, 1], [-1, 0, -1]]) * reach + [0, behind, 0])

    def _reach(self) -> float:
        """How far the ground goes, metres: beyond all shadow, but not to the horizon, where only noise would be."""
        return 2.5 * float(np.linalg.norm(self.size))

    def shadow(self, view: View, middle: tuple[float, float]) -> Array:
        """What the item leaves of the light on the white ground, (cell, cell) in 0–1; 1 where there is no ground."""
        cycles = self.scene.cycles
        bounces, cycles.max_bounces = cycles.max_bounces, 0
        half = replace(view, cell=view.cell // 2, focal=view.focal / 2)
        self.thing.visible_camera, self.ground.visible_camera = False, True
        seen = self.take(half, middle)
        self.thing.hide_render = True
        bare = self.take(half, middle)
        self.thing.hide_render = False
        self.thing.visible_camera, self.ground.visible_camera = True, False
        cycles.max_bounces = bounces
        # Both end at the ground's edge in the same way, so their quotient shows neither edge nor fall of light.
        lit = np.maximum(bare[..., :3].mean(axis=2), 1e-3)
        left = np.where(bare[..., 3] > 0.1, np.clip(seen[..., :3].mean(axis=2) / lit, 0, 1), 1.0)
        large = Image.fromarray(left.astype(np.float32)).resize((view.cell, view.cell), Image.Resampling.BICUBIC)
        return np.clip(np.asarray(large, np.float64), 0, 1)

    def _white(self, corners: Array) -> None:
        """A white ground that throws light back at the item and that only `shadow` sees."""
        mesh = bpy.data.meshes.new("white")
        mesh.from_pydata(corners.tolist(), [], [[0, 1, 2, 3]])
        self.ground = bpy.data.objects.new("white", mesh)
        self.ground.visible_camera = False
        self.scene.collection.objects.link(self.ground)
        material = bpy.data.materials.new("white")
        material.use_nodes = True
        shader = _principled(material)
        shader.inputs["Base Color"].default_value = (0.8, 0.8, 0.8, 1)
        shader.inputs["Roughness"].default_value = 1.0
        shader.inputs["Specular IOR Level"].default_value = 0.0
        mesh.materials.append(material)

    def _add(self, mesh: Mesh) -> Any:
        data = bpy.data.meshes.new("item")
        data.vertices.add(len(mesh.points))
        data.vertices.foreach_set("co", mesh.points.astype(np.float32).ravel())
        data.loops.add(len(mesh.corners))
        data.loops.foreach_set("vertex_index", mesh.corners.astype(np.int32))
        data.polygons.add(len(mesh.starts))
        data.polygons.foreach_set("loop_start", mesh.starts.astype(np.int32))
        data.polygons.foreach_set("material_index", mesh.material.astype(np.int32))
        data.polygons.foreach_set("use_smooth", mesh.smooth)
        layer = data.uv_layers.new(name="uv")
        layer.data.foreach_set("uv", mesh.uv.astype(np.float32).ravel())
        data.update(calc_edges=True)
        data.validate()
        data.set_sharp_from_angle(angle=np.deg2rad(44.0))
        for material in mesh.materials:
            data.materials.append(self._material(material))
        thing = bpy.data.objects.new("item", data)
        self.scene.collection.objects.link(thing)
        return thing

    def _material(self, wanted: Material) -> Any:
        material = bpy.data.materials.new(wanted.name or "plain")
        material.use_nodes = True
        material.cycles.emission_sampling = "NONE"
        if wanted.opacity < 0.85 and not wanted.picture and not wanted.cover:
            _make_glass(material, wanted)
            return material
        nodes, links = material.node_tree.nodes, material.node_tree.links
        shader = _principled(material)
        shader.inputs["Base Color"].default_value = (*to_linear(wanted.colour), 1.0)
        shader.inputs["Roughness"].default_value = wanted.roughness
        shader.inputs["Specular IOR Level"].default_value = wanted.specular
        shader.inputs["Metallic"].default_value = wanted.metallic
        shader.inputs["Alpha"].default_value = wanted.opacity
        if wanted.picture or wanted.pattern:
            texture = nodes.new("ShaderNodeTexImage")
            texture.image = self._image(wanted)
            links.new(texture.outputs["Color"], shader.inputs["Base Color"])
            if wanted.picture and not wanted.cover and texture.image.depth == 32:
                links.new(texture.outputs["Alpha"], shader.inputs["Alpha"])
        if wanted.cover:
            texture = nodes.new("ShaderNodeTexImage")
            texture.image = _decoded(wanted.cover)
            texture.image.colorspace_settings.name = "Non-Color"
            links.new(texture.outputs["Color"], shader.inputs["Alpha"])
        if wanted.glow > 0:
            shader.inputs["Emission Color"].default_value = (*to_linear(wanted.colour), 1.0)
            shader.inputs["Emission Strength"].default_value = wanted.glow
        return material

    def _image(self, wanted: Material) -> Any:
        if wanted.picture:
            return _decoded(wanted.picture)
        drawn = self.patterns(wanted.pattern)
        values = to_linear(drawn) * to_linear(wanted.colour)
        height, width = values.shape[:2]
        image = bpy.data.images.new(wanted.pattern, width, height, float_buffer=True, is_data=True)
        pixels = np.ones((height, width, 4), np.float32)
        pixels[..., :3] = values[::-1]
        image.pixels.foreach_set(pixels.ravel())
        image.update()
        return image

    def _surround(self) -> None:
        """Light that falls off from above to below, the same from all sides."""
        world = bpy.data.worlds.new("world")
        world.use_nodes = True
        nodes, links = world.node_tree.nodes, world.node_tree.links
        nodes.clear()
        where, split = nodes.new("ShaderNodeTexCoord"), nodes.new("ShaderNodeSeparateXYZ")
        span, ramp = nodes.new("ShaderNodeMapRange"), nodes.new("ShaderNodeValToRGB")
        glow, output = nodes.new("ShaderNodeBackground"), nodes.new("ShaderNodeOutputWorld")
        span.inputs["From Min"].default_value = -1.0
        low, middle, high = SURROUNDING
        ramp.color_ramp.elements[0].color = (low, low, low, 1)
        ramp.color_ramp.elements[1].color = (high, high, high, 1)
        ramp.color_ramp.elements.new(0.5).color = (middle, middle, middle, 1)
        links.new(where.outputs["Generated"], split.inputs[0])
        links.new(split.outputs["Z"], span.inputs["Value"])
        links.new(span.outputs["Result"], ramp.inputs["Fac"])
        links.new(ramp.outputs["Color"], glow.inputs["Color"])
        links.new(glow.outputs[0], output.inputs["Surface"])
        self.scene.world = world

    def _front_light(self) -> Any:
        data = bpy.data.lights.new("front", "AREA")
        data.shape, data.size = "DISK", 1.0
        thing = bpy.data.objects.new("front", data)
        self.scene.collection.objects.link(thing)
        return thing

    def _light_from(self, view: View) -> None:
        """A large soft light above the camera, as far and as large as the item needs it."""
        diagonal = float(np.linalg.norm(self.size))
        distance = 1.2 + 2.0 * diagonal
        middle = np.array([0, 0, self.size[2] / 2])
        right, towards = view.axes[0], -view.axes[2]
        level = np.array([towards[0], towards[1], 0.0])
        level = level / max(float(np.linalg.norm(level)), 1e-9) if not view.plan else np.array([0, 1.0, 0])
        direction = 0.75 * level + [0, 0, 0.66]
        back = direction / np.linalg.norm(direction)
        pose = np.eye(4)
        pose[:3, :3] = np.stack([right, np.cross(back, right), back], axis=1)
        pose[:3, 3] = middle + distance * back
        self._lamp.matrix_world = Matrix(pose.tolist())
        self._lamp.data.size = 0.9 * distance
        # Watts for the same light on the item at any distance: a disk's radiance is power / (π · area).
        self._lamp.data.energy = 0.55 * np.pi * (0.9 * distance) ** 2 * np.pi / 4


def photograph(studio: Studio, mesh: Mesh, place: str, side: int, turn: float | None = None) -> Array:
    """The product picture (side, side, 3), linear: on white, as large as it fits and in the middle, with its shadow.

    Args:
        studio: with the item in it.
        mesh: the item.
        place: where it belongs; tells ground and angle.
        side: pixels.
        turn: yaw in degrees where the usual one does not show the item well.
    """
    yaw, pitch = PRODUCT_ANGLES[place]
    yaw = yaw if turn is None else turn
    if place == "wall":
        studio.hang_on_white()
    elif place != "ceiling":
        studio.stand_on_white()
    view = view_of((100 * mesh.size).tolist(), yaw, pitch, side)
    seen = project(view.matrix, mesh.points[np.unique(mesh.corners)]) / side - 0.5
    low, high = seen.min(0), seen.max(0)
    closer = (1 - 2 * FREE) / float((high - low).max())
    middle = (float((low + high)[0] / 2 * closer), float((low + high)[1] / 2 * closer))
    view = replace(view, focal=view.focal * closer)
    item = studio.take(view, middle)
    shadow = np.ones((side, side)) if studio.ground is None else 1 - SHADOW * (1 - studio.shadow(view, middle))
    picture: Array = rolled_off(item[..., :3]) + np.clip(1 - item[..., 3:], 0, 1) * shadow[..., None]
    return picture


def depth_material() -> Any:
    """Shines with the object's red, and the depth in metres along the view as green."""
    material = bpy.data.materials.get("depth")
    if material:
        return material
    material = bpy.data.materials.new("depth")
    material.use_nodes = True
    material.use_fake_user = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    nodes.clear()
    who, where = nodes.new("ShaderNodeObjectInfo"), nodes.new("ShaderNodeCameraData")
    split, both = nodes.new("ShaderNodeSeparateColor"), nodes.new("ShaderNodeCombineColor")
    glow, output = nodes.new("ShaderNodeEmission"), nodes.new("ShaderNodeOutputMaterial")
    links.new(who.outputs["Color"], split.inputs[0])
    links.new(split.outputs[0], both.inputs[0])
    links.new(where.outputs["View Z Depth"], both.inputs[1])
    links.new(both.outputs[0], glow.inputs["Color"])
    links.new(glow.outputs[0], output.inputs["Surface"])
    return material


def _principled(material: Any) -> Any:
    return next(n for n in material.node_tree.nodes if n.type == "BSDF_PRINCIPLED")


def _make_glass(material: Any, wanted: Material) -> None:
    """A thin pane: what is behind it, dimmed and tinted, and a bright room mirrored the more the flatter one looks.

    Nothing of it is drawn by lot, so panes and their alpha have no noise. See `MIRRORED`.
    """
    nodes, links = material.node_tree.nodes, material.node_tree.links
    nodes.clear()
    fresnel, glow, through = (nodes.new(f"ShaderNode{kind}") for kind in ("Fresnel", "Emission", "BsdfTransparent"))
    body, both, mirror, output = (
        nodes.new(f"ShaderNode{kind}") for kind in ("Emission", "AddShader", "MixShader", "OutputMaterial")
    )
    colour = to_linear(wanted.colour)
    # A pane has two faces, and light goes through both.
    opacity = 1 - np.sqrt(1 - wanted.opacity)
    tint = (1 - opacity) * (0.6 + 0.4 * colour / max(float(colour.max()), 1e-3))
    # From within, Blender takes the inverse and mirrors all beyond the critical angle, as if nothing had been
    # refracted on the way in; so give it the inverse of the inverse.
    side, index = nodes.new("ShaderNodeNewGeometry"), nodes.new("ShaderNodeMapRange")
    index.inputs["To Min"].default_value, index.inputs["To Max"].default_value = 1.5, 1 / 1.5
    links.new(side.outputs["Backfacing"], index.inputs["Value"])
    links.new(index.outputs["Result"], fresnel.inputs["IOR"])
    glow.inputs["Color"].default_value = (MIRRORED, MIRRORED, MIRRORED, 1)
    through.inputs["Color"].default_value = (*tint.tolist(), 1)
    body.inputs["Color"].default_value = (*(0.7 * opacity * colour).tolist(), 1)
    links.new(through.outputs[0], both.inputs[0])
    links.new(body.outputs[0], both.inputs[1])
    links.new(fresnel.outputs[0], mirror.inputs["Fac"])
    links.new(both.outputs[0], mirror.inputs[1])
    links.new(glow.outputs[0], mirror.inputs[2])
    links.new(mirror.outputs[0], output.inputs["Surface"])


def _decoded(encoded: bytes) -> Any:
    """A picture in Blender's memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture"
        path.write_bytes(encoded)
        image = bpy.data.images.load(str(path))
        image.pack()
    return image
