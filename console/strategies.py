"""`strategies`: what a person changes of the desk's strategies. The database is enough; a desk that runs is told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from pydantic import TypeAdapter, ValidationError
from temporalio.service import RPCError, RPCStatusCode

from adapters.temporal.connection import connect
from console.desk import DeskBooks, books_of, workflow_id
from console.output import Output, toned
from console.reach import Reach, reach
from console.roster import named
from console.routine import apply_schedules
from console.state import LONGEST_REASON
from console.strategy_tables import summed
from console.strategy_wish import Typed, Usual, allocations_of, made, wished
from console.timetable import own_times, timetable_of
from console.watchlist import Prices
from settings import Settings
from trading.errors import BadConfiguration, TradingError
from trading.strategy import ChangeRefused, Strategy, StrategyChange, StrategyId
from trading.strategy_changes import changed
from trading.vetting import vet_strategy
from wiring.casting import vet_strategy_models
from wiring.strategies import vetters_of

LONGEST_NAME = 80
_NAME = TypeAdapter[str](StrategyId)


@dataclass(frozen=True)
class Said:
    """Who wants a change, and why."""

    by: str = "operator"
    reason: str = ""
    trace_id: str | None = None

    def checked(self) -> Said:
        """The same without spaces around it. Raises BadConfiguration for what the log cannot show."""
        by, reason = self.by.strip(), self.reason.strip()
        if not (0 < len(by) <= LONGEST_NAME and by.isprintable()):
            raise BadConfiguration(f"--by is a name of 1 to {LONGEST_NAME} characters")
        if len(reason) > LONGEST_REASON:
            raise BadConfiguration(f"a reason has {LONGEST_REASON} characters at most, for whoever reads the log")
        return Said(by, reason, self.trace_id)


@dataclass
class Desk:
    """A desk whose strategies are looked at or changed: its books, and what they were when it was opened."""

    settings: Settings
    found: Reach
    books: DeskBooks
    known: Mapping[str, Strategy] = field(default_factory=dict)

    def named(self, name: str) -> Strategy:
        """One of its strategies. Raises BadConfiguration when there is none of that name."""
        return named(self.known.values(), name)

    def changed(self, strategy: Strategy, said: Said, **more: object) -> StrategyChange:
        """A change as the books take it. Raises BadConfiguration for a strategy that they could not read again."""
        name = strategy.strategy_id
        checked = made(Strategy, strategy.model_dump(), name)
        asked = {"desk_id": self.books.desk_id, "change_id": f"{name}-{uuid4().hex[:12]}", "strategy": checked}
        trace_id = said.trace_id or uuid4().hex
        asked |= {"by": said.by, "reason": said.reason, "trace_id": trace_id, "at": datetime.now(UTC)}
        return made(StrategyChange, {**asked, **more}, name)

    async def write(self, changes: Sequence[StrategyChange], output: Output) -> None:
        """Write changes together and tell whom they concern. Raises BadConfiguration with why they are refused."""
        if untold := await self.written(changes):
            output.say(toned(f"  {untold}", "odd"))

    async def written(self, changes: Sequence[StrategyChange]) -> str:
        """Write changes together; empty, or why whom they concern was not told. Raises as `write`."""
        refused = await self.books.ledger.change_strategies(changes, self.settings.trading.limits)
        if isinstance(refused, ChangeRefused):
            raise BadConfiguration(refused.because)
        try:
            await self._tell(tuple(changed(tuple(self.known.values()), changes).values()))
        except (TradingError, RPCError) as error:
            # The books have it, and that is what counts: a worker that starts does what is left.
            return f"it is written, but a desk that runs was not told: {error}"
        return ""

    async def _tell(self, now: Sequence[Strategy]) -> None:
        """Have the desk look at its books anew, and the clock keep to what was changed."""
        client = await connect(self.found.temporal_address)
        try:
            await client.get_workflow_handle(workflow_id(self.books.desk_id)).signal("books_changed")
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:  # a desk that never ran reads its books when it begins
                raise
        if own_times(now) != own_times(self.known.values()):
            await apply_schedules(client, self.settings, now)


@asynccontextmanager
async def desk_of(settings: Settings) -> AsyncIterator[Desk]:
    """Open the desk's books. Raises BadConfiguration when there are none, LedgerUnavailable without a database."""
    found = reach(settings)
    async with books_of(found.database, settings.desk.id) as books:
        yield await desk_with(settings, found, books)


