"""What looks at people and rooms, whoever paints: which networks, how they are loaded, their revisions."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines import weights

if TYPE_CHECKING:  # they load torch
    from pipelines.perception.pose import FindsPose
    from pipelines.tryon import Perception

#: Names a file of OpenPose's weights, whose points then take the place of BlazePose's.
OPENPOSE_VARIABLE = "TRYROOM_OPENPOSE"
#: What looks at a person and a garment, and at a room, whoever paints.
PEOPLE = ("blazepose", "parser", "garment", "efficientnet-lite0")
ROOMS = ("floor", "camera_height")


def openpose_file() -> Path | None:
    """The file of OpenPose's weights that was named to find poses by; None = BlazePose finds them alone."""
    named = os.environ.get(OPENPOSE_VARIABLE)
    return Path(named).expanduser() if named else None


def pose_finder() -> FindsPose:
    """What finds poses: BlazePose, with OpenPose's points where its weights are named."""
    from pipelines.perception.pose import PoseEstimator

    blazepose = PoseEstimator(weights.resolve("blazepose"))
    if (own := openpose_file()) is None:
        return blazepose
    from pipelines.perception.openpose import OpenPoseEstimator, load_openpose

    return OpenPoseEstimator(blazepose, load_openpose(own))


def revisions(names: Iterable[str]) -> dict[str, str]:
    """The revisions of weights in the manifest, by name."""
    return {name: weights.revision(name) for name in names}


def tryon_revisions(names: Iterable[str]) -> dict[str, str]:
    """The revisions of weights in the manifest, by name, and of OpenPose's where they are named."""
    found = revisions(names)
    if (own := openpose_file()) is not None:
        found["openpose"] = hashlib.sha256(own.read_bytes()).hexdigest()[:12]
    return found


def tryon_perception() -> Perception:
    """The networks that look at a person and a garment, loaded; the same for every painter."""
    from pipelines.perception.garment import GarmentAnalyser
    from pipelines.perception.parsing import Parser
    from pipelines.tryon import Perception

    backbone = weights.resolve("efficientnet-lite0")
    return Perception(
        pose_finder(),
        Parser(weights.resolve("parser")),
        GarmentAnalyser(weights.resolve("garment"), next(backbone.glob("*.pth"))),
    )
