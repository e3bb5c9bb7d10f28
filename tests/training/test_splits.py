"""What trains and what does not is decided by names, for ever: a split that moved would test on what was trained."""

from __future__ import annotations

import numpy as np

from training import retriever_furniture
from training.retriever_features import fold_of, is_held_out
from training.train_patterns import FOLDS
from training.train_retriever import is_check

NAMES = [f"picture-{number}" for number in range(40)]


def told(folds: list[int]) -> str:
    return "".join(map(str, folds))


def test_every_split_stays_as_the_weights_were_trained_with() -> None:
    held, checks = [int(is_held_out(name)) for name in NAMES], [int(is_check(name)) for name in NAMES]
    designs = [int(retriever_furniture.is_held_out(name)) for name in NAMES]
    assert told(held) == "1000000000010010000000011001010110000001"
    assert told(checks) == "0000000000000100100000000000100000000000"
    assert told([fold_of(f"fold {name}", FOLDS) for name in NAMES]) == "2111220140223434014440342331333143400403"
    assert told(designs) == "1101010001101100100110100000100111101000"


def test_folds_are_equal_and_those_of_one_purpose_tell_nothing_of_another() -> None:
    names = [f"name {number}" for number in range(5000)]
    one, other = (np.array([fold_of(f"{word} {name}", 5) for name in names]) for word in ("one", "other"))
    assert np.abs(np.bincount(one, minlength=5) / 1000 - 1).max() < 0.1
    both = np.bincount(5 * one + other, minlength=25)
    assert np.abs(both / 200 - 1).max() < 0.35
