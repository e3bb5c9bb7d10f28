"""Vanishing points of a Manhattan world: from line segments to focal length, horizon, roll and the walls' direction.

Each segment is one of four: upright, along one family of walls, along the other, or none of these; the likelihood of a
camera is the product of these mixtures (Coughlan and Yuille, Manhattan World, ICCV 1999), the error of a segment the
angle between it and the line from its middle to the vanishing point (Denis, Elder, Estrada, ECCV 2008). Soft priors say
how people hold cameras, so that few wrong lines cannot throw the horizon out of the picture. An exhaustive search over
focal length × pitch × roll × yaw gives the modes of the posterior; expectation maximisation with least squares refines
them; their curvatures give the certainty of the best one.

Everything is in units of the picture's longer side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from pipelines.perception.lines import LineSegments

Floats = NDArray[np.float64]

# A view is (log focal, rise, roll, yaw): `rise` is how far the horizon lies above the picture's middle.
FOCAL, RISE, ROLL, YAW = range(4)
# Prior: where the middle of (log focal, pitch, roll) lies and how far it scatters; Student's t with _FREEDOM degrees.
# 0.72 of the longer side is a phone's wide lens (26 mm on full frame), 70° across.
_PRIOR_MEAN = np.array([np.log(0.72), np.radians(4), 0])
_PRIOR_SCALE = np.array([0.22, np.radians(6), np.radians(1.2)])
_FREEDOM = 4.0
# The mixture: share of segments that belong to nothing, and to each of the two walls' directions and the vertical.
_NONE, _SHARES = 0.35, np.array([0.2, 0.2, 0.25])
# A segment's direction is off by this (radians), and by this distance (longer sides) over its length.
_SPREAD, _COARSE_SPREAD, _END_NOISE = np.radians(0.8), np.radians(2.0), 1.0 / 640
# How many independent witnesses a segment of 10 % of the longer side is.
_WITNESS = 0.5
_MOST_WITNESSES = 30.0
_COARSE_SEGMENTS = 140
_FOCALS = np.log(np.array([0.45, 0.55, 0.66, 0.8, 0.97, 1.2, 1.5]))
_PITCHES, _ROLLS = np.radians(np.arange(-16, 38, 2.0)), np.radians(np.arange(-6, 7, 2.0))
_AZIMUTHS = np.radians(np.arange(0, 180, 2.0))
_MODES_PER_FOCAL = 4
_STEPS = 14
_SAME_VIEW = np.array([0.02, 0.005, 0.01, 0.01])
#: What "right" means where chances are given: radians, share of the focal length, radians.
HORIZON_TOLERANCE, FOCAL_TOLERANCE, WALLS_TOLERANCE = np.radians(2), 0.15, np.radians(5)


@dataclass(frozen=True, eq=False)
class Manhattan:
    """What the segments say.

    Attributes:
        focal: focal length as a share of the longer side.
        rise: how far the horizon crosses the middle column above the picture's middle, share of the longer side.
        roll: radians, as in `Camera`.
        yaw: radians in [0, π/2), direction of one family of walls against world x.
        family: int (N,), per segment: 0 = along `yaw`, 1 = across it, 2 = upright, -1 = none.
        belief: per segment and family (N, 3), 0…1.
        certain: chance that "horizon" is within 2°, "focal" within 15 %, "walls" within 5°.
        support: log likelihood ratio per witness against chance; about 0 where lines run anyhow.
    """

    focal: float
    rise: float
    roll: float
    yaw: float
    family: NDArray[np.int64]
    belief: Floats
    certain: dict[str, float]
    support: float


@dataclass(frozen=True, eq=False)
class _Evidence:
    """Segments prepared: line (N, 3), square (N, 4) of |vanishing point − middle|², variance (N,), witnesses (N,)."""

    line: Floats
    square: Floats
    variance: Floats
    witnesses: Floats

    def first(self, count: int, spread: float) -> _Evidence:
        """The longest `count` segments, blurred to a grid's step."""
        extra = spread**2 - _SPREAD**2
        return _Evidence(self.line[:count], self.square[:count], self.variance[:count] + extra, self.witnesses[:count])


