"""Whose turn it is at a desk: at most one look a symbol a cool-down, and none lost that should run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from trading.desk import DeskState, PriceMoved
from trading.moves import Pace
from trading.steps import Cycle, CycleRequest, Trigger
from trading.waiting import REMEMBERED, Room, Told, Turns

NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = Pace(cool_down_minutes=60, most_a_day=10)


ROOM = Room(waiting=100, running=200, remembered=50, held=100, looks=1000)


def turns(state: DeskState | None = None, room: Room = ROOM) -> Turns:
    return Turns(state or DeskState(desk_id="main"), room)


def tell(queue: Turns, told: PriceMoved, at: datetime) -> Told:
    """What becomes of a move that the desk's first strategy looks at."""
    (became,) = queue.tell(told, at).values()
    return became


def begun(queue: Turns, at: datetime) -> Cycle:
    """The next cycle, which is over at once."""
    cycle = queue.next(at)
    assert cycle is not None
    queue.end(cycle.cycle_id)
    return cycle


def moved(
    symbol: str = "AAPL", percent: float | None = 6.0, minute: float | None = None, pace: Pace = HOUR
) -> PriceMoved:
    """A move of a symbol, borne out so many minutes after noon."""
    at = None if minute is None else NOON + minute * MINUTE
    return PriceMoved(symbol=symbol, percent=percent, moved_at=at, pace=pace)


def carried(old: Turns, at: datetime) -> Turns:
    """The same turns in the desk's next run."""
    state = DeskState(desk_id="main", **old.carried(at))
    return turns(DeskState.model_validate_json(state.model_dump_json()))


def test_cycles_begin_in_the_order_asked_under_names_that_never_come_twice() -> None:
    queue = turns()
    tickets = [queue.ask(CycleRequest(symbols=("AAPL",), trace_id="t"), NOON) for _ in range(3)]
    assert [ticket.ahead for ticket in tickets] == [0, 1, 2]
    assert len({ticket.cycle_id for ticket in tickets}) == 3
    began = [begun(queue, NOON + MINUTE) for _ in range(3)]
    assert [cycle.cycle_id for cycle in began] == [ticket.cycle_id for ticket in tickets]
    queue.note(began[0].cycle_id, reason="done")
    assert next((line.started_at, line.reason) for line in queue.lines) == (NOON + MINUTE, "done")
    again = carried(queue, NOON).ask(CycleRequest(symbols=("AAPL",), trace_id="t"), NOON)
    assert again.cycle_id.endswith("-4")


def test_a_look_that_waits_covers_what_is_told_meanwhile() -> None:
    queue = turns()
    assert [tell(queue, moved(), NOON), tell(queue, moved(), NOON), tell(queue, moved(percent=9), NOON)] == [
        Told.QUEUED,
        Told.REPEATED,
        Told.COVERED,
    ]
    assert (len(queue), queue.held) == (1, 0)
    cycle = begun(queue, NOON)
    assert (cycle.request.symbols, cycle.request.trigger) == (("AAPL",), Trigger.PRICE_MOVE)
    assert tell(queue, moved(percent=9), NOON + MINUTE) is Told.REPEATED


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (moved(percent=6), moved(percent=6), Told.REPEATED),
        (moved(percent=6), moved(percent=5.5), Told.REPEATED),
        (moved(percent=6), moved(percent=7), Told.HELD),
        (moved(percent=6), moved(percent=-5), Told.HELD),
        (moved(percent=None), moved(percent=5), Told.HELD),
        (moved(percent=6), moved(percent=None), Told.REPEATED),
        (moved(minute=0), moved(minute=0), Told.REPEATED),
        (moved(minute=0), moved(minute=-1, percent=9), Told.REPEATED),
        (moved(minute=0), moved(minute=1, percent=5), Told.HELD),
        (moved(minute=None), moved(minute=1, percent=9), Told.HELD),
    ],
)
def test_in_the_cool_down_only_news_is_held_and_it_has_its_turn_when_that_is_over(
    first: PriceMoved, second: PriceMoved, told: Told
) -> None:
    queue = turns()
    tell(queue, first, NOON)
    begun(queue, NOON)
    assert tell(queue, second, NOON + 2 * MINUTE) is told
    over = NOON + 60 * MINUTE
    assert queue.due_at() == (over if told is Told.HELD else None)
    assert queue.release(over - timedelta(seconds=1)) == {}
    assert queue.release(over) == ({("agents", "AAPL"): Told.QUEUED} if told is Told.HELD else {})


