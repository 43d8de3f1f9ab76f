"""The invariants of what a desk's strategies have of it, and of what the strategies are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from trading.adjustments import Adjustment
from trading.books import Books, Finding
from trading.events import EventType
from trading.funding import capital_allocated, sub_positions
from trading.money import ZERO
from trading.orders import Fill
from trading.portfolio import CapitalEvent, Lot, Portfolio, Position
from trading.sleeves import Told, fold, holdings_of, owners_of, positions_together, sleeves_of
from trading.strategy import Strategy, first_strategy


def parts_sum_to_the_desk(books: Books) -> Iterator[Finding]:
    """I17: sub-positions sum to positions to the share, account cashes and the reserve to the desk's cash."""
    sums: dict[str, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO, ZERO])
    for part in books.sub_positions:
        added = zip(sums[part.symbol], (part.quantity, part.cost_basis, part.realised_pnl), strict=True)
        sums[part.symbol] = [one + more for one, more in added]
    held = {one.symbol: [one.quantity, one.cost_basis, one.realised_pnl] for one in books.portfolio.positions}
    for symbol in sorted(sums.keys() | held.keys()):
        ours, theirs = (_amounts(one.get(symbol)) for one in (held, sums))
        if ours != theirs:
            yield Finding(invariant="I17", about=symbol, found=f"the desk has {ours}, its strategies {theirs}")
    cash = _reserve(books) + sum((account.cash for account in books.accounts), ZERO)
    if cash != books.portfolio.cash:
        found = f"the desk has {books.portfolio.cash}, its strategies and the reserve {cash}"
        yield Finding(invariant="I17", about="cash", found=found)


def parts_follow_from_fills(books: Books) -> Iterator[Finding]:
    """I17: each sub-position is the one that fills, adjustments and dividends make; so is the cash of each account."""
    made = sleeves_of(_told(books), books.allocations)
    parts = {
        (row.strategy_id, row.symbol): row
        for symbol, holding in made.holdings.items()
        for row in sub_positions(symbol, holding)
    }
    stated = {(row.strategy_id, row.symbol): row for row in books.sub_positions}
    for name in sorted(parts.keys() | stated.keys()):
        if parts.get(name) != stated.get(name):
            yield Finding(invariant="I17", about="/".join(name), found="the books say another part than fills make")
    kept = {account.strategy_id: account.cash for account in books.accounts}
    for strategy in sorted(kept.keys() | made.cash.keys()):
        ours, due = kept.get(strategy, ZERO), made.cash.get(strategy, ZERO)
        if ours != due:
            found = f"the books say {ours}, allocations and fills make {due}"
            yield Finding(invariant="I17", about=f"{strategy}/cash", found=found)


def strategies_follow_from_events(books: Books) -> Iterator[Finding]:
    """I6: the strategies are what the newest StrategyChanged of each says; the transfers are those that were told."""
    first = first_strategy()
    said: dict[str, Strategy] = {first.strategy_id: first}
    moved = set[str]()
    for event in (stored.event for stored in books.events):
        if event.type is EventType.STRATEGY_CHANGED:
            strategy = Strategy.model_validate(event.data["strategy"])
            said[strategy.strategy_id] = strategy
            if event.data.get("removed"):
                del said[strategy.strategy_id]
        elif event.type is EventType.CAPITAL_ALLOCATED:
            moved.add(event.event_id)
    stated = {strategy.strategy_id: strategy for strategy in books.strategies}
    for name in sorted(said.keys() | stated.keys()):
        if said.get(name) != stated.get(name):
            yield Finding(invariant="I6", about=name, found="the books say another strategy than the log")
    told = {event.event_id: event for event in map(capital_allocated, books.allocations)}
    known = {stored.event.event_id: stored.event for stored in books.events}
    for name in sorted(moved | told.keys()):
        if name not in told or name not in known or told[name].data != known[name].data:
            yield Finding(invariant="I6", about=name, found="the books say another transfer than the log")


def made_positions(books: Books, fills: Iterable[Fill], adjustments: Iterable[Adjustment]) -> dict[str, Position]:
    """The desk's positions that these make, by whose order each fill is of."""
    return positions_together(holdings_of(Told(fills, adjustments, owners=owners_of(books.orders))))


def compare_positions(invariant: str, portfolio: Portfolio, expected: Mapping[str, Position]) -> Iterator[Finding]:
    """Positions as they are stated against those that something makes."""
    stated = {position.symbol: position for position in portfolio.positions}
    for symbol in sorted(stated.keys() | expected.keys()):
        said, made = _counted(stated.get(symbol)), _counted(expected.get(symbol))
        if said[:3] != made[:3]:
            found = f"the books say {_shown(said)}, fills make {_shown(made)}"
            yield Finding(invariant=invariant, about=symbol, found=found)
        elif said != made:
            found = f"the books keep {len(said[3])} lots, fills make {len(made[3])}, or others"
            yield Finding(invariant=invariant, about=symbol, found=found)


def _told(books: Books) -> Told:
    return Told(books.fills, books.adjustments, books.capital, owners_of(books.orders))


def _reserve(books: Books) -> Decimal:
    """What was paid in and out and is nobody's."""
    paid = sum((step.cash for step in fold(_told(books)).steps if isinstance(step.happening, CapitalEvent)), ZERO)
    whole = sum((one.amount for one in {event.capital_event_id: event for event in books.capital}.values()), ZERO)
    return whole - paid - sum((one.amount for one in books.allocations), ZERO)


def _amounts(counted: list[Decimal] | None) -> str:
    quantity, cost, realised = counted or [ZERO] * 3
    return f"{quantity.normalize():f} shares at {cost:.2f}, realised {realised:.2f}"


def _counted(position: Position | None) -> tuple[Decimal, Decimal, Decimal, tuple[Lot, ...]]:
    if position is None:
        return ZERO, ZERO, ZERO, ()
    return position.quantity, position.cost_basis, position.realised_pnl, position.lots


def _shown(counted: tuple[Decimal, Decimal, Decimal, tuple[Lot, ...]]) -> str:
    quantity, cost, realised, _ = counted
    return f"{quantity:f} shares at {cost:f}, realised {realised:f}"
