"""Each strategy's account is brought to its allocation at its mark, and its part is what it holds and has."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres import sleeves
from adapters.postgres.engine import transaction
from adapters.postgres.ledger import PostgresLedger
from adapters.postgres.sleeve_tables import allocations, strategy_accounts, strategy_marks
from tests.adapters.postgres.desk import DESK, LIMITS, accepted, at, booked, buy, fill_of, opening, quote, sell
from tests.making import these
from trading.audit import Finding, audit
from trading.capital import capital_changed
from trading.funding import Account
from trading.orders import OPERATOR, OrderRequest
from trading.portfolio import CapitalEvent, Portfolio
from trading.strategy import ChangeRefused, Rung, Strategy, StrategyChange

ALL = Decimal(100_000)


class Shared:
    """A desk of 100,000 dollars with the agents and others."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.ledger = PostgresLedger(engine)
        self.changes = 0

    async def is_allocated(self, name: str, part: str, **more: Any) -> None:
        strategy = Strategy(strategy_id=name, allocation=Decimal(part), **{"rung": Rung.PAPER} | more)
        self.changes += 1
        change = {"desk_id": DESK, "change_id": f"change-{self.changes}", "by": "operator", "at": at(0)}
        changed = StrategyChange.model_validate({"strategy": strategy, **change})
        assert await self.ledger.change_strategy(changed, LIMITS) == strategy

    async def marks(self, name: str, minute: int, price: str = "100") -> Portfolio | None:
        """A cycle's mark."""
        await self.ledger.mark(DESK, quote("AAPL", price), at(minute))
        return await self.ledger.fund(DESK, name, at(minute))

    async def fills(self, asked: OrderRequest, minute: int, price: str = "100", **terms: object) -> None:
        await self.ledger.adopt(*accepted(asked))
        fill = fill_of(asked, f"{asked.quantity}", price, commission="0.00", filled_at=at(minute), **terms)
        await self.ledger.apply_fill(*booked(asked, fill))

    async def pays(self, kind: str, amount: str, minute: int, **more: object) -> None:
        name = f"{kind}-{minute}-{more.get('symbol', 'none')}"
        fields = {"capital_event_id": name, "desk_id": DESK, "kind": kind, "amount": amount, **more}
        await self.ledger.change_capital(
            capital_changed(CapitalEvent.model_validate({**fields, "occurred_at": at(minute)}), "trace")
        )

    async def accounts(self) -> dict[str, Account]:
        return {one.strategy_id: one for one in (await self.ledger.books(DESK)).accounts}

    async def cash(self) -> dict[str, Decimal]:
        return {name: account.cash for name, account in (await self.accounts()).items()}

    async def moved(self) -> list[tuple[str, Decimal]]:
        query = select(allocations.c.strategy_id, allocations.c.amount).order_by(allocations.c.recorded_at)
        async with transaction(self.engine) as connection:
            return [(name, amount) for name, amount in await connection.execute(query)]

    async def wrong(self) -> list[Finding]:
        """What an audit finds that does not come of orders which no limit was asked about."""
        found = audit(await self.ledger.books(DESK))
        return [one for one in found if one.invariant not in {"I1", "I3", "I7"}]


@pytest.fixture
async def desk(engine: AsyncEngine) -> Shared:
    shared = Shared(engine)
    opened, cash = opening()
    await shared.ledger.open_desk(opened, cash=cash)
    return shared


def theirs(name: str, asked: OrderRequest) -> OrderRequest:
    return asked.model_copy(update={"strategy_id": name, "client_order_id": f"{asked.client_order_id}-{name}"})


async def test_a_strategy_that_is_the_whole_desk_has_all_of_it_from_its_first_mark(desk: Shared) -> None:
    assert await desk.marks("agents", 1) is None
    assert await desk.marks("agents", 2) is None
    assert await desk.moved() == [("agents", ALL)]
    (account,) = (await desk.accounts()).values()
    assert (account.cash, account.peak_equity, account.flow_count) == (ALL, ALL, 1)
    assert await desk.wrong() == []


async def test_a_part_is_brought_to_its_allocation_out_of_what_another_has_too_much(desk: Shared) -> None:
    await desk.marks("agents", 1)
    await desk.is_allocated("agents", "0.6")
    await desk.is_allocated("trend", "0.4")
    own = await desk.marks("trend", 2)
    assert own is not None
    assert these(own.cash, own.equity, own.peak_equity) == these(40_000, 40_000, 40_000)
    assert await desk.moved() == [("agents", ALL), ("agents", Decimal(-40_000)), ("trend", Decimal(40_000))]
    assert await desk.wrong() == []


