"""150 written requests against what they mean: how many are read exactly, in all and by group."""

from __future__ import annotations

import math
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import tryroom
from recommend.catalog import read_catalog
from recommend.lexicon import Lexicon, build_lexicon, tokens_of
from recommend.query import understand
from recommend.schema import Facet, Query, Understanding

REQUESTS: dict[str, list[dict[str, Any]]] = tomllib.loads(
    (Path(__file__).parent / "requests.toml").read_text(encoding="utf-8")
)
CATALOGS = {"garments": tryroom.CATALOG, "furniture": tryroom.FURNITURE}
#: Share of the requests that must be read exactly.
EXACT = 0.95
_ATTRIBUTES = {"colour": "colours", "use": "category", "detail": "colours"}


@pytest.fixture(scope="module")
def lexicons() -> dict[str, tuple[Lexicon, str]]:
    catalogs = {name: read_catalog(folder) for name, folder in CATALOGS.items()}
    return {name: (build_lexicon(catalog.items), catalog.currency) for name, catalog in catalogs.items()}


def expected(said: str, lexicon: Lexicon) -> Iterator[str]:
    """What the file lists, with each name spelt out as the values that it means."""
    for part in filter(None, said.split(", ")):
        what, _, names = part.partition(" ")
        if what == "kind":
            yield from {f"category {lexicon.kind_categories[kind]}" for kind in names.split(" or ")}
        if what == "category":
            yield from (f"category {name}" for name in _values("category", names, lexicon))
        elif what == "not":
            yield f"not {' + '.join(sorted(_spell(_values('', name, lexicon)) for name in names.split(' + ')))}"
        elif what in ("kind", "colour", "detail", "material", "pattern", "sleeve", "style", "place", "use"):
            yield f"{what} {_spell(_values(what, names, lexicon))}"
        elif what == "must":
            yield f"must {_spell(_values('', names.partition(' ')[2], lexicon))}"
        else:
            yield part


def _values(what: str, names: str, lexicon: Lexicon) -> list[str]:
    values: list[str] = []
    for name in names.split(" or "):
        meaning = lexicon.phrases.get(tuple(tokens_of(name)))
        own = meaning is not None and (not what or meaning.attribute in (what, _ATTRIBUTES.get(what)))
        values += meaning.values if own or (meaning and what == "use" and meaning.attribute == "use") else (name,)
    return values


def _spell(values: Sequence[str]) -> str:
    return " or ".join(sorted(set(values)))


def understood(found: Understanding) -> Iterator[str]:
    """An understanding in the same words."""
    filters = found.filters
    yield from (f"category {name}" for name in filters.categories)
    yield from (f"colour {_spell(group)}" for group in filters.colours)
    yield from (f"must {_spell(facet.values)}" for facet in filters.required)
    yield from (f"not {' + '.join(sorted(_spell(f.values) for f in together))}" for together in filters.without)
    yield from (f"{_wish(wish)} {_spell(wish.values)}" for wish in found.wishes)
    yield from (f"beside {name}" for name in found.beside)
    yield from (f"{side} {'+' if way > 0 else '-'}" for side, way in found.size_wishes)
    for side, low, high in [
        ("price", filters.min_price, filters.max_price), *((s.side, s.low, s.high) for s in filters.sizes)
    ]:  # fmt: skip
        yield from [] if low is None else [f"{side} {_bound('>', low, -math.inf)}"]
        yield from [] if high is None else [f"{side} {_bound('<', high, math.inf)}"]
    yield from [] if not found.cheapness else [f"price {'-' if found.cheapness > 0 else '+'}"]
    yield from [] if not found.lightness else [f"lightness {'+' if found.lightness > 0 else '-'}"]


def _wish(wish: Facet) -> str:
    return {"category": "use", "colours": "detail"}.get(wish.attribute, wish.attribute)


def _bound(sign: str, value: float, outwards: float) -> str:
    """A limit as written: "under 40" is kept as the largest number below 40."""
    beyond = math.nextafter(value, outwards)
    return f"{sign} {beyond:g}" if beyond == round(beyond, 2) != value else f"{sign}= {round(value, 2):g}"


def test_there_are_as_many_as_promised() -> None:
    counts = {group: len(requests) for group, requests in REQUESTS.items()}
    assert counts == {"ordinary": 90, "spanish": 10, "german": 10, "french": 10, "adversarial": 30}


def test_requests_are_read_exactly(lexicons: dict[str, tuple[Lexicon, str]]) -> None:
    read, missed = defaultdict(list), []
    for group, requests in REQUESTS.items():
        for request in requests:
            (catalog,) = CATALOGS.keys() & request.keys()
            lexicon, currency = lexicons[catalog]
            found = understand(Query(text=request["text"]), lexicon, currency)
            want, got = set(expected(request[catalog], lexicon)), sorted(understood(found))
            unsaid = [word for word in request.get("said", ()) if not any(word in note for note in found.notes)]
            exact = got == sorted(want) and not unsaid
            read[group].append(exact)
            if not exact:
                missed.append(
                    f"{group}: {request['text']!r}\n  missing {sorted(want - set(got))}, too much"
                    f" {sorted(set(got) - want)}, not said {unsaid}, notes {list(found.notes)}"
                )
    print("\n".join(missed))
    shares = {group: sum(exact) / len(exact) for group, exact in read.items()}
    print({group: f"{share:.2f}" for group, share in shares.items()})
    every = [exact for group in read.values() for exact in group]
    print(f"all: {sum(every)} of {len(every)}")
    assert sum(every) / len(every) >= EXACT, "\n".join(missed)
