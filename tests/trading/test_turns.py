"""Several strategies at one desk: of each one cycle at a time, in the order asked, and none lost."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from tests.trading.test_waiting import HOUR, MINUTE, NOON, ROOM, carried, moved, turns
from trading.desk import CycleTicket, DeskState, PriceMoved
from trading.docket import CycleOutcome
from trading.moves import Pace
from trading.steps import Cycle, CycleRequest
from trading.waiting import Told, Turns

NAMES = ("agents", "breakout", "calm", "drift")
DAY = timedelta(days=1)


def asked(queue: Turns, strategy_id: str, **changes: object) -> CycleTicket:
    named = {"symbols": ("AAPL",), "strategy_id": strategy_id, "trace_id": "t", **changes}
    return queue.ask(CycleRequest.model_validate(named), NOON)


def begun(queue: Turns) -> list[Cycle]:
    """All that may begin."""
    found = []
    while (cycle := queue.next(NOON)) is not None:
        found.append(cycle)
    return found


def names(cycles: Iterable[Cycle]) -> list[str]:
    return [cycle.request.strategy_id for cycle in cycles]


def told(queue: Turns, move: PriceMoved, *strategies: str, minute: float = 0) -> list[Told]:
    return list(queue.tell(move.model_copy(update={"strategies": strategies}), NOON + minute * MINUTE).values())


def test_different_strategies_begin_together_and_the_next_of_one_when_it_has_ended() -> None:
    queue = turns()
    tickets = [asked(queue, name) for name in ("agents", "agents", "calm", "agents", "calm")]
    assert [ticket.ahead for ticket in tickets] == [0, 1, 0, 2, 1]
    first, calm = begun(queue)
    assert (first.cycle_id, calm.cycle_id) == (tickets[0].cycle_id, tickets[2].cycle_id)
    assert (len(queue), queue.may_begin) == (3, False)
    queue.end(calm.cycle_id)
    assert queue.may_begin
    assert [cycle.cycle_id for cycle in begun(queue)] == [tickets[4].cycle_id]
    queue.end(first.cycle_id)
    assert [cycle.cycle_id for cycle in begun(queue)] == [tickets[1].cycle_id]
    assert {line.strategy_id for line in queue.lines} == {"agents", "calm"}


def test_a_strategy_that_need_not_wait_finds_room_where_another_has_taken_all_of_it() -> None:
    queue = turns(room=ROOM._replace(waiting=2))
    for _ in range(3):
        assert queue.has_room("agents")
        asked(queue, "agents")
    assert (queue.has_room("agents"), queue.has_room("calm")) == (False, True)
    begun(queue)
    asked(queue, "calm")
    assert queue.has_room("calm") is False
    two_places = turns(room=ROOM._replace(waiting=2, running=2))
    for name in ("agents", "agents", "calm"):
        asked(two_places, name)
    assert two_places.has_room("agents"), "only one of the three has to wait"
    crowded = turns(room=ROOM._replace(waiting=1, running=1))
    assert [crowded.has_room(name) and bool(asked(crowded, name)) for name in NAMES] == [True, True, False, False]


def test_two_hundred_strategies_are_asked_and_begin_at_once() -> None:
    queue, strategies = turns(), [f"s{number}" for number in range(200)]
    for name in strategies:
        assert queue.has_room(name)
        asked(queue, name)
    assert names(begun(queue)) == strategies
    assert queue.has_room("one-more")
    asked(queue, "one-more")
    assert queue.may_begin is False


def test_what_waits_or_runs_is_not_forgotten_and_of_the_others_the_oldest_is_first() -> None:
    queue = turns(room=ROOM._replace(remembered=3))
    held = [asked(queue, name, request_id=f"r-{name}").cycle_id for name in NAMES]
    assert [line.cycle_id for line in queue.lines] == held
    for ended in begun(queue)[1:3]:
        queue.note(ended.cycle_id, outcome=CycleOutcome.SKIPPED, reason="x" * 4000)
        queue.end(ended.cycle_id)
    asked(queue, "agents")
    assert [line.strategy_id for line in queue.lines] == ["agents", "drift", "agents"]
    assert asked(queue, "agents", request_id="r-agents").cycle_id == held[0]


def test_each_strategy_that_a_move_names_looks_for_itself_with_a_cool_down_and_a_cap_of_its_own() -> None:
    queue, twice = turns(), Pace(cool_down_minutes=60, most_a_day=2)
    assert told(queue, moved(minute=0, pace=twice), "calm", "drift") == [Told.QUEUED, Told.QUEUED]
    assert names(begun(queue)) == ["calm", "drift"]
    later = moved(minute=1, pace=twice)
    assert told(queue, later, "agents", "calm", minute=1) == [Told.QUEUED, Told.HELD]
    assert told(queue, later, "agents", "calm", minute=1) == [Told.REPEATED, Told.COVERED]
    queue = carried(queue, NOON + MINUTE)
    assert queue.due_at() == NOON + 60 * MINUTE
    assert queue.release(NOON + 60 * MINUTE) == {("calm", "AAPL"): Told.QUEUED}
    assert told(queue, moved("MSFT", pace=twice), "agents", "calm", "drift", minute=61) == [
        Told.QUEUED,
        Told.CAPPED,
        Told.QUEUED,
    ]
    assert told(queue, moved("MSFT", pace=twice), minute=61) == [Told.REPEATED], "of none it is the first"


def test_a_desk_that_had_one_strategy_is_understood() -> None:
    state = turns().carried(NOON)
    cycle = {"cycle_id": "c-1", "desk_id": "main", "started_at": NOON.isoformat()}
    request = {"symbols": ["AAPL"], "trace_id": "t"}
    for running, found in ((None, 0), ({**cycle, "request": request}, 1)):
        old = {**state, "desk_id": "main", "running": running, "looks_that_day": 3, "looks_on": "2026-11-20"}
        read = DeskState.model_validate_json(json.dumps(old))
        assert (len(read.running), read.looks_that_day) == (found, {"agents": 3})
    assert names(read.running) == ["agents"]


def test_the_looks_that_are_carried_over_are_the_newest() -> None:
    queue = turns(room=ROOM._replace(looks=2))
    for minute, symbol in enumerate("ABC"):
        told(queue, moved(symbol, pace=HOUR), "calm")
        cycle = queue.next(NOON + minute * MINUTE)
        assert cycle is not None
        queue.end(cycle.cycle_id)
    told(queue, moved("D", pace=HOUR), "calm")
    carried_over = queue.carried(NOON + 5 * MINUTE)["looks"]
    assert sorted(look.moved.symbol for look in carried_over) == ["B", "C", "D"]


class Desk:
    """A desk's turns under what hypothesis thinks of, and what is to be said of them."""

    def __init__(self, places: int) -> None:
        self.room = ROOM._replace(running=places)
        self.queue = turns(room=self.room)
        self.waiting: list[tuple[str, str]] = []
        self.running: list[Cycle] = []
        self.began: list[str] = []

    def take(self, step: str | int) -> None:
        if step == "begin":
            self.begin()
        elif step == "renew":
            state = DeskState(desk_id="main", **self.queue.carried(NOON))
            self.queue = turns(DeskState.model_validate_json(state.model_dump_json()), self.room)
            assert self.queue.running == tuple(self.running)
        elif isinstance(step, int):
            for ended in self.running[step : step + 1]:
                self.end(ended)
        else:
            self.waiting.append((step, asked(self.queue, step).cycle_id))

    def begin(self) -> None:
        """The first begins that may by the rule; none when there is none."""
        busy = set(names(self.running))
        free = [cycle_id for name, cycle_id in self.waiting if name not in busy]
        may = bool(free) and len(self.running) < self.room.running
        assert self.queue.may_begin is may
        cycle = self.queue.next(NOON)
        assert (cycle.cycle_id if cycle else None) == (free[0] if may else None)
        if cycle is not None:
            self.waiting = [one for one in self.waiting if one[1] != cycle.cycle_id]
            self.running.append(cycle)
            self.began.append(cycle.cycle_id)

    def end(self, cycle: Cycle) -> None:
        self.queue.end(cycle.cycle_id)
        self.running.remove(cycle)


STEPS = st.lists(st.one_of(st.sampled_from(NAMES), st.just("begin"), st.integers(0, 3), st.just("renew")), max_size=60)


@examples(100, 1000)
@given(steps=STEPS, places=st.integers(1, 4))
def test_no_strategy_runs_twice_at_once_and_whoever_may_begin_does_so_in_the_order_asked(
    steps: list[str | int], places: int
) -> None:
    desk = Desk(places)
    for step in steps:
        desk.take(step)
        assert len(set(names(desk.queue.running))) == len(desk.queue.running) <= places
    while desk.waiting or desk.running:
        desk.begin()
        if not desk.queue.may_begin:
            desk.end(desk.running[0])
    assert len(desk.began) == len(set(desk.began)) == sum(step in NAMES for step in steps)
    assert len(desk.queue) == 0