async def test_asked_again_nothing_moves_twice(desk: Shared) -> None:
    await desk.is_allocated("agents", "0.6")
    for _ in range(3):
        own = await desk.ledger.fund(DESK, "agents", at(1))
        assert own is not None
        assert own.cash == 60_000
    assert len(await desk.moved()) == 1


async def test_gains_stay_with_the_strategy_that_made_them(desk: Shared) -> None:
    await desk.is_allocated("agents", "0.6")
    await desk.is_allocated("trend", "0.4")
    for name in ("agents", "trend"):
        await desk.marks(name, 1)
    await desk.fills(theirs("trend", buy(quantity="100")), 2)
    own = await desk.marks("trend", 3, "150")
    assert own is not None
    assert these(own.equity, own.peak_equity, own.held("AAPL")) == these(45_000, 45_000, 100)
    assert len(await desk.moved()) == 2


async def test_what_nobody_owes_is_not_waited_for_and_no_gain_is_given_away_for_it(desk: Shared) -> None:
    await desk.pays("deposit", "0.03", 0)
    for name in ("agents", "trend"):
        await desk.is_allocated(name, "0.5")
    for name in ("agents", "trend"):
        await desk.marks(name, 1)
    assert await desk.cash() == {"agents": Decimal("50000.02"), "trend": Decimal("50000.01")}
    await desk.fills(theirs("trend", buy(quantity="100")), 2)
    own = await desk.marks("trend", 3, "150")
    assert own is not None
    assert own.equity == Decimal("55000.01")
    assert len(await desk.moved()) == 2


@pytest.mark.faults
async def test_what_is_tied_up_stays_due_until_it_is_free(desk: Shared) -> None:
    await desk.marks("agents", 1)
    await desk.fills(buy(quantity="900"), 2)
    await desk.is_allocated("agents", "0.5")
    await desk.is_allocated("trend", "0.5")
    await desk.marks("agents", 3)
    await desk.marks("trend", 4)
    assert (await desk.cash())["trend"] == 10_000
    await desk.fills(sell(quantity="500"), 5)
    await desk.marks("trend", 6)
    assert await desk.cash() == {"agents": Decimal(10_000), "trend": Decimal(50_000)}
    assert await desk.wrong() == []


async def test_cash_that_open_entries_will_take_is_not_free(desk: Shared) -> None:
    await desk.marks("agents", 1)
    await desk.ledger.adopt(*accepted(buy(quantity="800")))
    await desk.is_allocated("agents", "0.1")
    own = await desk.marks("agents", 2)
    assert own is not None
    assert own.cash == 84_000  # 800 shares, a collar above their mark


@pytest.mark.faults
async def test_what_the_owner_pays_in_or_takes_out_is_divided_at_the_next_mark(desk: Shared) -> None:
    await desk.is_allocated("agents", "0.6")
    await desk.marks("agents", 1)
    await desk.pays("deposit", "50000.00", 2)
    assert (await desk.cash())["agents"] == 60_000
    await desk.marks("agents", 3)
    assert (await desk.cash())["agents"] == 90_000
    await desk.pays("withdrawal", "-100000.00", 4)
    await desk.marks("agents", 5)
    account = (await desk.accounts())["agents"]
    assert these(account.cash, account.peak_equity, account.flow_count) == these(30_000, 30_000, 3)
    assert await desk.wrong() == []


async def test_interest_is_the_reserves_and_dividends_are_of_who_holds(desk: Shared) -> None:
    await desk.marks("agents", 1)
    await desk.fills(buy(quantity="30"), 2)
    await desk.fills(theirs("trend", buy(quantity="10")), 3)
    await desk.pays("interest", "9.00", 4)
    await desk.pays("dividend", "1.01", 4, symbol="AAPL")
    await desk.pays("dividend", "5.00", 4, symbol="KO")
    assert await desk.cash() == {"agents": ALL - Decimal("2999.24"), "trend": Decimal("-999.75")}
    assert await desk.wrong() == []


@pytest.mark.faults
async def test_a_late_fill_changes_who_a_dividend_was_for(desk: Shared) -> None:
    await desk.fills(buy(quantity="30"), 2)
    await desk.pays("dividend", "10.00", 4, symbol="AAPL")
    assert await desk.cash() == {"agents": Decimal(-2990)}
    await desk.fills(theirs("trend", buy(quantity="10")), 3)
    assert await desk.cash() == {"agents": Decimal("-2992.50"), "trend": Decimal("-997.50")}
    assert await desk.wrong() == []


