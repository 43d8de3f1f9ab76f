"""However strategies share a desk, their shares sum to its shares and their cash to its cash, to the cent."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.properties.shared_lives import Life, plainly, shared_lives
from trading.money import ZERO
from trading.portfolio import cash_of, positions_of
from trading.sleeves import Holding, Told, after, divide, occurrences, positions_together, sleeves_of
from trading.trades import trades_of


def parts_sum_to_the_desk(life: Life) -> None:
    made = sleeves_of(life.told, life.allocations)
    alone = positions_of(life.fills, life.adjustments)
    shared = positions_together(made.holdings)
    assert shared.keys() == alone.keys()
    for symbol, holding in made.holdings.items():
        quantities = [part.position.quantity for part in holding.parts.values()]
        assert sum(quantities, ZERO) == shared[symbol].quantity
        assert min(quantities) >= 0 or max(quantities) <= 0
        # Whose shares go first is another matter; what all have earned and spent together is not.
        assert shared[symbol].quantity == alone[symbol].quantity
        ours, theirs = (one.realised_pnl - one.cost_basis for one in (shared[symbol], alone[symbol]))
        assert ours == theirs


def the_plain_count_is_the_same(life: Life) -> None:
    made, counted = sleeves_of(life.told, life.allocations), plainly(life)
    shares = {
        (name, symbol): part.position.quantity
        for symbol, holding in made.holdings.items()
        for name, part in holding.parts.items()
        if part.position.quantity
    }
    assert shares == counted.shares
    assert {n: c for n, c in made.cash.items() if c} == {n: c for n, c in counted.cash.items() if c}
    desk = cash_of({one.capital_event_id: one for one in life.capital}.values(), life.fills)
    assert sum(made.cash.values(), ZERO) + counted.reserve == desk


def every_part_is_whole(life: Life) -> None:
    owners = life.told.owners
    earned: dict[tuple[str, str], Decimal] = {}
    for trade in trades_of(life.fills, life.adjustments, owners).values():
        key = trade.strategy_id, trade.symbol
        earned[key] = earned.get(key, ZERO) + trade.realised_pnl
    for symbol, holding in sleeves_of(life.told).holdings.items():
        for name, part in holding.parts.items():
            position = part.position
            assert sum((lot.quantity for lot in position.lots), ZERO) == position.quantity
            assert sum((lot.cost for lot in position.lots), ZERO) == position.cost_basis
            assert [lot.opened_at for lot in position.lots] == sorted(lot.opened_at for lot in position.lots)
            assert position.quantity or not position.cost_basis
            assert earned.get((name, symbol), ZERO) == position.realised_pnl


def the_order_of_arrival_changes_nothing(life: Life, random: Random) -> None:
    fills, adjustments, capital, owners = life.fills, life.adjustments, life.capital, life.told.owners
    mixed = Told(
        random.sample(fills, len(fills)),
        random.sample(adjustments, len(adjustments)),
        random.sample(capital, len(capital)),
        owners,
    )
    assert sleeves_of(mixed, reversed(life.allocations)) == sleeves_of(life.told, life.allocations)
    assert trades_of(mixed.fills, mixed.adjustments, owners) == trades_of(fills, adjustments, owners)


def one_by_one_is_all_at_once(life: Life) -> None:
    """As rows are extended: without what was remembered of before, when any are held."""
    holdings: dict[str, Holding] = {}
    for happening in occurrences(life.told):
        before = holdings.get(str(happening.symbol), Holding())
        held = {n: abs(p.position.quantity) for n, p in before.parts.items() if p.position.quantity}
        known = Holding(before.parts, held or before.last)
        if steps := divide(known, happening, life.told.owners):
            holdings[str(happening.symbol)] = after(known, steps)
    assert holdings == sleeves_of(life.told).holdings


def alone_nothing_changes(life: Life) -> None:
    """With one strategy the parts are the desk's, to the last lot."""
    adjustments = [one.model_copy(update={"strategy_id": None}) for one in life.adjustments]
    made = sleeves_of(Told(life.fills, adjustments, life.capital))
    assert positions_together(made.holdings) == positions_of(life.fills, life.adjustments)


def check(life: Life, random: Random) -> None:
    parts_sum_to_the_desk(life)
    the_plain_count_is_the_same(life)
    every_part_is_whole(life)
    the_order_of_arrival_changes_nothing(life, random)
    one_by_one_is_all_at_once(life)
    alone_nothing_changes(life)


several = given(life=shared_lives(), random=st.randoms(use_true_random=False))


@several
@examples(30, 150)
def test_many_shared_lives_balance_to_the_cent(life: Life, random: Random) -> None:
    check(life, random)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@several
@settings(max_examples=10_000, deadline=None)
def test_ten_thousand_shared_lives_balance_to_the_cent(life: Life, random: Random) -> None:
    check(life, random)
