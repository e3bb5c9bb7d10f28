"""What garments' pictures show, as labelled by eye.

`garment_patterns.txt` names 2,662 pictures of clothing-dataset that may train, a line each, with what was seen of them
on contact sheets: one of `recommend.patterns.PATTERNS`, or "unclear" (colour blocks, lace, mélange, a trim, several
patterns, too small to tell), which trains nothing. A picture or lettering of more than a hand's breadth is a print, a
smaller one leaves a garment plain; whatever else repeats is "patterned".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from training.retriever_features import Sample

LABELS: Final = Path(__file__).with_name("garment_patterns.txt")
UNCLEAR: Final = "unclear"


def read_labels(file: Path = LABELS) -> dict[str, str]:
    """Name of a picture → its pattern, without the unclear ones."""
    rows = (line.split() for line in file.read_text(encoding="utf-8").splitlines())
    return {name: pattern for name, pattern in rows if pattern != UNCLEAR}


def labelled(samples: list[Sample], labels: Mapping[str, str]) -> list[Sample]:
    """The samples that have a label, by which they are known from here on."""
    return [replace(sample, label=labels[sample.key]) for sample in samples if sample.key in labels]
