"""Chances for an encoder that comes without: fitted on catalogs whose attributes tell what belongs together.

What a cosine means differs from encoder to encoder; a model's own logit scale tells how it was trained, on batches of
thousands, and not the chance that a person would agree. Right and wrong pairs weigh the same, as for our own encoder.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from recommend.catalog import read_catalog
from recommend.embedder import Calibration, Embedder
from recommend.errors import BadInput
from recommend.features import Floats
from recommend.index import Rows
from recommend.indexing import cache_folder, embed_catalog
from recommend.schema import CutOut, Item

#: Pulls the slope of pairs that are told apart without an error towards 0, where it would grow without end.
RIDGE = 1e-3


def calibrate(embedder: Embedder, catalogs: Sequence[Path], cut_out: CutOut) -> Mapping[str, Calibration]:
    """The three calibrations of an `Embedder`, from the cache or else fitted and kept there.

    Args:
        embedder: not asked for its own calibrations.
        catalogs: folders; their items' kinds and colours tell which words and which pictures belong together.
        cut_out: finds the item in a picture.
    """
    shops = [read_catalog(folder) for folder in catalogs]
    prints = hashlib.sha256("".join(catalog.fingerprint() for catalog in shops).encode()).hexdigest()[:12]
    kept = cache_folder() / "calibrations" / f"{embedder.revision}-{prints}.json"
    if kept.is_file():
        return {name: Calibration(**values) for name, values in json.loads(kept.read_text()).items()}
    pairs = [_pairs(embedder, embed_catalog(catalog, embedder, cut_out)[0]) for catalog in shops]
    fitted = {
        name: fit(np.concatenate([own[name][0] for own in pairs]), np.concatenate([own[name][1] for own in pairs]))
        for name in pairs[0]
    }
    kept.parent.mkdir(parents=True, exist_ok=True)
    whole = kept.with_suffix(f".{os.getpid()}")
    whole.write_text(json.dumps({name: asdict(calibration) for name, calibration in fitted.items()}))
    os.replace(whole, kept)
    return fitted


def fit(cosines: Floats, right: NDArray[np.bool_]) -> Calibration:
    """The logistic that gives the chance of being right; right and wrong pairs weigh the same.

    Args:
        cosines: of pairs, of any shape.
        right: of the same shape, whether they belong together.

    Raises:
        BadInput: all pairs are right, or none is.
    """
    if right.all() or not right.any():
        got = f"{int(right.sum())} of {right.size} pairs that belong together"
        raise BadInput("calibration", got, "some, and not all", "Take a catalog of several kinds and colours.")
    weights = np.where(right, 0.5 / right.mean(), 0.5 / (~right).mean()) / right.size
    middle, spread = float(cosines.mean()), float(cosines.std()) or 1.0
    scaled, signs = (cosines - middle) / spread, np.where(right, -1.0, 1.0)

    def loss(values: NDArray[np.float64]) -> float:
        errors = np.logaddexp(0.0, signs * (values[0] * scaled + values[1]))
        return float((weights * errors).sum() + RIDGE * values[0] ** 2)

    slope, offset = minimize(loss, np.zeros(2)).x
    return Calibration(float(slope / spread), float(offset - slope * middle / spread))


def _pairs(embedder: Embedder, rows: Rows) -> dict[str, tuple[Floats, NDArray[np.bool_]]]:
    """The cosines of all pairs within a catalog, and which belong together, for each comparison that a search makes."""
    requests = [" ".join((*item.colours[:1], _sort(item))) for item in rows.items]
    meant = np.array([[_satisfies(item, wanted) for item in rows.items] for wanted in rows.items]).ravel()
    pictures, sorts = rows.vectors["semantic"], np.array([_sort(item) for item in rows.items])
    one, other = np.triu_indices(len(sorts), 1)
    return {
        "text": ((embedder.texts(requests) @ pictures.T).ravel(), meant),
        "title": ((embedder.words(requests) @ rows.vectors["words"].T).ravel(), meant),
        "like": ((pictures @ pictures.T)[one, other], sorts[one] == sorts[other]),
    }


def _sort(item: Item) -> str:
    """What an item is, in a word."""
    return item.kind or item.category


def _satisfies(item: Item, wanted: Item) -> bool:
    """Whether an item is what the request made of another one asks for."""
    return _sort(item) == _sort(wanted) and set(wanted.colours[:1]) <= set(item.colours)