def fit_manhattan(
    segments: LineSegments,
    size: tuple[int, int],
    *,
    focal: float | None = None,
    rise: float | None = None,
    roll: float | None = None,
) -> Manhattan:
    """The most probable Manhattan world.

    Args:
        segments: longest first, in pixels of a picture of `size`.
        size: (height, width), pixels.
        focal, rise, roll: known values in the units of `Manhattan`; None = find it.
    """
    evidence = _prepare(segments, size)
    log_focal = None if focal is None else np.log(focal)
    known = np.array([np.nan if value is None else value for value in (log_focal, rise, roll, None)], np.float64)
    starts = _search(evidence.first(_COARSE_SEGMENTS, _COARSE_SPREAD), known)
    views, scores, covariances = _refine(starts, evidence, np.isnan(known))
    best, certain = _certainty(views, scores, covariances)
    view = [float(value) for value in views[best]]
    belief = _beliefs(views[best : best + 1], evidence)[0].T
    total = max(float(evidence.witnesses.sum()), 1e-9)
    return Manhattan(
        focal=float(np.exp(view[FOCAL])),
        rise=view[RISE],
        roll=view[ROLL],
        yaw=view[YAW] % (np.pi / 2),
        family=np.where(belief.max(1, initial=0) > 0.5, belief.argmax(1), -1),
        belief=belief,
        certain=certain,
        support=float(_likelihoods(views[best : best + 1], evidence)[0] / total),
    )


def _prepare(segments: LineSegments, size: tuple[int, int]) -> _Evidence:
    height, width = size
    longer = max(size)
    ends = (segments.ends.astype(np.float64).reshape(-1, 2, 2) - (width / 2, height / 2)) / longer
    middle, along = ends.mean(1), ends[:, 1] - ends[:, 0]
    length = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)
    x, y = middle.T
    witnesses = _WITNESS * np.sqrt(length / 0.1)
    across = np.stack([along[:, 1], -along[:, 0]], 1) / length[:, None]
    return _Evidence(
        line=np.column_stack([across, -(across * middle).sum(1)]),
        square=np.column_stack([np.ones_like(x), x, y, x**2 + y**2]),
        variance=_SPREAD**2 + (_END_NOISE / length) ** 2,
        witnesses=witnesses * (_MOST_WITNESSES / (_MOST_WITNESSES + witnesses.sum())),
    )


def _vanishing(views: Floats, azimuths: Floats) -> Floats:
    """Homogeneous vanishing points (…, 3) of level directions at `azimuths` (radians from world x); broadcasts."""
    focal, cos_p, sin_p, cos_r, sin_r = _angles(views)
    cos_a, sin_a = np.cos(azimuths), np.sin(azimuths)
    x, y = cos_r * cos_a + sin_r * sin_p * sin_a, sin_r * cos_a - cos_r * sin_p * sin_a
    return np.stack([focal * x, focal * y, cos_p * sin_a], -1)


def _zenith(views: Floats) -> Floats:
    """Homogeneous vanishing points (…, 3) of the vertical."""
    focal, cos_p, sin_p, cos_r, sin_r = _angles(views)
    return np.stack([focal * sin_r * cos_p, -focal * cos_r * cos_p, -sin_p], -1)


def _angles(views: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    focal, pitch, roll = np.exp(views[..., FOCAL]), _pitches(views), views[..., ROLL]
    return focal, np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)


def _pitches(views: Floats) -> Floats:
    return np.arctan2(views[..., RISE] * np.cos(views[..., ROLL]), np.exp(views[..., FOCAL]))


def _points(views: Floats) -> Floats:
    """(…, 3, 3): the vanishing points of both walls' directions and of the vertical."""
    yaw = views[..., YAW]
    both = [_vanishing(views, yaw), _vanishing(views, yaw + np.pi / 2), _zenith(views)]
    return np.stack(both, -2)


def _errors(points: Floats, evidence: _Evidence) -> Floats:
    """Sines (…, N) of the angles between segments and their lines to vanishing points (…, 3)."""
    x, y, z = np.moveaxis(points, -1, 0)
    terms = np.stack([x * x + y * y, -2 * x * z, -2 * y * z, z * z], -1)
    reach = np.sqrt(np.maximum(terms @ evidence.square.T, 1e-12))
    return np.asarray(points @ evidence.line.T / reach, np.float64)


