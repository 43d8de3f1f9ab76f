"""Changes of strategies in the books: each once with its event, together or not at all, two at once in turn."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import transaction
from adapters.postgres.evidence import read_history
from adapters.postgres.ledger import PostgresLedger
from tests.adapters.postgres import desk
from trading.events import EventType
from trading.evidence import evidence_of
from trading.strategy import ChangeRefused, Rung, Strategy, StrategyChange

MOMENTUM = Strategy(strategy_id="momentum", source="momentum", allocation=Decimal("0.4"), rung=Rung.PAPER)


def change(now: Strategy, **said: Any) -> StrategyChange:
    usual = {
        "desk_id": desk.DESK,
        "change_id": f"change-{now.strategy_id}",
        "strategy": now,
        "by": "ada",
        "at": desk.NOON,
    }
    return StrategyChange.model_validate(usual | said)


async def shrink(ledger: PostgresLedger, allocation: str = "0.6") -> Strategy:
    (agents,) = await ledger.strategies(desk.DESK)
    smaller = agents.model_copy(update={"allocation": Decimal(allocation)})
    assert await ledger.change_strategy(change(smaller, change_id="shrink"), desk.LIMITS) == smaller
    return smaller


async def test_a_strategy_is_added_once_with_its_event(ledger: PostgresLedger) -> None:
    agents = await shrink(ledger)
    for _ in range(2):
        assert await ledger.change_strategy(change(MOMENTUM, is_new=True), desk.LIMITS) == MOMENTUM
    assert await ledger.strategies(desk.DESK) == (agents, MOMENTUM)
    told = [one.event for one in (await ledger.books(desk.DESK)).events if one.event.type is EventType.STRATEGY_CHANGED]
    assert [(one.data["strategy"]["strategy_id"], one.data.get("is_new")) for one in told] == [  # type: ignore[index, call-overload]
        ("agents", None),
        ("momentum", True),
    ]


async def test_a_refused_change_leaves_no_trace(ledger: PostgresLedger) -> None:
    before = await ledger.books(desk.DESK)
    said = await ledger.change_strategy(change(MOMENTUM, is_new=True), desk.LIMITS)
    assert isinstance(said, ChangeRefused)
    assert "allocations would sum to 140%" in said.because
    assert await ledger.books(desk.DESK) == before


async def test_several_change_together_or_not_at_all(ledger: PostgresLedger) -> None:
    agents = await shrink(ledger)
    await ledger.change_strategy(change(MOMENTUM, is_new=True), desk.LIMITS)
    swapped = [
        agents.model_copy(update={"allocation": Decimal("0.4")}),
        MOMENTUM.model_copy(update={"allocation": Decimal("0.6")}),
    ]
    over = [swapped[0], swapped[1].model_copy(update={"allocation": Decimal("0.61")})]
    refused = await ledger.change_strategies(
        [change(one, change_id=f"over-{one.strategy_id}") for one in over], desk.LIMITS
    )
    assert isinstance(refused, ChangeRefused)
    assert await ledger.strategies(desk.DESK) == (agents, MOMENTUM)
    asked = [change(one, change_id=f"swap-{one.strategy_id}") for one in swapped]
    for _ in range(2):
        assert await ledger.change_strategies(asked, desk.LIMITS) == tuple(swapped)
    assert await ledger.strategies(desk.DESK) == tuple(swapped)


async def test_two_changes_at_once_do_not_pass_all_of_the_equity_together(ledger: PostgresLedger) -> None:
    await shrink(ledger, "0.5")
    wanted = [MOMENTUM.model_copy(update={"strategy_id": f"s{number}"}) for number in range(6)]
    said = await asyncio.gather(*(ledger.change_strategy(change(one, is_new=True), desk.LIMITS) for one in wanted))
    assert sum(isinstance(one, Strategy) for one in said) == 1
    assert sum(one.allocation for one in await ledger.strategies(desk.DESK)) == Decimal("0.9")


async def test_of_two_edits_at_once_one_is_told_to_look_again(ledger: PostgresLedger) -> None:
    (agents,) = await ledger.strategies(desk.DESK)
    edits = [agents.model_copy(update={"enabled": False}), agents.model_copy(update={"allocation": Decimal("0.5")})]
    asked = [change(one, change_id=f"edit-{number}", seen=agents) for number, one in enumerate(edits)]
    said = await asyncio.gather(*(ledger.change_strategy(one, desk.LIMITS) for one in asked))
    (refused,) = [one for one in said if isinstance(one, ChangeRefused)]
    assert refused.because == "somebody has changed agents meanwhile: look again"


async def test_what_holds_shares_or_has_an_open_order_stays_until_it_has_none(ledger: PostgresLedger) -> None:
    await shrink(ledger, "0.5")
    await ledger.change_strategy(change(MOMENTUM, is_new=True), desk.LIMITS)
    gone = change(MOMENTUM, change_id="gone", removed=True)
    order, sale = desk.buy(strategy_id="momentum"), desk.sell(strategy_id="momentum")
    await ledger.adopt(*desk.accepted(order))
    await refused_for(ledger, gone, "momentum has 1 open orders")
    await ledger.apply_fill(*desk.booked(order, desk.fill_of(order, "100")))
    await refused_for(ledger, gone, "momentum holds AAPL")
    await ledger.adopt(*desk.accepted(sale))
    await ledger.apply_fill(*desk.booked(sale, desk.fill_of(sale, "100", "110")))
    assert await ledger.change_strategy(gone, desk.LIMITS) == MOMENTUM
    assert [one.strategy_id for one in await ledger.strategies(desk.DESK)] == ["agents"]


async def test_the_cash_of_one_that_is_removed_goes_back_to_the_reserve(ledger: PostgresLedger) -> None:
    await shrink(ledger, "0.5")
    await ledger.change_strategy(change(MOMENTUM, is_new=True), desk.LIMITS)
    own = await ledger.fund(desk.DESK, "momentum", desk.NOON)
    assert own is not None
    assert own.cash == 40_000
    assert await ledger.change_strategy(change(MOMENTUM, change_id="gone", removed=True), desk.LIMITS) == MOMENTUM
    moved = [
        one.event for one in (await ledger.books(desk.DESK)).events if one.event.type is EventType.CAPITAL_ALLOCATED
    ]
    assert [one.data["amount"] for one in moved if one.data["strategy_id"] == "momentum"] == ["40000.00", "-40000.00"]


async def refused_for(ledger: PostgresLedger, asked: StrategyChange, words: str) -> None:
    said = await ledger.change_strategy(asked, desk.LIMITS)
    assert isinstance(said, ChangeRefused)
    assert said.because.startswith(words)


async def test_what_has_a_cycle_under_way_stays_until_that_is_over(ledger: PostgresLedger) -> None:
    await shrink(ledger, "0.5")
    await ledger.change_strategy(change(MOMENTUM, is_new=True), desk.LIMITS)
    gone = change(MOMENTUM, change_id="gone", removed=True)
    began = desk.event(EventType.CYCLE_STARTED, {"strategy_id": "momentum"}, name="began")
    await ledger.record([began])
    await refused_for(ledger, gone, f"momentum has a cycle under way, {desk.CYCLE}")
    await ledger.record([desk.event(EventType.CYCLE_COMPLETED, {}, name="over")])
    assert await ledger.change_strategy(gone, desk.LIMITS) == MOMENTUM


async def test_evidence_begins_with_the_rung_and_counts_what_was_opened_on_it(
    ledger: PostgresLedger, engine: AsyncEngine
) -> None:
    await shrink(ledger, "0.5")
    await ledger.change_strategy(change(MOMENTUM, is_new=True), desk.LIMITS)
    await traded(ledger, "AAPL", "110")
    said = {
        EventType.CYCLE_STARTED: {"strategy_id": "momentum"},
        EventType.SNAPSHOT_TAKEN: {},
        EventType.CYCLE_FAILED: {},
    }
    await ledger.record([desk.event(kind, data, name=f"momentum/{kind}") for kind, data in said.items()])
    async with transaction(engine) as connection:
        history = await read_history(connection, desk.DESK, MOMENTUM)
        assert await read_history(connection, "nobody", MOMENTUM) is None
    assert history is not None
    shown = evidence_of(history)
    assert (shown.trades, shown.pnl, shown.days, shown.cycles, shown.failed_cycles) == (1, Decimal(998), 1, 1, 1)
    assert history.capital == Decimal("0.4") * (await ledger.portfolio(desk.DESK)).equity

    lower = MOMENTUM.model_copy(update={"rung": Rung.SHADOW})
    await ledger.change_strategy(change(lower, change_id="lower", seen=MOMENTUM), desk.LIMITS)
    async with transaction(engine) as connection:
        history = await read_history(connection, desk.DESK, lower)
    assert history is not None
    assert (history.ended, history.cycles) == ((), 0)


async def test_what_a_person_had_a_strategy_trade_is_no_evidence_for_it(
    ledger: PostgresLedger, engine: AsyncEngine
) -> None:
    await shrink(ledger, "0.5")
    await ledger.change_strategy(change(MOMENTUM, is_new=True), desk.LIMITS)
    await traded(ledger, "AAPL", "110")
    begun = {"strategy_id": "momentum", "trade": {"side": "buy", "symbol": "AAPL", "reason": "a hunch", "by": "ann"}}
    said = {EventType.CYCLE_STARTED: begun, EventType.SNAPSHOT_TAKEN: {}, EventType.CYCLE_COMPLETED: {}}
    await ledger.record([desk.event(kind, data, name=f"momentum/{kind}") for kind, data in said.items()])
    async with transaction(engine) as connection:
        history = await read_history(connection, desk.DESK, MOMENTUM)
    assert history is not None
    assert (history.ended, history.cycles, history.days) == ((), 0, frozenset())


async def traded(ledger: PostgresLedger, symbol: str, price: str) -> None:
    """A round trip of the strategy momentum."""
    for order, at in (
        (desk.buy(symbol, strategy_id="momentum"), "100"),
        (desk.sell(symbol, strategy_id="momentum"), price),
    ):
        await ledger.adopt(*desk.accepted(order))
        await ledger.apply_fill(*desk.booked(order, desk.fill_of(order, "100", at)))
