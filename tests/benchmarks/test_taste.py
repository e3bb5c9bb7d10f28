"""The protocol of the benchmark of tastes: what is given and wanted, and the two figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.taste import Case, Data, cold_cases, experiments, figures, film_content, read_data, summary, warm_cases

IDS = tuple(str(number) for number in range(1, 31))
DATA = Data((IDS[:10], IDS[5:25], IDS[20:]), IDS, np.ones((30, 1), np.float32))


def test_figures_by_hand() -> None:
    # Right are the first, the third and the last of 29, which is past the twentieth.
    case = Case(("30",), ("1", "3", "29"), np.arange(29))
    scores = -np.arange(30, dtype=np.float32)
    ((ndcg, recall),) = figures(lambda given: scores, [case], DATA)
    gains = 1 / np.log2(np.array([2, 4, 30]))
    assert ndcg == pytest.approx(gains.sum() / (1 / np.log2(np.array([2, 3, 4]))).sum())
    assert recall == pytest.approx(2 / 3)


def test_every_figure_stands_in_its_column() -> None:
    rng = np.random.default_rng(0)
    row = summary("warm", "EASE", np.stack([rng.uniform(0.1, 0.3, 200), rng.uniform(0.6, 0.8, 200)], 1))
    assert (row["task"], row["method"], row["users"]) == ("warm", "EASE", 200)
    assert 0.18 < float(row["ndcg_low"]) < float(row["ndcg@100"]) < float(row["ndcg_high"]) < 0.22
    assert 0.68 < float(row["recall_low"]) < float(row["recall@20"]) < float(row["recall_high"]) < 0.72


def test_equal_scores_are_no_advantage() -> None:
    cases = [Case(("30",), (item,), np.arange(29)) for item in IDS[:20]]
    table = figures(lambda given: np.zeros(30, np.float32), cases * 50, DATA)
    assert table[:, 1].mean() == pytest.approx(20 / 29, abs=0.05)


def test_a_fifth_is_to_be_found_and_what_is_given_is_not_ranked() -> None:
    ((name, cases),) = warm_cases(DATA.baskets, DATA, np.random.default_rng(0)).items()
    assert name == "warm" and [len(case.wanted) for case in cases] == [2, 4, 2]
    for case, basket in zip(cases, DATA.baskets, strict=True):
        assert sorted([*case.given, *case.wanted]) == sorted(basket)
        assert {IDS[place] for place in case.ranked} == set(IDS) - set(case.given)


def test_cold_items_are_neither_taught_nor_given() -> None:
    hidden = np.array([0, 1, 6, 21])
    cold = {IDS[place] for place in hidden}
    (_, warm), (taught, cases) = experiments(DATA.baskets, DATA.baskets, DATA, hidden, np.random.default_rng(0))
    assert set(warm) == {"warm"} and not any(cold & set(basket) for basket in taught)
    among_cold, among_all = cases["cold among cold"], cases["cold among all"]
    assert [set(case.wanted) for case in among_cold] == [{"1", "2", "7"}, {"7", "22"}, {"22"}]
    assert all(set(case.ranked) == set(hidden) for case in among_cold)
    assert all(len(case.ranked) == 30 - len(case.given) and not cold & set(case.given) for case in among_all)
    assert all(not cold & {*case.given, *case.wanted} for case in cases["warm among all, cold ones too"])


def test_users_without_cold_likes_are_left_out_of_that_task() -> None:
    cases = cold_cases(DATA.baskets, DATA, frozenset({"1"}), np.random.default_rng(0))
    assert [len(own) for own in cases.values()] == [1, 1, 3]


def test_the_data_as_the_package_keeps_them(tmp_path: Path) -> None:
    ratings = [("ann", item, 4 + item % 2) for item in range(1, 6)] + [("ann", 7, 3)]
    ratings += [("bob", item, 5) for item in range(1, 5)]
    lines = [
        "user_id:token\titem_id:token\trating:float\ttimestamp:float",
        *(f"{u}\t{i}\t{r}\t0" for u, i, r in ratings),
    ]
    (tmp_path / "ml-100k.inter").write_text("\n".join(lines))
    films = [f"{item}\tFilm\t199{item}\tDrama Comedy" for item in range(1, 6)] + ["7\tFilm\t\tDrama"]
    header = "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq"
    (tmp_path / "ml-100k.item").write_text("\n".join([header, *films]))
    data = read_data(tmp_path)
    assert data.baskets == (("1", "2", "3", "4", "5"),) and data.item_ids == ("1", "2", "3", "4", "5")
    assert np.linalg.norm(data.content, axis=1) == pytest.approx(1)


def test_genres_and_decades_weigh_the_same() -> None:
    rows = film_content(
        [
            {"class": "Drama Comedy", "release_year": "1994"},
            {"class": "Comedy Drama", "release_year": "1950"},
            {"class": "Horror", "release_year": "1999"},
            {"class": "Horror", "release_year": ""},
        ]
    )
    assert rows @ rows[0] == pytest.approx([1, 0.5, 0.5, 0])