def _agreement(sines: Floats, evidence: _Evidence) -> Floats:
    """Density of an angle under a family over its density under chance."""
    return np.exp(-0.5 * sines**2 / evidence.variance) * (np.sqrt(np.pi / 2 / evidence.variance))


def _likelihoods(views: Floats, evidence: _Evidence) -> Floats:
    """Log likelihood ratios (V,) against chance of views (V, 4)."""
    agree = _agreement(_errors(_points(views), evidence), evidence)
    return np.log(_NONE + np.tensordot(agree, _SHARES, axes=(1, 0))) @ evidence.witnesses


def _beliefs(views: Floats, evidence: _Evidence) -> Floats:
    """(V, 3, N): chances that segments belong to the families."""
    agree = _agreement(_errors(_points(views), evidence), evidence) * _SHARES[:, None]
    return np.asarray(agree / (_NONE + agree.sum(1, keepdims=True)), np.float64)


def _surprise(views: Floats) -> Floats:
    """(…, 3): how many scales (log focal, pitch, roll) lie off what is usual."""
    held = np.stack([views[..., FOCAL], _pitches(views), views[..., ROLL]], -1)
    return np.asarray((held - _PRIOR_MEAN) / _PRIOR_SCALE, np.float64)


def _log_prior(views: Floats) -> Floats:
    return np.asarray(-(_FREEDOM + 1) / 2 * np.log1p(_surprise(views) ** 2 / _FREEDOM).sum(-1), np.float64)


def _search(evidence: _Evidence, known: Floats) -> Floats:
    """Views (V, 4) at the peaks of a grid over everything that is not known."""
    focals = _FOCALS if np.isnan(known[FOCAL]) else known[FOCAL : FOCAL + 1]
    rolls = _ROLLS if np.isnan(known[ROLL]) else known[ROLL : ROLL + 1]
    found = []
    for focal in focals:
        roll, pitch = (grid.ravel() for grid in np.meshgrid(rolls, _PITCHES, indexing="ij"))
        rise = np.exp(focal) * np.tan(pitch) / np.cos(roll)
        if not np.isnan(known[RISE]):
            roll, rise = rolls, np.full(len(rolls), known[RISE])
        views = np.column_stack([np.full(len(roll), focal), rise, roll, np.zeros(len(roll))])
        found.append(_peaks(views, _grid_scores(views, evidence)))
    return np.concatenate(found)


def _grid_scores(views: Floats, evidence: _Evidence) -> Floats:
    """Log posteriors (V, A / 2) of views (V, 4) at every second half of `_AZIMUTHS` as yaw."""
    level = _agreement(_errors(_vanishing(views[:, None], _AZIMUTHS[None]), evidence), evidence)
    upright = _agreement(_errors(_zenith(views), evidence), evidence)
    half = len(_AZIMUTHS) // 2
    mixed = _NONE + _SHARES[0] * level[:, :half] + _SHARES[1] * level[:, half:] + _SHARES[2] * upright[:, None]
    return np.asarray(np.log(mixed) @ evidence.witnesses + _log_prior(views)[:, None], np.float64)


def _peaks(views: Floats, scores: Floats) -> Floats:
    """The best views (_MODES_PER_FOCAL, 4) that differ from each other by more than two steps."""
    scores = scores.copy()
    chosen = []
    for _ in range(_MODES_PER_FOCAL):
        which, turn = np.unravel_index(scores.argmax(), scores.shape)
        view = views[which].copy()
        view[YAW] = _AZIMUTHS[turn]
        chosen.append(view)
        apart = np.abs(_wrapped(_AZIMUTHS[: scores.shape[1]] - view[YAW])) > np.radians(5)
        near = (np.abs(_pitches(views) - _pitches(view)) < np.radians(5))[:, None] & ~apart[None]
        scores[near] = -np.inf
    return np.array(chosen)


def _wrapped(yaw: Floats) -> Floats:
    """Differences of yaw in [-π/4, π/4): walls look alike after a quarter turn."""
    return np.asarray((yaw + np.pi / 4) % (np.pi / 2) - np.pi / 4, np.float64)


