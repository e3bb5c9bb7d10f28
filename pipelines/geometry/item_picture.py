"""An item's cut-outs, brought to where the item stands in the photo.

With depth the views nearest in angle are brought into the photo's perspective (`reprojection`). Of a picture without,
such as a person's own or a rug's, a homography fitted to the corners of its box is all that can be done (Hartley and
Zisserman, chapter 4).
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.geometry.camera import Camera, Points
from pipelines.geometry.placement import Placement
from pipelines.geometry.reprojection import Sight, reproject
from pipelines.geometry.views import box_corners, project, view_camera
from pipelines.schema import Furniture, ItemView

Array = NDArray[np.float32]

#: So many views make a picture.
SIGHTS = 4


def bring_to(item: Furniture, camera: Camera, placement: Placement) -> tuple[Array, Array]:
    """The item as it stands in the photo.

    Returns:
        RGB float32 (H, W, 3) in 0 to 255 and its alpha float32 (H, W) in 0 to 1, at the photo's size; all 0 where a
        corner of the box lies behind the camera.
    """
    yaw, pitch = (float(angle) for angle in np.rad2deg(placement.seen_from(camera)))
    if item.round:
        # Alike from all sides: it may as well show the side that was taken.
        placement, yaw = replace(placement, yaw=placement.yaw - np.deg2rad(yaw)), 0.0
    views = nearest_views(item, yaw, pitch)
    sights = [Sight.of(view, item.size, off) for off, view in views[:SIGHTS] if view.depth is not None]
    if sights:
        return reproject(sights, item.size, camera, placement)
    return flat_to(item, views[0][1], camera, placement)


def nearest_views(item: Furniture, yaw: float, pitch: float) -> list[tuple[float, ItemView]]:
    """The pictures of an item, the nearest to (yaw, pitch) in degrees first, with how many degrees each is off.

    Pictures are mirrored where the item allows that.
    """

    def off(view: ItemView) -> float:
        if view.angles is None:
            return 0.0
        turned = abs((view.angles[0] - yaw + 180) % 360 - 180)
        # A view that is turned is farther off than one from higher up, where the picture shows other things.
        return float(np.hypot(turned, view.angles[1] - pitch))

    views = [(off(view), view) for original in item.views for view in _both(original, item.symmetric)]
    return sorted(views, key=lambda pair: pair[0])


def _both(view: ItemView, symmetric: bool) -> list[ItemView]:
    if not symmetric or view.angles is None or view.angles[0] % 180 == 0:
        return [view]
    turned = [np.ascontiguousarray(x[:, ::-1]) for x in (view.picture, view.depth) if x is not None]
    return [view, ItemView(turned[0], (-view.angles[0], view.angles[1]), *turned[1:])]


def flat_to(item: Furniture, view: ItemView, camera: Camera, placement: Placement) -> tuple[Array, Array]:
    """One picture without depth, brought there as if it were flat; returns the same as `bring_to`."""
    corners = camera.project(placement.corners)
    if not np.isfinite(corners).all():
        return np.zeros((*camera.size, 3), np.float32), np.zeros(camera.size, np.float32)
    source = _corners_in(view, item)
    if source is None:
        source, corners = _alpha_box(view), _box(corners)
    matrix = _homography(source, corners)
    side = np.sqrt(cv2.contourArea(cv2.convexHull(corners.astype(np.float32))))
    shrink = max(np.sqrt(cv2.contourArea(cv2.convexHull(source.astype(np.float32)))) / max(side, 1.0), 1.0)
    colours = view.picture.astype(np.float32) / 255
    colours[..., :3] *= colours[..., 3:]  # premultiplied, or the colour of what is cut away bleeds in
    if shrink > 1:
        colours = cv2.GaussianBlur(colours, (0, 0), 0.4 * shrink)
    # The homography is between corners of pixels, OpenCV's sampling between their middles.
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])
    there = cv2.warpPerspective(colours, np.linalg.inv(half) @ matrix @ half, camera.size[::-1], flags=cv2.INTER_CUBIC)
    alpha = np.clip(there[..., 3], 0, 1)
    rgb = 255 * np.clip(there[..., :3] / np.maximum(there[..., 3:], 1e-3), 0, 1)
    return rgb.astype(np.float32), alpha.astype(np.float32)


def _homography(source: Points, target: Points) -> Points:
    """(3, 3) that brings corners of the box (N, 2) near to where they belong, and the box around them exactly there.

    Seen from another angle no homography suits all corners; but an item must not float, nor be too tall.
    """
    matrix, _ = cv2.findHomography(source, target)
    got, wanted = _box(cv2.perspectiveTransform(source[None], matrix)[0])[[0, 2]], _box(target)[[0, 2]]
    stretch = (wanted[1] - wanted[0]) / np.maximum(got[1] - got[0], 1e-6)
    shift = wanted[0] - stretch * got[0]
    return np.array([[stretch[0], 0, shift[0]], [0, stretch[1], shift[1]], [0, 0, 1]]) @ matrix


def _corners_in(view: ItemView, item: Furniture) -> Points | None:
    """Pixels (8, 2) of the box's corners in the view; None for a picture whose camera nobody knows.

    They are those of the catalog's size; what is asked for in another size is stretched.
    """
    if view.angles is None:
        return None
    centimetres = [100 * side for side in item.size]
    matrix = view_camera(centimetres, *view.angles, cell=view.picture.shape[0])
    return project(matrix, box_corners(centimetres))


def _alpha_box(view: ItemView) -> Points:
    """Corners (4, 2) of the box around what the picture shows, clockwise from the upper left."""
    x, y, w, h = cv2.boundingRect((view.picture[..., 3] > 127).astype(np.uint8))
    return np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], np.float64)


def _box(points: Points) -> Points:
    """Corners (4, 2) of the upright box around points, in the order of `_alpha_box`."""
    (left, top), (right, bottom) = points.min(0), points.max(0)
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)
