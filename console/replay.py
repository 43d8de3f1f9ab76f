"""`replay`: past cycles decided once more on the desk's workers, shown side by side with what was decided then."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from decimal import Decimal
from uuid import uuid4

from temporalio.client import Client, WorkflowFailureError

from adapters.postgres.chronicle import PostgresChronicle
from adapters.postgres.grounds import PostgresGrounds
from adapters.postgres.memory import PostgresMemory
from adapters.temporal.connection import connect
from console.asking import wait_for_worker
from console.days import span
from console.desk import DeskBooks, books_of
from console.output import Output
from console.reach import reach
from console.replay_shown import show_many, show_one
from console.replay_wish import Wish, otherwise_of, refuse_looser
from settings import Settings
from trading.errors import BadConfiguration, BooksDisagree, TradingError
from trading.memory import Remembered, memory_id
from trading.orders import Leg
from trading.spoken import voices
from trading.steps import Grounds
from trading.whatif import Otherwise, ReplayAsked, Replayed
from trading.whatif_sums import Replays, sum_up
from workflows import policies, search_attributes
from workflows.replay import Replay

MOST_CYCLES = 500
"""Replayed by one command: a year of two scans a day."""


class ReplayFailed(TradingError):
    """A replay that ended without an answer, in the words of what went wrong."""


@dataclass
class Hands:
    """What a replay needs: the books, the server, and what is left of the dollars."""

    books: DeskBooks
    client: Client
    otherwise: Otherwise
    left: Decimal


async def replay(settings: Settings, output: Output, wish: Wish) -> int:
    """Replay one cycle, or all of some days. Raises BadConfiguration, and asks nothing, for what cannot be replayed."""
    otherwise, most = otherwise_of(settings, wish), wish.most
    if (wish.cycle is None) == (wish.since is None and wish.until is None):
        raise BadConfiguration("name one cycle, or the days of several (--since, --until)")
    found = reach(settings)
    async with AsyncExitStack() as stack:
        books = await stack.enter_async_context(books_of(found.database, settings.desk.id))
        past = [await _one(books, wish.cycle)] if wish.cycle is not None else await _several(books, wish)
        for each in past:
            refuse_looser(each.cycle.cycle_id, otherwise.limits, each.opening.limits)
        hands = Hands(books, await connect(found.temporal_address), otherwise, most)
        await wait_for_worker(hands.client)
        replays = await _all(hands, past, output)
        if wish.cycle is not None:
            show_one(output, otherwise, replays[0])
        else:
            show_many(output, otherwise, replays, await _summed(books, replays))
    return 0 if any(not one.because for one in replays) else 1


async def _all(hands: Hands, past: Sequence[Grounds], output: Output) -> list[Replayed]:
    """One after the other, for each may spend what those before have left."""
    name, done = f"replay/{uuid4().hex[:12]}", []
    for number, each in enumerate(past, start=1):
        with output.waiting(f"deciding {each.cycle.cycle_id} again, {number} of {len(past)}"):
            replayed = await _decide(hands, f"{name}-{number}", each)
        hands.left = max(hands.left - replayed.paid.usd, Decimal(0))
        done.append(replayed)
    return done


async def _decide(hands: Hands, replay_id: str, past: Grounds) -> Replayed:
    asked = ReplayAsked(
        replay_id=replay_id,
        desk_id=hands.books.desk_id,
        cycle_id=past.cycle.cycle_id,
        otherwise=hands.otherwise,
        most_usd=hands.left.quantize(Decimal("0.01")),
    )
    try:
        return await hands.client.execute_workflow(
            Replay.run,
            asked,
            id=replay_id,
            task_queue=policies.DESK_QUEUE,
            task_timeout=policies.TASK,
            execution_timeout=policies.REPLAY_LIFE,
            search_attributes=search_attributes.of_desk(asked.desk_id),
            static_summary=f"replay of {asked.cycle_id}",
        )
    except WorkflowFailureError as failure:
        cause = failure.cause.__cause__ or failure.cause
        raise ReplayFailed(f"{asked.cycle_id} could not be replayed: {cause}") from failure


async def _one(books: DeskBooks, cycle_id: str) -> Grounds:
    """What a cycle decided from. Raises BadConfiguration, with the reason, when that is not known."""
    try:
        return await PostgresGrounds(books.engine).load(books.desk_id, cycle_id)
    except BooksDisagree:
        pass
    whose = await PostgresChronicle(books.engine).desk_of(cycle_id)
    if whose is None:
        raise BadConfiguration(f"there is no cycle {cycle_id} (starter.py cycles lists them)")
    if whose != books.desk_id:
        raise BadConfiguration(f"{cycle_id} is a cycle of desk {whose}: set DESK_ID to it")
    raise BadConfiguration(
        f"{cycle_id} kept no grounds: it ended before anybody was asked, or desks did not keep any yet"
    )


async def _several(books: DeskBooks, wish: Wish) -> list[Grounds]:
    since, until = span(wish.since, wish.until)
    grounds = PostgresGrounds(books.engine)
    names = await grounds.cycles(books.desk_id, since, until)
    if len(names) > MOST_CYCLES:
        raise BadConfiguration(f"{len(names)} cycles are in these days, at most {MOST_CYCLES} are replayed: name fewer")
    every = [await grounds.load(books.desk_id, name) for name in names]
    found = [one for one in every if wish.strategy in (None, one.opening.strategy.strategy_id)]
    if not found:
        whose = f" of {wish.strategy}" if wish.strategy else ""
        raise BadConfiguration(f"no cycle{whose} decided anything in these days, of which the grounds were kept")
    return found


async def _summed(books: DeskBooks, replays: Sequence[Replayed]) -> Replays:
    lines = [(one.cycle_id, line) for one in replays for line in (*one.then, *one.now)]
    names = sorted({memory_id(cycle_id, line.symbol, leg) for cycle_id, line in lines for leg in Leg})
    remembered: tuple[Remembered, ...] = await PostgresMemory(books.engine).find(books.desk_id, names)
    calls = {voice.call_id for _, line in lines for voice in voices(line) if voice.call_id}
    return sum_up(replays, remembered, await PostgresChronicle(books.engine).costs(sorted(calls)))
