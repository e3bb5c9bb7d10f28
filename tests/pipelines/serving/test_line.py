"""The line before a full queue, with a clock of its own: turns are kept, and lost by those who do not come back."""

from __future__ import annotations

import heapq
import itertools

from hypothesis import given
from hypothesis import strategies as st

from pipelines.serving import line
from pipelines.serving.line import Line, seconds_until


def come(clients: list[tuple[float, bool]], waits: list[float], pace: float, places: int) -> None:
    """Let clients come, and come again: each who does has a place kept from later ones, and enters within a time.

    Args:
        clients: seconds from the first coming of the one before to its own, and whether it ever comes back.
        waits: how much longer than told they wait, over and over.
        pace: seconds after which the first of those in the queue leaves it. places: in the queue, full at first.
    """
    queue, longer, left = Line(), itertools.cycle(waits), 0
    times = list(itertools.accumulate(gap for gap, _ in clients))
    # At the slowest one after the other: a place becomes free, a turn of one who is gone ends, one comes back.
    latest = times[-1] + len(clients) * (pace + 2 * line.HELD * line.LATEST + line.HELD_MORE)
    coming = [(time, number) for number, time in enumerate(times)]
    free, seen, entered = 0, set[int](), set[int]()
    while coming:
        now, number = heapq.heappop(coming)
        assert now <= latest
        seen.add(number)
        free, left = min(places, free + int(now // pace) - left), int(now // pace)
        if seconds := queue.enter(f"{number}", free, False, pace, now):
            assert line.SOONEST <= seconds <= line.LATEST
            if clients[number][1]:
                heapq.heappush(coming, (now + seconds * next(longer), number))
        else:
            assert free > sum(clients[one][1] for one in seen - entered if one < number)
            entered.add(number)
            free -= 1


CLIENTS = st.lists(st.tuples(st.floats(0, 20), st.booleans()), min_size=1, max_size=20)


@given(
    clients=CLIENTS,
    waits=st.lists(st.floats(1, line.HELD), min_size=1, max_size=7),
    pace=st.floats(0.05, 60),
    places=st.integers(1, 4),
)
def test_everybody_has_a_turn_before_later_ones_and_those_who_stay_away_stop_nobody(
    clients: list[tuple[float, bool]], waits: list[float], pace: float, places: int
) -> None:
    come(clients, waits, pace, places)


@given(places=st.integers(1, 100), more=st.integers(0, 100), pace=st.floats(0, 1000))
def test_more_before_one_is_never_sooner_and_the_estimate_is_rounded_up(places: int, more: int, pace: float) -> None:
    seconds = seconds_until(places, pace)
    assert seconds_until(places + more, pace) >= seconds
    assert seconds >= min(places * pace, line.LATEST)
    assert seconds - 1 < max(places * pace, line.SOONEST)


def test_a_free_place_is_kept_for_the_turn_unless_a_worker_idles() -> None:
    queue = Line()
    assert queue.enter("first", 0, False, 2.5, 0.0) == 3
    assert queue.enter("second", 0, False, 2.5, 0.0) == 5
    assert queue.enter("late", 1, False, 2.5, 1.0) == 5
    assert queue.enter("", 1, False, 2.5, 1.0) == 8
    assert queue.enter("second", 1, False, 2.5, 1.0) == 3
    assert queue.enter("late", 1, True, 2.5, 2.0) == 0
    assert queue.enter("first", 1, False, 2.5, 3.0) == 0


def test_only_so_many_turns_are_held() -> None:
    queue = Line()
    for number in range(line.MOST + 1):
        queue.enter(f"{number}", 0, False, 1.0, 0.0)
    assert queue.enter(f"{line.MOST - 1}", line.MOST, False, 1.0, 1.0) == 0
    assert queue.enter("new", line.MOST, False, 1.0, 1.0) == 0
    assert queue.enter("newer", line.MOST - 1, False, 1.0, 1.0) == line.SOONEST
