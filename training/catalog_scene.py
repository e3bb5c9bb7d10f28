"""The photo studio: Blender's Cycles, one near-white wall, soft light.

Garments are rendered without colour: three passes at different grey reflectance and one that writes pattern
coordinates. Light that bounced once or twice off a cloth of reflectance a is a polynomial c0 + c1·a + c2·a², so the
three passes fix it for every pixel, and any number of colourings of one garment are computed afterwards in a second.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from training.catalog_trims import Part

Array = NDArray[np.float64]

GREYS = (0.02, 0.30, 0.80)
CODES = 4


@dataclass(frozen=True)
class Surface:
    """How a cloth reflects, whatever its colour."""

    roughness: float = 0.85
    specular: float = 0.25
    sheen: float = 0.15


@dataclass(frozen=True, eq=False)
class Shot:
    """A rendered garment, not yet coloured.

    Attributes:
        light: (3, H, W) coefficients c0, c1, c2 of the reflectance.
        uv: (3H, 3W, 2) pattern coordinates, metres.
        code: (3H, 3W) part code, -1 = background.
        background: mean linear value of the empty wall.
    """

    light: Array
    uv: Array
    code: NDArray[np.int64]
    background: float


def new_scene(size: tuple[int, int], samples: int, seed: int) -> Any:
    """An empty scene with Cycles on one thread; `size` is (width, height)."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = samples
    scene.cycles.seed = seed
    scene.cycles.use_adaptive_sampling = False
    scene.cycles.use_denoising = True
    scene.cycles.denoiser = "OPENIMAGEDENOISE"
    scene.cycles.denoising_prefilter = "FAST"
    scene.cycles.denoising_quality = "BALANCED"
    # Two bounces and no more: that is what makes a pixel's light a quadratic in the reflectance.
    scene.cycles.max_bounces = 2
    scene.cycles.diffuse_bounces = 1
    scene.cycles.glossy_bounces = 1
    scene.cycles.caustics_reflective = False
    scene.cycles.caustics_refractive = False
    scene.render.threads_mode = "FIXED"
    scene.render.threads = 1
    scene.render.resolution_x, scene.render.resolution_y = size
    scene.render.resolution_percentage = 100
    scene.render.use_persistent_data = True
    scene.view_settings.view_transform = "Raw"
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.image_settings.color_depth = "32"
    return scene


def add_light(scene: Any, at: Array, target: Array, power: float, size: float, warmth: float = 0.0) -> None:
    """A square area light; `warmth` shifts white towards orange (1) or blue (-1)."""
    data = bpy.data.lights.new("light", "AREA")
    data.energy, data.size = power, size
    data.color = (1.0, 1.0 - 0.08 * max(warmth, 0) - 0.03 * max(-warmth, 0), 1.0 - 0.2 * max(warmth, 0))
    thing = bpy.data.objects.new("light", data)
    thing.location = at
    thing.rotation_euler = _look(at, target)
    scene.collection.objects.link(thing)


def _look(at: Array, target: Array) -> Any:
    from mathutils import Vector

    return Vector((np.asarray(target) - np.asarray(at)).tolist()).to_track_quat("-Z", "Y").to_euler()


def add_camera(scene: Any, at: Array, target: Array, millimetres: float) -> None:
    """A camera with a 36 mm wide sensor on the longer side."""
    data = bpy.data.cameras.new("camera")
    data.lens = millimetres
    thing = bpy.data.objects.new("camera", data)
    thing.location = at
    thing.rotation_euler = _look(at, target)
    scene.collection.objects.link(thing)
    scene.camera = thing


def set_world(scene: Any, strength: float) -> None:
    """An even white surrounding."""
    world = bpy.data.worlds.new("world")
    world.use_nodes = True
    background = world.node_tree.nodes.get("Background") or world.node_tree.nodes.new("ShaderNodeBackground")
    background.inputs["Color"].default_value = (1, 1, 1, 1)
    background.inputs["Strength"].default_value = strength
    output = world.node_tree.nodes.get("World Output") or world.node_tree.nodes.new("ShaderNodeOutputWorld")
    world.node_tree.links.new(background.outputs[0], output.inputs[0])
    scene.world = world


