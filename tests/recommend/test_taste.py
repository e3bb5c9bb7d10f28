"""Taste: feedback, histories, the two models, and what they change in a search."""

from __future__ import annotations

import functools
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommend.embedder import Embedder
from recommend.errors import BadInput
from recommend.features import Floats
from recommend.feedback import EVENTS, FLOOR, Feedback, feedback_chances
from recommend.history import as_csv, gather, parse_history, read_history
from recommend.retriever import Retriever
from recommend.schema import Query, SearchResult
from recommend.taste import Ease, EaseSettings, Taste, taste_chances
from recommend.taste_vae import ABOUT, MultVae, VaeSettings

#: Two sorts of items that go to different people; nobody had the last of each sort.
IDS = ("boot-1", "boot-2", "boot-3", "boot-new", "gown-1", "gown-2", "gown-3", "gown-new")
CONTENT = np.asarray(np.repeat(np.eye(2), 4, axis=0), np.float32)
BASKETS = [IDS[:2], IDS[1:3], (IDS[0], IDS[2]), IDS[4:6], IDS[5:7], (IDS[4], IDS[6])] * 4
SMALL = VaeSettings(hidden=8, latent=4, epochs=20, batch=8, learning_rate=0.02)
HISTORIES = st.lists(st.tuples(st.sampled_from(list(EVENTS)), st.sampled_from(IDS)), max_size=8)


@functools.cache
def ease() -> Ease:
    return Ease.fit(BASKETS, IDS, CONTENT, EaseSettings(l2=5, content_weight=5))


@functools.cache
def vae() -> MultVae:
    return MultVae.fit(BASKETS, IDS, CONTENT, SMALL)


