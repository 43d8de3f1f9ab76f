"""Capital, splits and adoptions in the books: each once, whenever it is told, and the audit agrees."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from itertools import permutations

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import Database, transaction
from adapters.postgres.ledger import PostgresLedger
from adapters.postgres.migrations import migrate
from tests.adapters.postgres.desk import DESK, NOON, accepted, at, booked, buy, fill_of, opening, quote, sell
from tests.making import these
from trading.adjustments import Adjustment, position_adjusted
from trading.audit import audit
from trading.capital import capital_changed
from trading.errors import BooksDisagree
from trading.events import Event
from trading.orders import Fill
from trading.portfolio import CapitalEvent, drawdown


def changed(kind: str, amount: str, name: str = "one", desk: str = DESK) -> Event:
    capital = CapitalEvent.model_validate(
        {"capital_event_id": f"{desk}/{name}", "desk_id": desk, "kind": kind, "amount": amount, "occurred_at": NOON}
    )
    return capital_changed(capital, "trace-1")


def adjusted(minute: int = 5, name: str = "split", **more: object) -> tuple[Adjustment, Event]:
    """The arguments of `adjust`: a split of AAPL, four for one, unless it is said to be something else."""
    fields = {"adjustment_id": f"{DESK}/{name}", "desk_id": DESK, "symbol": "AAPL", "evidence": "a statement"}
    kind = more or {"kind": "split", "ratio": "4"}
    adjustment = Adjustment.model_validate({**fields, "effective_at": at(minute), **kind})
    return adjustment, position_adjusted(adjustment, "trace-1")


async def bought(ledger: PostgresLedger, quantity: str = "100", minute: int = 0) -> None:
    await ledger.adopt(*accepted(buy(quantity=quantity)))
    await ledger.apply_fill(*booked(buy(quantity=quantity), fill_of(buy(), quantity, "100", filled_at=at(minute))))


async def findings(ledger: PostgresLedger) -> list[str]:
    """What the audit finds; the orders here follow no decision, and that is no matter."""
    found = audit(await ledger.books(DESK))
    return [f"{one.invariant} {one.about}: {one.found}" for one in found if one.invariant not in {"I1", "I3"}]


async def test_capital_is_booked_once_whoever_says_it_how_often(ledger: PostgresLedger) -> None:
    paid, fee = changed("deposit", "500.00"), changed("fee", "-1.25", "two")
    await asyncio.gather(*(ledger.change_capital(each) for each in (paid, fee) * 5))
    books = await ledger.books(DESK)
    assert (books.portfolio.cash, books.equity) == (Decimal("100498.75"), Decimal("100498.75"))
    assert sorted(event.kind for event in books.capital) == ["deposit", "deposit", "fee"]
    assert await findings(ledger) == []
    with pytest.raises(BooksDisagree, match="other content"):
        await ledger.change_capital(changed("deposit", "500.01"))


async def test_a_withdrawal_is_no_drawdown_and_a_deposit_hides_none(ledger: PostgresLedger) -> None:
    await bought(ledger)
    await ledger.mark(DESK, quote("AAPL", "200"), at(1))
    before = await ledger.mark(DESK, quote("AAPL", "50"), at(2))
    fallen = drawdown(before.equity, before.peak_equity)
    assert fallen > Decimal("0.1")
    for name, event in enumerate((changed("withdrawal", "-60000.00"), changed("deposit", "900000.00", "two"))):
        await ledger.change_capital(event)
        held = await ledger.portfolio(DESK)
        assert abs(drawdown(held.equity, held.peak_equity) - fallen) < Decimal("0.0001")
        await ledger.mark(DESK, quote("AAPL", "50"), at(3 + name))
        assert await findings(ledger) == []
    after = await ledger.portfolio(DESK)
    # A dividend is a gain: the same drawdown is smaller by it.
    await ledger.change_capital(changed("dividend", "1000.00", "three"))
    richer = await ledger.portfolio(DESK)
    assert richer.peak_equity == after.peak_equity
    assert richer.equity == after.equity + 1000


async def test_a_peak_below_a_mark_since_the_last_deposit_is_found(ledger: PostgresLedger, owner: AsyncEngine) -> None:
    await ledger.change_capital(changed("deposit", "1000.00"))
    await ledger.mark(DESK, {}, at(1))
    assert await findings(ledger) == []
    async with transaction(owner) as connection:
        await connection.execute(text("UPDATE portfolio_state SET peak_equity = 100500"))
    assert await findings(ledger) == ["I6 peak_equity: the books say 100500.00, it was 101000.00"]


async def test_a_split_multiplies_what_is_held_and_leaves_equity_and_cost(ledger: PostgresLedger) -> None:
    await bought(ledger)
    before = await ledger.mark(DESK, quote("AAPL", "110.02"), at(1))
    await asyncio.gather(*(ledger.adjust(*adjusted()) for _ in range(5)))
    after = await ledger.portfolio(DESK)
    (held,) = after.positions
    assert these(held.quantity, held.cost_basis, held.mark) == these(400, 10_001, Decimal("27.505"))
    assert after.equity == before.equity
    books = await ledger.books(DESK)
    assert [lot.quantity for lot in books.portfolio.positions[0].lots] == [400]
    assert [trade.quantity for trade in books.trades] == [400]
    assert await findings(ledger) == []
    with pytest.raises(BooksDisagree, match="other content"):
        await ledger.adjust(*adjusted(minute=6))


@pytest.mark.faults
async def test_a_split_and_its_fills_make_the_same_books_in_any_order(engine: AsyncEngine) -> None:
    ledger = PostgresLedger(engine)
    states: list[object] = []
    for number, turn in enumerate(permutations(range(5))):
        if number % 8:
            continue
        desk = f"desk-{number}"
        opened, cash = opening(desk)
        await ledger.open_desk(opened, cash=cash)
        states.append(await _lived(ledger, desk, turn))
    assert all(state == states[0] for state in states)
    assert len(states) == 15


async def _lived(ledger: PostgresLedger, desk: str, turn: tuple[int, ...]) -> object:
    entry, out = buy(desk_id=desk, client_order_id=f"{desk}-in"), sell(desk_id=desk, client_order_id=f"{desk}-out")
    for request in (entry, out):
        await ledger.adopt(*accepted(request))

    def fill(name: str, request: object, quantity: str, price: str, minute: int) -> Fill:
        asked = entry if request is entry else out
        return fill_of(asked, quantity, price, fill_id=f"{desk}-{name}", filled_at=at(minute))

    fields = {"desk_id": desk, "symbol": "AAPL", "evidence": "a statement", "kind": "split"}
    splits = [
        Adjustment.model_validate(
            {**fields, "adjustment_id": f"{desk}-{name}", "ratio": ratio, "effective_at": at(when)}
        )
        for name, ratio, when in (("split", "1.5", 5), ("again", "0.5", 8))
    ]
    told: list[Fill | Adjustment] = [
        fill("one", entry, "7", "100", 0),
        fill("two", entry, "5", "110", 3),
        fill("sold", out, "2", "800", 9),
        *splits,
    ]
    for each in (told[number] for number in turn):
        if isinstance(each, Fill):
            await ledger.apply_fill(*booked(entry if each.side is entry.side else out, each))
        else:
            await ledger.adjust(each, position_adjusted(each, "trace-1"))
    books = await ledger.books(desk)
    assert [one for one in audit(books) if one.invariant in {"I5", "I6", "I7", "I9"}] == []
    trades = [trade.model_dump(exclude={"trade_id", "entry_order_id", "exit_order_id"}) for trade in books.trades]
    return books.portfolio.cash, books.equity, books.portfolio.positions, trades


async def test_a_quote_from_before_a_split_is_restated_and_one_after_it_is_not(ledger: PostgresLedger) -> None:
    await bought(ledger)
    await ledger.mark(DESK, quote("AAPL", "120"), at(3))
    await ledger.adjust(*adjusted(minute=5))
    assert (await ledger.portfolio(DESK)).positions[0].mark == 30
    await ledger.mark(DESK, quote("AAPL", "31"), at(6))
    await ledger.adjust(*adjusted(4, "late", kind="split", ratio="2"))
    (held,) = (await ledger.portfolio(DESK)).positions
    assert these(held.quantity, held.mark) == these(800, 31)
    assert await findings(ledger) == []


async def test_shares_can_be_taken_over_without_an_order(ledger: PostgresLedger) -> None:
    adoption = adjusted(0, "adopted", kind="adoption", quantity="10", cost="900.00")
    await ledger.adjust(*adoption)
    books = await ledger.books(DESK)
    (held,) = books.portfolio.positions
    assert these(held.quantity, held.cost_basis, books.portfolio.cash) == these(10, 900, 100_000)
    assert [trade.trade_id for trade in books.trades] == [f"{DESK}/adopted"]
    assert await findings(ledger) == []


async def test_a_split_of_what_was_never_held_is_kept_and_makes_no_position(ledger: PostgresLedger) -> None:
    await ledger.adjust(*adjusted())
    books = await ledger.books(DESK)
    assert (books.portfolio.positions, len(books.adjustments)) == ((), 1)
    await bought(ledger, minute=0)  # a fill from before it that comes late
    assert (await ledger.portfolio(DESK)).positions[0].quantity == 400
    assert await findings(ledger) == []


async def test_books_from_before_lots_are_counted_anew_by_the_migration(
    ledger: PostgresLedger, owner: AsyncEngine, database: Database
) -> None:
    await bought(ledger)
    second = buy(client_order_id="second")
    await ledger.adopt(*accepted(second))
    await ledger.apply_fill(*booked(second, fill_of(second, "100", "120", filled_at=at(1))))
    await ledger.adopt(*accepted(sell()))
    await ledger.apply_fill(*booked(sell(), fill_of(sell(), "100", "130", filled_at=at(2))))
    async with transaction(owner) as connection:
        # As average cost had it: half of 22,002 was realised, and the trade says the same.
        edit = "UPDATE positions SET lots = NULL, cost_basis = 11001, realised_pnl = 1998"
        await connection.execute(text(edit))
        await connection.execute(text("UPDATE trades SET realised_pnl = 1998"))
    assert await findings(ledger) != []
    await migrate(database)
    (held,) = (await ledger.books(DESK)).portfolio.positions
    assert these(held.cost_basis, held.realised_pnl) == these(12_001, 2_998)
    assert await findings(ledger) == []