async def test_a_persons_sale_takes_the_oldest_shares_and_ends_their_owners_trade(desk: Shared) -> None:
    await desk.fills(theirs("trend", buy(quantity="10")), 1)
    await desk.fills(buy(quantity="10"), 2)
    await desk.fills(theirs(OPERATOR, sell(quantity="15")), 3, "110")
    books = await desk.ledger.books(DESK)
    held = {part.strategy_id: these(part.quantity, part.realised_pnl, part.cash) for part in books.sub_positions}
    assert held == {"agents": (5, 50, -450), "trend": (0, 100, 100)}
    ended = {trade.strategy_id: trade.closed_at is not None for trade in books.trades}
    assert ended == {"agents": False, "trend": True}
    assert await desk.wrong() == []


async def test_in_shadow_there_is_no_money_and_the_thought_of_it(desk: Shared) -> None:
    await desk.is_allocated("agents", "0.7")
    await desk.is_allocated("dream", "0.3", rung=Rung.SHADOW)
    own = await desk.marks("dream", 1)
    assert own is not None
    assert these(own.cash, own.positions) == these(30_000, ())
    assert await desk.moved() == []
    await desk.is_allocated("agents", "0.7")
    await desk.is_allocated("dream", "0.3", rung=Rung.PAPER)
    await desk.marks("dream", 2)
    await desk.is_allocated("dream", "0.3", rung=Rung.SHADOW)
    await desk.marks("agents", 3)
    assert await desk.moved() == [("dream", Decimal(30_000)), ("dream", Decimal(-30_000)), ("agents", Decimal(70_000))]


async def test_a_strategys_part_has_its_own_open_orders_alone(desk: Shared) -> None:
    await desk.is_allocated("agents", "0.6")
    await desk.is_allocated("trend", "0.4")
    ours = theirs("trend", buy())
    for asked in (buy(), ours):
        await desk.ledger.adopt(*accepted(asked))
    async with transaction(desk.engine) as connection:
        own = await sleeves.read_own(connection, DESK, "trend")
        whole = await sleeves.read_own(connection, DESK, OPERATOR)
    assert own is not None
    assert [order.request for order in own.open_orders] == [ours]
    assert whole is None


async def test_each_mark_of_the_desk_is_one_of_every_account(desk: Shared) -> None:
    await desk.is_allocated("agents", "0.6")
    await desk.is_allocated("trend", "0.4")
    await desk.marks("trend", 1)
    await desk.fills(theirs("trend", buy(quantity="100")), 2)
    await desk.ledger.mark(DESK, quote("AAPL", "110"), at(3))
    await desk.ledger.mark(DESK, quote("AAPL", "90"), at(4))
    marks = strategy_marks.c
    query = select(marks.marked_at, marks.equity, marks.cash, marks.flow_count).order_by(marks.marked_at)
    async with transaction(desk.engine) as connection:
        rows = [tuple(row) for row in await connection.execute(query)]
        peak = (await connection.execute(select(strategy_accounts.c.peak_equity))).scalar_one()
    assert rows == [(at(1), 40_000, 40_000, 1), (at(3), 41_000, 30_000, 1), (at(4), 39_000, 30_000, 1)]
    assert peak == 41_000


async def test_who_holds_something_is_not_let_go_and_who_holds_nothing_gives_its_cash_back(desk: Shared) -> None:
    async def released(name: str) -> ChangeRefused | None:
        async with transaction(desk.engine) as connection:
            return await sleeves.release(connection, DESK, name, at(9))

    await desk.is_allocated("agents", "0.5")
    await desk.is_allocated("trend", "0.4")
    await desk.marks("trend", 1)
    await desk.fills(theirs("trend", buy(quantity="10")), 2)
    assert await released("trend") == ChangeRefused(because="trend still holds 10 AAPL")
    await desk.ledger.adopt(*accepted(theirs("trend", sell(quantity="10"))))
    await desk.fills(theirs(OPERATOR, sell(quantity="10")), 3, "120")
    assert await released("trend") == ChangeRefused(because="trend still has open orders (1)")
    assert await released("nobody") is None
    await desk.is_allocated("idle", "0.1")
    await desk.marks("idle", 4)
    assert await released("idle") is None
    assert await desk.cash() == {"idle": 0, "trend": Decimal(40_200)}
    await desk.marks("idle", 5)
    assert (await desk.cash())["idle"] == Decimal("10020.00")
    assert await desk.wrong() == []