@pytest.fixture(scope="module")
def retriever(shop: Path, embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Retriever:
    return Retriever.open(shop, embedder, uri=str(tmp_path_factory.mktemp("index") / "db"))


@pytest.fixture(scope="module")
def taste(retriever: Retriever) -> Taste:
    ids, content = retriever.content()
    return Ease.fit([("tee-navy", "skirt-green"), ("tee-red", "dress-red")] * 3, ids, content)


def scores_of(result: SearchResult) -> dict[str, float]:
    return {hit.item.id: hit.score for hit in result.hits}


def test_ease_solved_by_hand() -> None:
    # Gram matrix and ridge are [[3, 1], [1, 2]]; the inverse is [[2, -1], [-1, 3]] / 5.
    model = Ease.fit([("a", "b"), ("a",)], ("a", "b"), np.eye(2, dtype=np.float32), EaseSettings(1, 0))
    assert model.weights == pytest.approx(np.array([[0, 1 / 3], [1 / 2, 0]]))
    assert model.scores(["a"]) == pytest.approx(np.array([0, 1 / 3]))


def test_content_counts_as_weighed_users() -> None:
    # One dimension of content that both items have, four times: the same as four users who had both.
    same = np.ones((2, 1), np.float32)
    with_content = Ease.fit([("a",)], ("a", "b"), same, EaseSettings(2, 4))
    with_users = Ease.fit([("a",)] + [("a", "b")] * 4, ("a", "b"), same, EaseSettings(2, 0))
    assert with_content.weights == pytest.approx(with_users.weights)


def test_no_item_of_ease_speaks_for_itself() -> None:
    rng = np.random.default_rng(0)
    content = rng.normal(size=(len(IDS), 5)).astype(np.float32)
    model = Ease.fit(BASKETS, IDS, content / np.linalg.norm(content, axis=1, keepdims=True))
    assert not np.diag(model.weights).any() and np.count_nonzero(model.weights) == len(IDS) * (len(IDS) - 1)


@pytest.mark.parametrize("fit", [ease, vae])
def test_an_item_that_nobody_had_has_a_place_by_its_content(fit: Callable[[], Taste]) -> None:
    model = fit()
    assert [item for item, seen in zip(IDS, model.seen, strict=True) if not seen] == ["boot-new", "gown-new"]
    for sort, other in (("boot", "gown"), ("gown", "boot")):
        scores = dict(zip(IDS, model.scores([f"{sort}-1"]), strict=True))
        assert scores[f"{sort}-2"] > scores[f"{other}-2"]
        assert scores[f"{sort}-new"] > scores[f"{other}-new"]
        chances = dict(zip(IDS, taste_chances(model, [f"{sort}-1"]), strict=True))
        assert chances[f"{sort}-new"] > chances[f"{other}-2"]


def test_somebody_who_liked_only_what_nobody_had_is_understood_by_its_content() -> None:
    scores = dict(zip(IDS, vae().scores(["gown-new"]), strict=True))
    assert min(scores[f"gown-{n}"] for n in (1, 2, 3)) > max(scores[f"boot-{n}"] for n in (1, 2, 3))


def test_without_content_an_unseen_item_has_no_place() -> None:
    model = Ease.fit(BASKETS, IDS, CONTENT, EaseSettings(5, 0))
    assert not model.weights[:, ~model.seen].any()
    alone = replace(SMALL, from_content=False)
    swapped = MultVae.fit(BASKETS, IDS, np.ascontiguousarray(CONTENT[::-1]), alone)
    assert (MultVae.fit(BASKETS, IDS, CONTENT, alone).scores(IDS[:1]) == swapped.scores(IDS[:1])).all()


@pytest.mark.parametrize("fit", [ease, vae])
def test_chances_are_neutral_without_history_and_else_in_the_order_of_scores(fit: Callable[[], Taste]) -> None:
    model = fit()
    assert (taste_chances(model, ()) == 1).all()
    chances, scores = taste_chances(model, IDS[:1]), model.scores(IDS[:1])
    assert ((chances > 0) & (chances <= 1)).all()
    for group in (model.seen, ~model.seen):
        assert (np.argsort(chances[group]) == np.argsort(scores[group])).all()


def test_the_seed_decides_all_of_a_vae() -> None:
    first, again = vae().scores(IDS[:1]), MultVae.fit(BASKETS, IDS, CONTENT, SMALL).scores(IDS[:1])
    other = MultVae.fit(BASKETS, IDS, CONTENT, replace(SMALL, seed=1)).scores(IDS[:1])
    assert (first == again).all() and not (first == other).any()


def test_a_saved_vae_is_the_same_and_holds_no_user(tmp_path: Path) -> None:
    lines = [f"secret-{user},{item},{user}" for user, basket in enumerate(BASKETS) for item in basket]
    (tmp_path / "history.csv").write_text("\n".join(["user,item,time", *lines]))
    history = gather(read_history(tmp_path / "history.csv"), IDS)
    assert sorted(history.baskets()) == sorted(BASKETS) and "secret" not in repr(history)
    model = MultVae.fit(history.baskets(), IDS, CONTENT, SMALL)
    model.save(tmp_path / "model")
    read = MultVae.load(tmp_path / "model", IDS)
    assert read.settings == SMALL and (read.scores(IDS[:2]) == model.scores(IDS[:2])).all()
    assert {path.name for path in (tmp_path / "model").iterdir()} == {"taste.safetensors", "taste.json"}
    assert not any(b"secret" in path.read_bytes() for path in (tmp_path / "model").iterdir())


def test_a_vae_of_another_catalog_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="a folder with taste"):
        MultVae.load(tmp_path, IDS)
    vae().save(tmp_path)
    with pytest.raises(BadInput, match="one of 8 items, 1 of which are not in this catalog, and 2 of this are not"):
        MultVae.load(tmp_path, (*IDS[1:], "hat", "belt"))
    with pytest.raises(BadInput, match="in their order"):
        MultVae.load(tmp_path, IDS[::-1])
    about = json.loads((tmp_path / ABOUT).read_text())
    (tmp_path / ABOUT).write_text(json.dumps(about | {"format": 0}))
    with pytest.raises(BadInput, match="format 0; allowed: format 1"):
        MultVae.load(tmp_path, IDS)