async def desk_with(settings: Settings, found: Reach, books: DeskBooks) -> Desk:
    """The desk of these books, with its strategies as they are now."""
    known = await books.ledger.strategies(books.desk_id)
    return Desk(settings, found, books, {one.strategy_id: one for one in known})


async def add(settings: Settings, output: Output, wish: tuple[str, Typed], said: Said) -> int:
    """Add a strategy, in shadow. Raises BadConfiguration, UnknownSymbol or BadRule for what it cannot be."""
    name, typed = wish
    said = said.checked()
    strategy = wished(made(Strategy, {"strategy_id": _name(name)}, name), typed, _usual(settings))
    async with desk_of(settings) as desk:
        await vet(settings, strategy)
        await desk.write([desk.changed(strategy, said, is_new=True)], output)
    _show(
        [strategy], output, f"{name} is added, in {strategy.rung}: `starter.py strategies promote {name}` lets it trade"
    )
    return 0


async def edit(settings: Settings, output: Output, wish: tuple[str, Typed], said: Said) -> int:
    """Change what was typed and nothing else. Raises as `add`."""
    name, typed = wish
    said = said.checked()
    if not any(typed.values()):
        raise BadConfiguration("nothing to change is named (starter.py strategies edit --help)")
    async with desk_of(settings) as desk:
        was = desk.named(name)
        strategy = wished(was, typed, _usual(settings))
        await vet(settings, strategy)
        await desk.write([desk.changed(strategy, said, seen=was)], output)
    _show([strategy], output, f"{name} is changed, from its next cycle on")
    return 0


async def enable(settings: Settings, output: Output, name: str, said: Said) -> int:
    """Let a strategy open positions again."""
    return await _put(settings, output, {name: {"enabled": True}}, said)


async def disable(settings: Settings, output: Output, name: str, said: Said) -> int:
    """Let a strategy open nothing; what it holds keeps its exits and stops."""
    return await _put(settings, output, {name: {"enabled": False}}, said)


async def allocate(settings: Settings, output: Output, words: tuple[str, ...], said: Said) -> int:
    """Give strategies other parts of the equity, all at once or none."""
    parts = allocations_of(words)
    return await _put(settings, output, {name: {"allocation": part} for name, part in parts.items()}, said)


async def remove(settings: Settings, output: Output, name: str, said: Said) -> int:
    """Take a strategy away that nothing binds to the desk any more."""
    said = said.checked()
    async with desk_of(settings) as desk:
        was = desk.named(name)
        await desk.write([desk.changed(was, said, seen=was, removed=True)], output)
    output.show(was, toned(f"  {name} is removed; what it did stays in the log", "good"))
    return 0


async def vet(settings: Settings, strategy: Strategy) -> None:
    """See that it could run: rule and parameters, models and prompts, symbols and times. Raises as each of these."""
    prices = Prices.of(settings)
    vet_strategy_models(settings, strategy)
    if strategy.scan_times:
        await timetable_of(settings, prices, (strategy,))
    await vet_strategy(strategy, vetters_of(settings.strategies, prices.market), await prices.latest())


def _name(said: str) -> str:
    try:
        return _NAME.validate_python(said)
    except ValidationError as error:
        raise BadConfiguration(f"not a strategy's name: {said!r} (one looks like momentum-2)") from error


def _usual(settings: Settings) -> Usual:
    return Usual(settings.trading.approval_terms, settings.strategies.rules)


async def _put(settings: Settings, output: Output, wanted: Mapping[str, Mapping[str, object]], said: Said) -> int:
    """Change single fields of several strategies, together or not at all."""
    said = said.checked()
    async with desk_of(settings) as desk:
        before = [desk.named(name) for name in wanted]
        after = [was.model_copy(update=dict(wanted[was.strategy_id])) for was in before]
        await desk.write([desk.changed(now, said, seen=was) for was, now in zip(before, after, strict=True)], output)
    _show(after, output)
    return 0


def _show(changed: Sequence[Strategy], output: Output, *words: str) -> None:
    document = changed[0] if len(changed) == 1 else changed
    output.show(document, *(summed(one) for one in changed), *(toned(f"  {each}", "good") for each in words))