def add_mesh(scene: Any, name: str, vertices: Array, faces: NDArray[np.int64], uv: Array | None = None) -> Any:
    """A smooth-shaded triangle mesh; `uv` is per vertex, 0–1."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(vertices.tolist(), [], faces.tolist())
    if uv is not None:
        layer = mesh.uv_layers.new(name="uv")
        layer.data.foreach_set("uv", uv[faces.ravel()].astype(np.float32).ravel())
    mesh.polygons.foreach_set("use_smooth", np.ones(len(faces), dtype=bool))
    mesh.update()
    thing = bpy.data.objects.new(name, mesh)
    scene.collection.objects.link(thing)
    return thing


def image_from(name: str, values: Array) -> Any:
    """A float image in Blender's memory from (H, W) or (H, W, 3), row 0 at the top, taken as raw numbers."""
    rgb = values if values.ndim == 3 else np.repeat(values[..., None], 3, axis=2)
    height, width = rgb.shape[:2]
    image = bpy.data.images.new(name, width, height, float_buffer=True, is_data=True)
    pixels = np.ones((height, width, 4), dtype=np.float32)
    pixels[..., :3] = rgb[::-1]
    image.pixels.foreach_set(pixels.ravel())
    image.update()
    return image


class Cloths:
    """Materials of one garment: colour by value or picture, relief as bump, or its coordinates as light."""

    def __init__(self, low: Array, high: Array, surface: Surface, reliefs: Mapping[str, Array]) -> None:
        self.low, self.size, self.surface = low, high - low, surface
        self.range = {name: (float(h.min()), float(np.ptp(h)) + 1e-9) for name, h in reliefs.items()}
        self.bump = {
            name: image_from(f"relief {name}", (h - h.min()) / self.range[name][1]) for name, h in reliefs.items()
        }
        self.greys: list[Any] = []

    def uv(self, points: Array) -> Array:
        result: Array = (points - self.low) / self.size
        return result

    def material(self, relief: str, picture: Array | None = None, surface: Surface | None = None) -> Any:
        """A cloth; without `picture` its grey is set later through `self.greys`."""
        surface = surface or self.surface
        material = bpy.data.materials.new("cloth")
        material.use_nodes = True
        nodes, links = material.node_tree.nodes, material.node_tree.links
        shader = next(n for n in nodes if n.type == "BSDF_PRINCIPLED")
        shader.inputs["Roughness"].default_value = surface.roughness
        shader.inputs["Specular IOR Level"].default_value = surface.specular
        shader.inputs["Sheen Weight"].default_value = surface.sheen
        if picture is None:
            self.greys.append(shader.inputs["Base Color"])
        else:
            texture = nodes.new("ShaderNodeTexImage")
            texture.image = image_from("colour", picture)
            links.new(texture.outputs["Color"], shader.inputs["Base Color"])
        if relief in self.bump:
            texture = nodes.new("ShaderNodeTexImage")
            texture.image = self.bump[relief]
            bump = nodes.new("ShaderNodeBump")
            bump.inputs["Strength"].default_value = 1.0
            bump.inputs["Distance"].default_value = self.range[relief][1]
            links.new(texture.outputs["Color"], bump.inputs["Height"])
            links.new(bump.outputs["Normal"], shader.inputs["Normal"])
        return material


def coordinate_material(code: int) -> Any:
    """Emits (u, v, part code): what the colouring needs to know of every pixel."""
    material = bpy.data.materials.new("coordinates")
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    nodes.clear()
    where, split = nodes.new("ShaderNodeUVMap"), nodes.new("ShaderNodeSeparateXYZ")
    join, glow = nodes.new("ShaderNodeCombineXYZ"), nodes.new("ShaderNodeEmission")
    output = nodes.new("ShaderNodeOutputMaterial")
    where.uv_map = "uv"
    links.new(where.outputs["UV"], split.inputs[0])
    links.new(split.outputs["X"], join.inputs["X"])
    links.new(split.outputs["Y"], join.inputs["Y"])
    join.inputs["Z"].default_value = float(code + 1)
    links.new(join.outputs[0], glow.inputs["Color"])
    links.new(glow.outputs[0], output.inputs["Surface"])
    return material


def add_smoothing(thing: Any) -> None:
    """One level of subdivision."""
    smooth = thing.modifiers.new("smooth", "SUBSURF")
    smooth.levels = smooth.render_levels = 1
    # The limit surface refines around every vertex that is not regular, which in a mesh of triangles is each one:
    # gigabytes and most of the render's time, for a shift of less than a pixel.
    smooth.use_limit_surface = False


def add_part(scene: Any, part: Part, cloths: Cloths) -> Any:
    """Put a part into the scene with its thickness and a level of smoothing."""
    thing = add_mesh(scene, "part", part.vertices, part.faces, cloths.uv(part.uv))
    add_smoothing(thing)
    if part.thickness > 0:
        solid = thing.modifiers.new("thickness", "SOLIDIFY")
        solid.thickness, solid.offset = part.thickness, -1.0
    return thing