def test_what_cannot_be_fitted_is_refused() -> None:
    with pytest.raises(BadInput, match="'hat'"):
        Ease.fit([("hat",)], IDS, CONTENT)
    with pytest.raises(BadInput, match=r"\(8, D\)"):
        Ease.fit(BASKETS, IDS, CONTENT[1:])
    with pytest.raises(BadInput, match="20,001; allowed: at most 20,000"):
        Ease.fit([], tuple(map(str, range(20_001))), np.ones((20_001, 1), np.float32))
    with pytest.raises(BadInput, match="norms from 2 to 2"):
        MultVae.fit(BASKETS, IDS, CONTENT * 2)
    with pytest.raises(BadInput, match="nobody who liked anything"):
        MultVae.fit([()], IDS, CONTENT)
    with pytest.raises(BadInput, match="l2"):
        EaseSettings(l2=0)
    with pytest.raises(BadInput, match="dropout"):
        VaeSettings(dropout=1)


@given(HISTORIES, st.sampled_from(list(EVENTS)), st.sampled_from(IDS))
def test_undo_restores_and_every_item_has_one_opinion(events: list[tuple[str, str]], event: str, item: str) -> None:
    before = Feedback(tuple(events))
    assert before.add(event, item).undo() == before and before.clear() == Feedback()
    assert set(before.liked).isdisjoint(before.disliked)
    assert {*before.liked, *before.disliked} == {item for _, item in events}


def test_the_last_opinion_counts_and_trying_on_takes_nothing_back() -> None:
    feedback = Feedback().add("like", "a").add("dislike", "a").add("try", "a").add("try", "b").add("buy", "b")
    assert feedback.opinions == {"a": "dislike", "b": "buy"}
    assert Feedback().add("dislike", "a").add("buy", "a").liked == ("a",)
    with pytest.raises(BadInput, match="'love'; allowed: like, buy, try, dislike"):
        Feedback().add("love", "a")
    with pytest.raises(BadInput, match="undo"):
        Feedback().undo()


def test_feedback_chances_by_hand() -> None:
    alike: Floats = np.array([[1, 0], [0.5, 0], [0, 1]], np.float32)
    half = FLOOR + (1 - FLOOR) / 2
    assert feedback_chances(alike, ["like", "dislike"]) == pytest.approx(np.array([1, half, FLOOR**2]))
    # Trying on says half as much as a thumb; nothing said is nothing changed.
    assert feedback_chances(alike[:, :1], ["try"])[0] == pytest.approx(half)
    assert (feedback_chances(alike[:, :0], []) == 1).all()


@settings(max_examples=20)
@given(
    text=st.sampled_from([None, "red dress", "something navy", "linen", "cheap tee under 40"]),
    k=st.integers(1, 8),
    price=st.sampled_from([None, 30.0]),
)
def test_without_history_nothing_changes(
    retriever: Retriever, taste: Taste, text: str | None, k: int, price: float | None
) -> None:
    query = Query(text=text, max_price=price)
    plain = retriever.search(query, k)
    undone = replace(query, feedback=Feedback().add("like", "tee-red").undo())
    for result in (retriever.search(query, k, taste), retriever.search(undone, k, taste)):
        assert result.hits == plain.hits


def test_a_like_raises_and_a_dislike_lowers_what_is_alike(retriever: Retriever) -> None:
    query = Query(text="something for summer")
    before = scores_of(retriever.search(query))
    liked = retriever.search(replace(query, feedback=Feedback().add("like", "dress-red")))
    after = scores_of(liked)
    assert after["tee-red"] / before["tee-red"] > after["hoodie-green"] / before["hoodie-green"]
    assert any("like what you liked" in hit.reason for hit in liked.hits)
    lowered = retriever.search(replace(query, feedback=Feedback().add("dislike", "dress-red")))
    after = scores_of(lowered)
    assert after["tee-red"] / before["tee-red"] < after["hoodie-green"] / before["hoodie-green"]
    assert not any("like what you liked" in hit.reason for hit in lowered.hits)


def test_taste_brings_what_others_had_together(retriever: Retriever, taste: Taste) -> None:
    query = Query(text="something for summer", feedback=Feedback().add("like", "tee-navy"))
    alone, together = scores_of(retriever.search(query)), scores_of(retriever.search(query, taste=taste))
    gains = {item: together[item] / alone[item] for item in alone}
    assert gains["skirt-green"] == max(gains.values())
    disliking = replace(query, feedback=Feedback().add("dislike", "tee-navy"))
    assert retriever.search(disliking, taste=taste).hits == retriever.search(disliking).hits


