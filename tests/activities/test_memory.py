"""What comes of memories: by the books, by the bars since, and what of that is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from activities.closing import Exchange
from activities.memory import MemoryActivities, Shelf
from adapters.memory.exact import ExactMemory
from adapters.memory.grounds import MemoryGrounds
from adapters.memory.snapshots import MemorySnapshots
from backtest.cycles.market import PanelMarket
from backtest.cycles.shelf import Wordless
from backtest.data.panel import Panel
from tests.backtest import panels
from tests.backtest.replaying import WARM
from tests.backtest.test_cycles import level
from tests.making import DESK, order, request
from tests.trading.remembered import memory, thought
from trading.costs import Costs
from trading.fates import Fate
from trading.instruments import Side
from trading.memory import Course, Outcome, Remembered, Setup
from trading.memory_ports import EMBEDDING_SIZE
from trading.orders import Leg, Order, OrderState
from trading.steps import ResolveAsked
from trading.trades import Trade

FREE = Costs(slippage_bps=Decimal(0))
NO_WORDS = (0.0,) * EMBEDDING_SIZE


class Known:
    """Books that know of each setup what a test says."""

    def __init__(self) -> None:
        self.said: dict[str, Fate] = {}

    async def fates(self, desk_id: str, setups: Sequence[Setup]) -> dict[str, Fate]:
        assert desk_id == DESK
        return {one.memory_id: self.said.get(one.memory_id, Fate()) for one in setups}


class Desk:
    """A desk that remembers, on prices that a test sets; day 0 is that of the decisions."""

    def __init__(
        self, *closes: float, benchmark: str = "none", of: Callable[[Panel], PanelMarket] | None = None
    ) -> None:
        self.panel = level(50.0, *closes)
        self.market = of(self.panel) if of else PanelMarket(self.panel, panels.CALENDAR)
        self.memory, self.books = ExactMemory(), Known()
        shelf = Shelf(self.memory, MemoryGrounds(), Wordless())
        books: Any = self.books
        exchange = Exchange(self.market, panels.CALENDAR, benchmark)
        self.activities = MemoryActivities(shelf, books, MemorySnapshots(), exchange, FREE)

    def bell(self, day: int) -> datetime:
        session = panels.CALENDAR.session(panels.day(self.panel, WARM + day))
        assert session is not None
        return session.closes_at

    async def remember(self, name: str = "m-1", **changes: Any) -> Remembered:
        """A buy of AAA at 50.00 at the bell of day 0; vetoed, unless it is said otherwise."""
        known = {
            "symbol": "AAA",
            "price": "50",
            "stop": "47",
            "target": "55",
            "decided": "0",
            "course": Course.FORGONE,
            "order_id": None,
            "decided_at": self.bell(0),
        }
        one = memory(name, **{**known, **changes})
        await self.memory.remember([one], [NO_WORDS], "none")
        return one

    async def resolve(self, day: int) -> tuple[str, ...]:
        asked = ResolveAsked(desk_id=DESK, as_of=self.bell(day))
        return (await self.activities.resolve_memories(asked)).memory_ids

    async def outcome(self, name: str = "m-1") -> Outcome | None:
        [one] = await self.memory.find(DESK, [name])
        return one.outcome


def sent(one: Remembered, state: OrderState = OrderState.FILLED, filled: str = "100") -> Order:
    """The order of a memory."""
    return order(request("AAA", "100", mark="50", client_order_id=one.setup.order_id), state, filled)


def trade(**changes: Any) -> Trade:
    known = {
        "trade_id": "fill-1",
        "strategy_id": "agents",
        "symbol": "AAA",
        "side": Side.BUY,
        "quantity": "100",
        "entry_price": "50",
        "entry_order_id": "cycle-m-1-AAA-buy-entry",
    }
    return Trade.model_validate({**known, **changes})


@pytest.mark.parametrize(
    ("closes", "day", "reason", "made"),
    [((52, 56), 2, "target", 0.1), ((49, 46), 2, "stop", -0.06), ((51, 52, 51), 3, "time", 0.02)],
)
async def test_what_was_vetoed_is_scored_by_the_bars_since(
    closes: tuple[float, ...], day: int, reason: str, made: float
) -> None:
    desk = Desk(*closes)
    await desk.remember(horizon_days=3)
    for earlier in range(1, day):
        assert await desk.resolve(earlier) == ()
        assert await desk.outcome() is None
    assert await desk.resolve(day) == ("m-1",)
    got = await desk.outcome()
    assert got is not None
    assert (got.course, got.exit_reason, got.sessions) == (Course.FORGONE, reason, day)
    assert got.return_fraction == pytest.approx(made)
    assert got.closed_at == got.resolved_at == desk.bell(day)
    assert got.best == pytest.approx(max(made, 0.04) if reason != "stop" else 0.0)


async def test_it_comes_to_the_same_however_seldom_anybody_looks() -> None:
    often, once = Desk(52, 51, 53, 46, 60), Desk(52, 51, 53, 46, 60)
    for desk in (often, once):
        await desk.remember()
    for day in range(1, 6):
        await often.resolve(day)
        await often.resolve(day)
    await once.resolve(5)
    first, second = await often.outcome(), await once.outcome()
    assert first is not None
    assert second is not None
    assert first.model_dump(exclude={"resolved_at"}) == second.model_dump(exclude={"resolved_at"})
    assert (first.resolved_at, second.resolved_at) == (often.bell(4), once.bell(5))


async def test_a_trade_is_waited_for_and_then_told_as_it_was() -> None:
    desk = Desk(52, 49, 51, 51, benchmark="AAA")
    one = await desk.remember(course=Course.TRADED, decided="100", order_id="cycle-m-1-AAA-buy-entry")
    opened = trade(opened_at=desk.bell(0))
    desk.books.said["m-1"] = Fate(orders=(sent(one),), trade=opened)
    await desk.resolve(2)
    assert await desk.outcome() is None
    closed = {"closed_at": desk.bell(3), "closed_quantity": "100", "exit_price": "51", "realised_pnl": "98"}
    whole = trade(opened_at=desk.bell(0), **closed)
    desk.books.said["m-1"] = Fate(orders=(sent(one),), trade=whole, exit_leg=Leg.EXIT)
    await desk.resolve(4)
    got = await desk.outcome()
    assert got is not None
    assert (got.course, got.exit_reason, got.pnl, got.sessions) == (Course.TRADED, "exit", Decimal(98), 3)
    assert (got.closed_at, got.resolved_at) == (desk.bell(3), desk.bell(4))
    assert [got.return_fraction, got.best, got.worst] == pytest.approx([0.0196, 0.04, -0.02])
    # The benchmark, here the symbol itself, from the close of the decision to that of the end.
    assert got.benchmark_return == pytest.approx(0.02)


async def test_an_order_that_was_denied_is_scored_by_what_it_would_have_made() -> None:
    desk = Desk(49, 46)
    one = await desk.remember(course=Course.TRADED, decided="100", order_id="cycle-m-1-AAA-buy-entry")
    desk.books.said["m-1"] = Fate(orders=(sent(one, OrderState.DENIED, "0"),))
    await desk.resolve(2)
    got = await desk.outcome()
    assert got is not None
    assert (got.course, got.exit_reason, got.pnl) == (Course.FORGONE, "denied; stop", Decimal(-300))


async def test_an_exit_is_scored_by_what_it_spared() -> None:
    desk = Desk(49, 46, 45)
    await desk.remember(
        side=Side.SELL, leg=Leg.EXIT, course=Course.TRADED, decided="100", stop=None, target=None, horizon_days=2
    )
    await desk.resolve(2)
    got = await desk.outcome()
    assert got is not None
    assert (got.exit_reason, got.pnl, got.return_fraction) == ("never ordered; time", Decimal(400), 0.08)


async def test_a_shadow_trade_is_told_as_it_ended() -> None:
    desk = Desk(52, 53)
    one = await desk.remember(course=Course.SHADOW, decided="100")
    live = thought(one.setup)
    desk.books.said["m-1"] = Fate(shadow=live)
    await desk.resolve(1)
    assert await desk.outcome() is None
    ended = {"closed_at": desk.bell(2), "exit_price": "53", "ending": "exit", "pnl": "300"}
    desk.books.said["m-1"] = Fate(shadow=live.model_validate({**live.model_dump(), **ended}))
    await desk.resolve(2)
    got = await desk.outcome()
    assert got is not None
    assert (got.course, got.exit_reason, got.pnl) == (Course.SHADOW, "exit", Decimal(300))


async def test_a_symbol_that_nobody_prices_any_more_is_counted_at_its_last_mark() -> None:
    desk = Desk(*[51.0] * 40)
    await desk.remember(symbol="GONE", horizon_days=5)
    await desk.resolve(5)
    assert await desk.outcome() is None
    await desk.resolve(25)
    got = await desk.outcome()
    assert got is not None
    assert (got.exit_reason, got.return_fraction, got.sessions) == ("gone", 0.0, 0)


async def test_only_what_has_no_lesson_yet_is_to_be_learned_from() -> None:
    desk = Desk(46)
    for number in range(5):
        await desk.remember(f"m-{number}")
    assert len(await desk.resolve(1)) == 3
    for name in await desk.resolve(1):
        await desk.memory.learn(name, "It fell.")
    assert await desk.resolve(1) == ("m-0", "m-1")