def _refine(views: Floats, evidence: _Evidence, free: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """Climb to the tops of the posterior by expectation maximisation with damped least squares.

    Returns:
        views (V, 4), log posteriors (V,) and covariances (V, 4, 4), zero in what is not free.
    """
    views = views.copy()
    damping = np.full(len(views), 1e-2)
    scores = _likelihoods(views, evidence) + _log_prior(views)
    for _ in range(_STEPS):
        pull, curvature = _normal_equations(views, evidence, free)
        diagonal = np.einsum("vii->vi", curvature)
        damped = curvature + damping[:, None, None] * np.eye(4) * diagonal[:, None]
        moved = views - np.linalg.solve(damped, pull[..., None])[..., 0] * free
        moved_scores = _likelihoods(moved, evidence) + _log_prior(moved)
        better = moved_scores > scores
        views[better], scores[better] = moved[better], moved_scores[better]
        damping = np.clip(np.where(better, damping * 0.3, damping * 8), 1e-6, 1e6)
    _, curvature = _normal_equations(views, evidence, free)
    return views, scores, np.asarray(np.linalg.inv(curvature) * np.outer(free, free), np.float64)


def _normal_equations(views: Floats, evidence: _Evidence, free: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Gradient (V, 4) and Gauss–Newton matrix (V, 4, 4) of half the weighted squared errors; 1 in what is not free."""
    step = 1e-5
    weight = _beliefs(views, evidence) * (evidence.witnesses / evidence.variance)
    error, unusual = _errors(_points(views), evidence), _surprise(views)
    pulling = (_FREEDOM + 1) / (_FREEDOM + unusual**2)
    shifted = views[None] + step * np.eye(4)[:, None]
    slope = (_errors(_points(shifted), evidence) - error) / step
    tilt = (_surprise(shifted) - unusual) / step
    slope, tilt = slope * free[:, None, None, None], tilt * free[:, None, None]
    gradient = np.einsum("kvdn,vdn->vk", slope, weight * error) + np.einsum("kvp,vp->vk", tilt, pulling * unusual)
    matrix = np.einsum("kvdn,vdn,lvdn->vkl", slope, weight, slope, optimize=True)
    matrix += np.einsum("kvp,vp,lvp->vkl", tilt, pulling, tilt, optimize=True)
    # A yaw that nothing pulls must not make the matrix singular.
    return gradient, matrix + np.diag(np.where(free, 1e-3, 1.0))


def _certainty(views: Floats, scores: Floats, covariances: Floats) -> tuple[int, dict[str, float]]:
    """The view that is most probably nearly right, and the chances that it is.

    Gaussians around all modes, weighted by their mass, stand for the posterior. The highest mode may be a needle beside
    a broad hill, so what counts is the mass within tolerance.
    """
    log_mass = scores + 0.5 * np.linalg.slogdet(covariances + 1e-12 * np.eye(4))[1]
    difference = views[None] - views[:, None]
    difference[..., YAW] = _wrapped(difference[..., YAW])
    # Two starts that climbed the same top count once.
    again = np.triu((np.abs(difference) < _SAME_VIEW).all(2), 1).any(0)
    mass = np.where(again, 0, np.exp(log_mass - log_mass[~again].max()))
    mass /= mass.sum()
    spread = np.sqrt(np.einsum("vii->vi", covariances) + 1e-12)
    reach = {
        "horizon": (RISE, np.tan(HORIZON_TOLERANCE) * np.exp(views[:, FOCAL])),
        "focal": (FOCAL, np.full(len(views), np.log1p(FOCAL_TOLERANCE))),
        "walls": (YAW, np.full(len(views), WALLS_TOLERANCE)),
    }
    chances = {}
    for name, (k, limit) in reach.items():
        off = difference[..., k]
        chances[name] = (
            ndtr((limit[:, None] - off) / spread[:, k]) - ndtr((-limit[:, None] - off) / spread[:, k])
        ) @ mass
    # A wrong focal length does the least harm.
    best = int(np.argmax(chances["horizon"] * chances["walls"] * np.sqrt(chances["focal"]) + 1e-6 * mass))
    return best, {name: float(chance[best]) for name, chance in chances.items()}