def render(scene: Any) -> Array:
    """Render to a linear float picture (H, W, 4), premultiplied."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "render.exr"
        scene.render.filepath = str(path)
        bpy.ops.render.render(write_still=True)
        image = bpy.data.images.load(str(path))
        width, height = image.size
        pixels = np.empty(width * height * 4, dtype=np.float32)
        image.pixels.foreach_get(pixels)
        bpy.data.images.remove(image)
    picture: Array = pixels.reshape(height, width, 4)[::-1].astype(np.float64)
    return picture


def grey_material(value: Array | float, roughness: float = 1.0, specular: float = 0.0) -> Any:
    """A plain matte surface of one colour (linear RGB or grey)."""
    material = bpy.data.materials.new("plain")
    material.use_nodes = True
    shader = next(n for n in material.node_tree.nodes if n.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = (*np.broadcast_to(value, 3).tolist(), 1.0)
    shader.inputs["Roughness"].default_value = roughness
    shader.inputs["Specular IOR Level"].default_value = specular
    return material


def glowing_wall() -> Any:
    """A lit white wall, as shops use behind products: it keeps only a breath of shadow."""
    material = grey_material(0.30)
    shader = next(n for n in material.node_tree.nodes if n.type == "BSDF_PRINCIPLED")
    shader.inputs["Emission Color"].default_value = (1.0, 1.0, 1.0, 1.0)
    shader.inputs["Emission Strength"].default_value = 1.05
    return material


def photograph(
    parts: list[Part], cloths_args: tuple[Array, Array, Surface, Mapping[str, Array]], size: tuple[int, int],
    samples: int, seed: int,
) -> Shot:  # fmt: skip
    """Render a garment's light and its coordinates, framed as a shop frames it."""
    scene = new_scene(size, samples, seed)
    cloths = Cloths(*cloths_args)
    low = np.min([p.vertices.min(0) for p in parts], axis=0)
    high = np.max([p.vertices.max(0) for p in parts], axis=0)
    centre = (low + high) / 2
    wall = add_mesh(
        scene, "wall",
        np.array([[-6, 0, -6], [6, 0, -6], [6, 0, 6], [-6, 0, 6]]) + centre * [1, 0, 1] + [0, high[1] + 0.30, 0],
        np.array([[0, 1, 2], [0, 2, 3]]),
    )  # fmt: skip
    wall.data.materials.append(glowing_wall())
    set_world(scene, 0.40)
    add_light(scene, np.add(centre, [-2.3, -1.5, 2.0]), centre, 150.0, 1.0)
    add_light(scene, np.add(centre, [2.4, -2.4, 0.4]), centre, 16.0, 2.0)
    distance = 6.0
    extent = max((high[2] - low[2]) / size[1], (high[0] - low[0]) / size[0]) * max(size) * 1.13
    add_camera(scene, np.add(centre, [0, -distance, 0.12]), centre, 36.0 * (distance - 0.15) / extent)
    things = [add_part(scene, part, cloths) for part in parts]
    for thing, part in zip(things, parts, strict=True):
        relief = part.relief or ("back" if part.code == 1 else "front")
        thing.data.materials.append(cloths.material(relief))
    stack = []
    for grey in GREYS:
        # The dark pass holds only gloss and the wall: half the samples do.
        scene.cycles.samples = samples if grey > 0.1 else max(4, samples // 2)
        for slot in cloths.greys:
            slot.default_value = (grey, grey, grey, 1.0)
        stack.append(render(scene)[..., :3].mean(axis=2))
    powers = np.stack([np.ones(3), np.array(GREYS), np.array(GREYS) ** 2], axis=1)
    light = np.tensordot(np.linalg.inv(powers), np.stack(stack), axes=1)
    background = float(
        np.median(np.concatenate([stack[0][:6].ravel(), stack[0][:, :4].ravel(), stack[0][:, -4:].ravel()]))
    )
    uv, code = _coordinates(scene, things, parts, wall, cloths, size)
    return Shot(light, uv, code, background)


def _coordinates(
    scene: Any, things: list[Any], parts: list[Part], wall: Any, cloths: Cloths, size: tuple[int, int]
) -> tuple[Array, NDArray[np.int64]]:
    """One sharp sample at three times the size."""
    wall.hide_render = True
    for thing, part in zip(things, parts, strict=True):
        thing.data.materials[0] = coordinate_material(part.code)
    set_world(scene, 0.0)
    scene.cycles.samples, scene.cycles.use_denoising, scene.cycles.max_bounces = 1, False, 0
    scene.cycles.pixel_filter_type = "BOX"
    scene.cycles.filter_width = 0.01
    scene.render.resolution_x, scene.render.resolution_y = size[0] * 3, size[1] * 3
    picture = render(scene)[..., :3]
    code = np.rint(picture[..., 2]).astype(np.int64) - 1
    return picture[..., :2] * cloths.size + cloths.low, code