def test_feedback_and_taste_of_another_catalog_are_refused(retriever: Retriever) -> None:
    with pytest.raises(BadInput, match="'boot-1'"):
        retriever.search(Query(feedback=Feedback().add("like", "boot-1")))
    ids, content = retriever.content()
    old = Ease.fit([ids[1:3]], ids[1:], content[1:])
    with pytest.raises(BadInput, match=f"'{ids[0]}'; allowed: one of the 7 items of the taste model"):
        retriever.search(Query(feedback=Feedback().add("like", ids[1])), taste=old)


def test_a_history_is_ordered_by_time_and_counts_what_it_does_not_know(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text(
        "\ufeffitem,user,time,event\n"
        "a,ann,2026-03-02,dislike\n"
        "a,ann,2026-03-01T23:30,\n"
        "\n"
        '"b",ann,1772000000,buy\n'
        "hat,bob,0,try\n"
        "b,bob,2026-03-01T12:00+02:00,dislike\n"
    )
    history = gather(read_history(path), ("a", "b"))
    assert history.users == {
        "ann": Feedback((("buy", "b"), ("like", "a"), ("dislike", "a"))),
        "bob": Feedback((("dislike", "b"),)),
    }
    assert (history.interactions, history.unknown) == (4, 1)
    assert history.baskets() == (("b",),)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("", "history line 1: got an empty file; allowed: columns user,item,time"),
        ("user;item;time\nsecret;a;0\n", "history line 1: got cells with semicolons between them; allowed: commas"),
        ("user\titem\ttime\nsecret\ta\t0\n", "history line 1: got cells with tabs between them; allowed: commas"),
        ("user,item\n", "history line 1: got 'user,item'"),
        ("user,item,time,stars\n", "history line 1: got 'user,item,time,stars'"),
        ("user,item,time,item\n", "history line 1"),
        ("user,item,time\nsecret,a,0\nsecret,a\n", "history line 3: got 2 cells; allowed: 3"),
        ("user,item,time\nsecret,,0\n", "history line 2, item: got an empty cell"),
        ("user,item,time\n ,a,0\n", "history line 2, user: got an empty cell"),
        ("user,item,time\nsecret,a,yesterday\n", "history line 2, time: got 'yesterday'; allowed: seconds"),
        ("user,item,time\nsecret,a,nan\n", "history line 2, time: got 'nan'"),
        ("user,item,time\nsecret,a,1772000000000\n", "history line 2, time: got '1772000000000'"),
        ("user,item,time,event\nsecret,a,0,love\n", "history line 2, event: got 'love'; allowed: like, buy, try, dis"),
        ('user,item,time\nsecret,"a,0\n', "history line 2: got "),
    ],
)
def test_a_bad_history_says_where_and_never_who(tmp_path: Path, lines: str, message: str) -> None:
    path = tmp_path / "history.csv"
    path.write_text(lines)
    with pytest.raises(BadInput) as raised:
        list(read_history(path))
    assert message in str(raised.value) and "secret" not in str(raised.value)


def test_a_history_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file"):
        list(read_history(tmp_path / "none.csv"))
    (tmp_path / "latin.csv").write_bytes(b"user,item,time\nann,a,0\nsecret\xe4,a,0\n")
    with pytest.raises(BadInput, match=r"line 3: .*UTF-8") as raised:
        list(read_history(tmp_path / "latin.csv"))
    assert "secret" not in str(raised.value)


def test_good_lines_come_before_a_bad_one_is_read(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text("user,item,time\nann,a,0\nann,a\n")
    lines = read_history(path)
    assert next(lines).item == "a"
    with pytest.raises(BadInput, match="line 3"):
        next(lines)


def test_a_saved_history_reads_back_as_it_was() -> None:
    feedback = Feedback((("like", "b"), ("try", 'a, or "a"'), ("dislike", "b"), ("buy", "a\nb"), ("like", "c")))
    text = as_csv(feedback, datetime(2026, 3, 1, 12, 30, tzinfo=UTC))
    read = list(parse_history(io.BytesIO(text.encode()), "it"))
    assert {one.time for one in read} == {datetime(2026, 3, 1, 12, 30, tzinfo=UTC).timestamp()}
    assert gather(read, ["b", 'a, or "a"', "a\nb", "c"]).users == {"me": feedback}