def test_after_the_cool_down_the_same_percentage_is_another_move_but_the_same_moment_is_not() -> None:
    later = NOON + 61 * MINUTE
    for first, told in ((moved(), Told.QUEUED), (moved(minute=0), Told.REPEATED)):
        queue = turns()
        tell(queue, first, NOON)
        begun(queue, NOON)
        assert tell(queue, first, later) is told


def test_a_moment_in_the_future_silences_nobody() -> None:
    queue = turns()
    tell(queue, moved(minute=1_000_000), NOON)
    begun(queue, NOON)
    assert tell(queue, moved(minute=1), NOON + MINUTE) is Told.HELD


def test_the_looks_of_a_day_are_counted_and_the_next_day_begins_anew() -> None:
    queue, pace = turns(), Pace(cool_down_minutes=0, most_a_day=2)
    told = [tell(queue, moved(symbol, pace=pace), NOON) for symbol in ("A", "B", "C")]
    assert told == [Told.QUEUED, Told.QUEUED, Told.CAPPED]
    queue = carried(queue, NOON)
    assert tell(queue, moved("D", pace=pace), NOON) is Told.CAPPED
    assert tell(queue, moved("D", pace=pace), NOON + timedelta(days=1)) is Told.QUEUED


def test_a_move_waits_for_room_and_a_runaway_is_turned_away() -> None:
    queue = turns(room=ROOM._replace(waiting=2, held=2))
    told = [tell(queue, moved(symbol), NOON) for symbol in ("A", "B", "C", "D", "E", "F", "D")]
    # The first does not have to wait.
    assert told == [*[Told.QUEUED] * 3, Told.HELD, Told.HELD, Told.CROWDED, Told.COVERED]
    assert queue.due_at() is None
    begun(queue, NOON)
    assert queue.release(NOON) == {("agents", "D"): Told.QUEUED}


def test_a_look_is_forgotten_when_no_cool_down_can_ask_for_it() -> None:
    queue = turns()
    tell(queue, moved(minute=0), NOON)
    begun(queue, NOON)
    assert carried(queue, NOON + REMEMBERED).carried(NOON + REMEMBERED)["looks"] != ()
    assert queue.carried(NOON + REMEMBERED + MINUTE)["looks"] == ()


# What may happen at a desk: a move (symbol, percent, minutes since it), the next cycle begins, the next run begins.
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from("ABC"), st.sampled_from([None, -8.0, 5.0, 6.0, 9.0]), st.sampled_from([None, 0, 1])),
        st.just("begin"),
        st.just("renew"),
    ),
    max_size=60,
)


class Day:
    """A desk's turns under what hypothesis thinks of, and what is to be said of them."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self.queue = turns()
        self.at = NOON
        self.began: dict[str, list[datetime]] = {}
        self.owed: set[str] = set()

    def begin(self) -> None:
        (symbol,) = begun(self.queue, self.at).request.symbols
        self.began.setdefault(symbol, []).append(self.at)
        self.owed.discard(symbol)

    def take(self, step: object) -> None:
        self.queue.release(self.at)
        if step == "renew":
            self.queue = carried(self.queue, self.at)
        elif step == "begin" and self.queue:
            self.begin()
        elif isinstance(step, tuple):
            symbol, percent, ago = step
            at = None if ago is None else self.at - ago * MINUTE
            told = PriceMoved(symbol=symbol, percent=percent, pace=self.pace, moved_at=at)
            if tell(self.queue, told, self.at) in {Told.QUEUED, Told.HELD, Told.COVERED}:
                self.owed.add(symbol)

    def end(self) -> None:
        for _ in range(20):
            self.at += 90 * MINUTE
            self.queue.release(self.at)
            while self.queue:
                self.begin()


@examples(100, 1000)
@given(steps=STEPS, gap=st.integers(0, 30), cool_down=st.integers(0, 90), cap=st.integers(0, 8))
def test_looks_keep_their_distance_and_what_is_news_has_its_turn(
    steps: list[object], gap: int, cool_down: int, cap: int
) -> None:
    day = Day(Pace(cool_down_minutes=cool_down, most_a_day=cap))
    for step in steps:
        day.at += gap * MINUTE
        day.take(step)
    day.end()
    starts = [pair for times in day.began.values() for pair in pairwise(times)]
    assert all(later - earlier >= cool_down * MINUTE for earlier, later in starts)
    began = [one for times in day.began.values() for one in times]
    # A look counts on the day on which it is queued: one of yesterday's may begin today.
    assert len(began) <= cap * (len({one.date() for one in began}) + 1)
    assert day.queue.held == 0
    assert not day.owed or len(began) >= cap
