"""Other languages and slips of the finger on their way into the English that the vocabulary knows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommend.domains import FURNITURE, GARMENTS
from recommend.glossary import in_english
from recommend.glossary_words import LANGUAGES, ROWS
from recommend.lexicon import build_lexicon, find_terms, other_domain, tokens_of
from recommend.negation import NEGATORS
from recommend.query import understand
from recommend.schema import Item, Query
from recommend.spelling import mend

LEXICON = build_lexicon()


def english(text: str) -> tuple[str, str]:
    reading = in_english(text.lower(), LEXICON.known | NEGATORS)
    return reading.text, reading.language


@pytest.mark.parametrize(
    ("text", "carried", "language"),
    [
        ("blusas rojas", "blouse red", "Spanish"),
        ("plante haute", "plant tall", "French"),
        ("kurzärmeliges Hemd", "short sleeves shirt", "German"),
        ("sudadera negra con capucha", "sweatshirt black hooded", "Spanish"),
        ("rote Daunenjacke", "red puffer jacket", "German"),
        ("le moins cher des pulls", "cheapest the sweater", "French"),
        ("Spiegel mit Goldrahmen", "mirror with gold frame", "German"),
        ("CAMISA DE ALGODÓN", "shirt of cotton", "Spanish"),
        ("schwarzes Kleid", "black dress", "German"),
        ("Ledersofas", "leather sofa", "German"),
        ("schone Hosen", "schone trousers", "German"),
        ("une robe d’été", "a dress of summer", "French"),
        ("jupes noires à 1 200 €", "skirt black with 1200 €", "French"),
        ("red dress", "red dress", ""),
        ("sin city t-shirt", "sin city t-shirt", ""),
        ("a black Kleid", "a black kleid", ""),
        ("", "", ""),
    ],
)
def test_words_are_carried_in_their_order(text: str, carried: str, language: str) -> None:
    assert english(text) == (carried, language)


def test_accents_count_the_same_however_they_are_encoded() -> None:
    assert english("pantalo\u0301n marro\u0301n") == ("trousers brown", "Spanish")


def test_what_no_row_holds_is_said() -> None:
    notes = understand(Query(text="falda roja con bordados"), LEXICON).notes
    assert notes == (
        "Read as Spanish: “skirt red with bordados”.",
        "Taken loosely, by meaning only: bordados.",
    )


def test_chips_are_in_english() -> None:
    chips = understand(Query(text="schwarze Hose ohne Streifen unter 40 Euro"), LEXICON).chips
    assert [chip.label for chip in chips] == ["not striped", "lower", "trousers", "black", "under €40"]


def test_words_for_the_other_catalog_are_noticed_in_any_language() -> None:
    found = other_domain("canapé noir", GARMENTS)
    assert found is not None and found[0] is FURNITURE and found[1] == "sofa"


def test_every_row_names_something_in_each_language_it_fills() -> None:
    assert all(len(row) == len(LANGUAGES) and any(row) for row in ROWS.values())
    known = {GARMENTS: build_lexicon(), FURNITURE: build_lexicon(domain=FURNITURE)}
    for name in ("black", "leather", "striped", "dress", "wool", "jeans"):
        assert find_terms(tokens_of(name), known[GARMENTS]), name
    for name in ("coffee table", "oak", "floor lamp", "living room", "narrower"):
        assert find_terms(tokens_of(name), known[FURNITURE]), name


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("lether jaket", "leather jacket"),
        ("withuot stirpes", "without stripes"),
        ("nvay", "navy"),
        ("drress", "dress"),
        ("blezer", "blazer"),
        ("a swaeter and jegginhs", "a sweater and jegginhs"),
        # A wrong letter, a plural, another word's spelling and a number's unit are left alone.
        ("socks", "socks"),
        ("a rugby shirt", "a rugby shirt"),
        ("eight metres", "eight metres"),
        ("I liked the simpler ones more", "I liked the simpler ones more"),
        ("what kinds of tiles", "what kinds of tiles"),
        ("while", "while"),
        ("plants by the coast", "plants by the coast"),
        ("a sturdy desk", "a sturdy desk"),
        ("a knotted rug, plush and sweaty", "a knotted rug, plush and sweaty"),
        ("a gift for oliver", "a gift for oliver"),
        ("not too tight", "not too tight"),
        ("under 40", "under 40"),
    ],
)
def test_slips_with_one_explanation_are_mended(text: str, mended: str) -> None:
    assert mend(text, LEXICON.known, LEXICON.words)[0] == mended


def test_words_of_titles_are_right_as_they_are() -> None:
    lexicon = build_lexicon([Item("a", "Hodie club shirt", "upper", 1.0, "a.png")])
    assert mend("hodie", LEXICON.known, LEXICON.words)[0] == "hoodie"
    assert mend("hodie", lexicon.known, lexicon.words) == ("hodie", ())


def test_a_mended_word_is_said() -> None:
    assert "Read “lether” as “leather”." in understand(Query(text="lether jacket"), LEXICON).notes


@given(st.lists(st.sampled_from(sorted(LEXICON.known)), max_size=8).map(" ".join))
def test_words_that_are_known_are_never_changed(text: str) -> None:
    assert mend(text, LEXICON.known, LEXICON.words) == (text, ())
