"""What strategies have of a desk is held to the fills and to the log; each planted edit is found."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.fakes.bookkeeping import divided, folded
from tests.fakes.desk import sealed
from tests.making import AT, DESK, after, deposit, fill, order, request, these
from trading.audit import Books, audit
from trading.audit_sleeves import parts_follow_from_fills, parts_sum_to_the_desk, strategies_follow_from_events
from trading.funding import Account, SubPosition, capital_allocated
from trading.instruments import Side
from trading.sleeves import Allocation, Told, owners_of, positions_together, sleeves_of
from trading.strategy import Strategy, StrategyChange, first_strategy
from trading.strategy_events import strategy_changed

TREND = Strategy(strategy_id="trend", source="sma-crossover", allocation=Decimal("0.4"))
ORDERS = (
    order(request("AAPL", "6")),
    order(request("AAPL", "4", cycle_id="paper/cycle-2", strategy_id="trend")),
    order(request("AAPL", "5", Side.SELL, cycle_id="paper/cycle-3", strategy_id="trend")),
)
DIVIDEND = deposit("1.00", capital_event_id="dividend-1", kind="dividend", occurred_at=after(9), symbol="AAPL")
MOVED = Allocation(
    allocation_id=f"{DESK}/trend-1",
    desk_id=DESK,
    strategy_id="trend",
    amount=Decimal(40_000),
    allocation=Decimal("0.4"),
    desk_equity=Decimal(100_000),
    allocated_at=AT,
)


def changed(number: int, strategy: Strategy, **more: Any) -> StrategyChange:
    return StrategyChange(desk_id=DESK, change_id=f"change-{number}", strategy=strategy, by="operator", at=AT, **more)


def life() -> Books:
    """Agents bought six shares, trend four; trend sold its four and one of the agents'; a dividend came."""
    fills = [
        fill(one.request, f"{one.request.quantity}", price, filled_at=after(minute))
        for one, price, minute in zip(ORDERS, ("100", "110", "120"), (1, 2, 3), strict=True)
    ]
    books = folded(ORDERS, fills, (deposit(), DIVIDEND))
    told = Told(fills, (), (DIVIDEND,), owners_of(ORDERS))
    made = sleeves_of(told, [MOVED])
    held = books.portfolio.model_copy(update={"positions": tuple(positions_together(made.holdings).values())})
    events = sealed([strategy_changed(changed(1, TREND)), capital_allocated(MOVED)])
    parts = divided(told)
    accounts = tuple(Account(strategy_id=name, cash=cash) for name, cash in made.cash.items())
    changes = {"portfolio": held, "events": events, "allocations": (MOVED,), "strategies": (first_strategy(), TREND)}
    return books.model_copy(update={**parts, **changes, "accounts": accounts})


def found(books: Books) -> set[str]:
    """What the checks of this file's subject are about."""
    checks = (parts_sum_to_the_desk, parts_follow_from_fills, strategies_follow_from_events)
    return {one.about for check in checks for one in check(books)}


def part(books: Books, name: str, **changes: object) -> Books:
    rows = tuple(p.model_copy(update=changes) if p.strategy_id == name else p for p in books.sub_positions)
    return books.model_copy(update={"sub_positions": rows})


def account(books: Books, name: str, **changes: object) -> Books:
    rows = tuple(a.model_copy(update=changes) if a.strategy_id == name else a for a in books.accounts)
    return books.model_copy(update={"accounts": rows})


def stated(books: Books, **changes: object) -> Books:
    return books.model_copy(update=changes)


def test_a_shared_life_is_clean_and_the_last_to_sell_took_its_own_first() -> None:
    books = life()
    assert found(books) == set()
    assert not {one.invariant for one in audit(books)} & {"I5", "I17"}
    agents, trend = books.sub_positions
    assert these(agents.strategy_id, agents.quantity, agents.realised_pnl) == these("agents", 5, 20)
    assert these(trend.strategy_id, trend.quantity, trend.realised_pnl) == these("trend", 0, 40)
    cash = {one.strategy_id: one.cash for one in books.accounts}
    assert cash == {"agents": Decimal("-479.00"), "trend": Decimal("40040.00")}


EDITS: dict[str, tuple[set[str], Callable[[Books], Books]]] = {
    "a share has gone from one to the other": (
        {"agents/AAPL", "trend/AAPL"},
        lambda b: part(part(b, "agents", quantity=Decimal(4)), "trend", quantity=Decimal(1)),
    ),
    "a part has a share too many": ({"AAPL", "agents/AAPL"}, lambda b: part(b, "agents", quantity=Decimal(6))),
    "a part has a cent of gain too many": (
        {"AAPL", "trend/AAPL"},
        lambda b: part(b, "trend", realised_pnl=Decimal("40.01")),
    ),
    "a part brought another cash": ({"agents/AAPL"}, lambda b: part(b, "agents", cash=Decimal(-480))),
    "a part is missing": ({"AAPL", "trend/AAPL"}, lambda b: stated(b, sub_positions=b.sub_positions[:1])),
    "a part is nobody's": (
        {"idle/KO"},
        lambda b: stated(b, sub_positions=(*b.sub_positions, nothing("idle", "KO"))),
    ),
    "an account is a cent off": ({"cash", "trend/cash"}, lambda b: account(b, "trend", cash=Decimal("40040.01"))),
    "a dividend went to another": (
        {"agents/cash", "trend/cash"},
        lambda b: account(account(b, "trend", cash=Decimal(40041)), "agents", cash=Decimal(-480)),
    ),
    "a transfer was not told": (
        {f"{DESK}/CapitalAllocated/trend-1"},
        lambda b: stated(b, events=sealed([b.events[0].event])),
    ),
    "a transfer is not in the books": (
        {"cash", "trend/cash", f"{DESK}/CapitalAllocated/trend-1"},
        lambda b: stated(b, allocations=()),
    ),
    "a strategy says more than the log": (
        {"trend"},
        lambda b: stated(b, strategies=(first_strategy(), TREND.model_copy(update={"allocation": Decimal("0.5")}))),
    ),
    "a strategy is missing": ({"trend"}, lambda b: stated(b, strategies=(first_strategy(),))),
    "a strategy was removed in the log alone": (
        {"trend"},
        lambda b: stated(
            b, events=sealed([*(one.event for one in b.events), strategy_changed(changed(2, TREND, removed=True))])
        ),
    ),
}


def nothing(strategy: str, symbol: str) -> SubPosition:
    zero = dict.fromkeys(("quantity", "cost_basis", "realised_pnl", "cash"), Decimal(0))
    return SubPosition.model_validate({"strategy_id": strategy, "symbol": symbol, **zero})


@pytest.mark.parametrize("edit", EDITS)
def test_what_is_wrong_in_the_parts_is_found(edit: str) -> None:
    about, planted = EDITS[edit]
    assert found(planted(life())) == about


def test_a_broken_log_hides_no_wrong_part() -> None:
    books = part(life(), "agents", quantity=Decimal(6))
    assert "I17" in {one.invariant for one in audit(books.model_copy(update={"event_count": 9}))}
