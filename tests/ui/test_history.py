"""The looks of a session: order and bounds of memory."""

from __future__ import annotations

import numpy as np

from ui.history import Choices, Garment, History, Look, Person

PERSON = Person("Ada", np.zeros((100, 50, 3), np.uint8), np.zeros((10, 5, 3), np.uint8))
GARMENT = Garment("tee", np.zeros((10, 10, 3), np.uint8))


def look(png: int = 1000, person: Person = PERSON) -> Look:
    return Look(person, GARMENT, Choices(), bytes(png), b"mask", b"before", b"after", b"small", {}, {}, (), seconds=1.0)


def test_newest_first() -> None:
    history, looks = History(), [look() for _ in range(3)]
    for one in looks:
        history.add(one)
    assert list(history) == looks[::-1]


def test_the_oldest_go_when_there_are_too_many() -> None:
    history, looks = History(most=2), [look() for _ in range(4)]
    for one in looks:
        history.add(one)
    assert list(history) == [looks[3], looks[2]]


def test_the_oldest_go_when_they_take_too_much_memory() -> None:
    shared = PERSON.pixels.nbytes + GARMENT.pixels.nbytes
    history = History(most_bytes=shared + 2500)
    looks = [look(1000) for _ in range(3)]
    for one in looks:
        history.add(one)
    assert list(history) == [looks[2], looks[1]]
    assert history.size() == shared + 2000


def test_the_newest_look_stays_whatever_its_size() -> None:
    history = History(most_bytes=10)
    history.add(look(1000))
    history.add(newest := look(5000))
    assert list(history) == [newest]


def test_a_photo_counts_once_for_all_looks_it_is_in() -> None:
    other = Person("Bo", np.zeros((200, 50, 3), np.uint8), np.zeros((10, 5, 3), np.uint8))
    history = History()
    for person in (PERSON, PERSON, other):
        history.add(look(0, person))
    assert history.size() == PERSON.pixels.nbytes + other.pixels.nbytes + GARMENT.pixels.nbytes


def test_photos_do_not_get_into_logs() -> None:
    assert "array" not in repr(look()) and "before" not in repr(look())
