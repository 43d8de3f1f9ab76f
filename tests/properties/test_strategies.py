"""Whatever strategies intend in whatever order: neither the desk's limits nor their own are passed, nor is any crossed.

Prices stand still and fills cost what was expected, so every limit must hold at every moment, all open orders filled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from itertools import count
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.making import order, portfolio, position, request
from tests.trading.edges import scene
from trading.breaches import breaches
from trading.instruments import Side
from trading.limits import Giver, Limits, Own, OwnLimits
from trading.opposing import in_the_way
from trading.orders import Leg, Order, OrderState
from trading.portfolio import Portfolio

NAMES = ("agents", "breakout", "momentum")
SYMBOLS = {"AAPL": "Technology", "MSFT": "Technology", "XOM": "Energy"}
LIMITS = Limits(max_position=Decimal("0.3"), max_sector=Decimal("0.45"), collar=Decimal(0), allow_short=True)
OWN = {
    "agents": OwnLimits(max_order_usd=Decimal(2500)),
    "breakout": OwnLimits(max_position=Decimal("0.4"), max_sector=Decimal("0.6")),
    "momentum": OwnLimits(max_positions=1, restricted_symbols=("XOM",)),
}
CASH = {"agents": Decimal(50_000), "breakout": Decimal(30_000), "momentum": Decimal(10_000)}
RESERVE = Decimal(10_000)
PRICE = 100


class Intent(NamedTuple):
    """Somebody wants so many shares, in or out, long or short; and by how much open orders fill before."""

    by: str
    symbol: str
    side: Side
    leg: Leg
    quantity: int
    fills: tuple[int, ...]


intents = st.builds(
    Intent,
    by=st.sampled_from(NAMES),
    symbol=st.sampled_from(sorted(SYMBOLS)),
    side=st.sampled_from(Side),
    leg=st.sampled_from([Leg.ENTRY, Leg.ENTRY, Leg.EXIT]),
    quantity=st.integers(1, 300),
    fills=st.lists(st.integers(0, 100), max_size=3).map(tuple),
)


class Sharing:
    """A desk that three strategies share; orders rest until they are filled or cancelled."""

    def __init__(self) -> None:
        self.shares: Counter[tuple[str, str]] = Counter()
        self.cash = dict(CASH)
        self.orders: list[Order] = []
        self.names = count(1)
        self.sent = 0
        self.refused: set[str] = set()

    def part(self, *names: str) -> Portfolio:
        """What these have together."""
        held = {s: sum(self.shares[name, s] for name in names) for s in SYMBOLS}
        cash = sum(self.cash[name] for name in names) + (RESERVE if len(names) > 1 else 0)
        orders = tuple(o for o in self.orders if o.is_open and o.request.strategy_id in names)
        shown = (position(s, f"{n}", f"{PRICE}", SYMBOLS[s]) for s, n in held.items() if n)
        return portfolio(f"{cash}", *shown, open_orders=orders)

    @property
    def desk(self) -> Portfolio:
        return self.part(*NAMES)

    def intend(self, asked: Intent) -> None:
        name = f"{asked.by}-{next(self.names)}"
        more = {"leg": asked.leg, "strategy_id": asked.by, "client_order_id": name, "sector": SYMBOLS[asked.symbol]}
        new = request(asked.symbol, f"{asked.quantity}", asked.side, **more)
        own = Own(portfolio=self.part(asked.by), limits=OWN[asked.by])
        known = scene(portfolio=self.desk, limits=LIMITS, own=own, giver=Giver(strategy_id=asked.by))
        found = breaches(new, known)
        self.refused |= {breach.code for breach in found}
        if found:
            return
        self.sent += 1
        gone = {one.request.client_order_id for one in in_the_way(new, self.desk)}
        self.orders = [
            one.model_copy(update={"state": OrderState.CANCELLED}) if one.request.client_order_id in gone else one
            for one in self.orders
        ]
        self.orders.append(order(new))

    def fill(self, number: int) -> None:
        """Fill an open order, in full or in half."""
        resting = [n for n, one in enumerate(self.orders) if one.is_open]
        if not resting:
            return
        chosen = resting[number % len(resting)]
        one = self.orders[chosen]
        asked, size = one.request, one.leaves if number % 2 else -(-one.leaves // 2)
        signed = int(size) if asked.side is Side.BUY else -int(size)
        self.shares[asked.strategy_id, asked.symbol] += signed
        self.cash[asked.strategy_id] -= signed * PRICE
        filled = one.filled_quantity + size
        state = OrderState.FILLED if filled == asked.quantity else OrderState.PARTIALLY_FILLED
        self.orders[chosen] = one.model_copy(update={"filled_quantity": filled, "state": state})

    def entering(self, *names: str) -> Iterator[tuple[str, int]]:
        for one in self.orders:
            if one.is_open and one.request.leg is Leg.ENTRY and one.request.strategy_id in names:
                yield one.request.symbol, int(one.leaves) * PRICE


def exposures(desk: Sharing, *names: str) -> Counter[str]:
    """Dollars by symbol with every open entry filled, counted by hand."""
    found: Counter[str] = Counter()
    for symbol in SYMBOLS:
        found[symbol] += abs(sum(desk.shares[name, symbol] for name in names)) * PRICE
    for symbol, dollars in desk.entering(*names):
        found[symbol] += dollars
    return found


def within(desk: Sharing, names: tuple[str, ...], limits: Limits | OwnLimits, equity: Decimal) -> None:
    spent = exposures(desk, *names)
    technology = spent["AAPL"] + spent["MSFT"]
    if limits.max_position is not None:
        assert max(spent.values()) <= limits.max_position * equity
    if limits.max_sector is not None:
        assert max(technology, spent["XOM"]) <= limits.max_sector * equity
    if limits.max_positions is not None:
        assert sum(bool(dollars) for dollars in spent.values()) <= limits.max_positions


def hold(desk: Sharing) -> None:
    """All limits, over the desk and for each strategy; and nobody on two sides."""
    within(desk, NAMES, LIMITS, Decimal(100_000))
    for name in NAMES:
        within(desk, (name,), OWN[name], CASH[name])
        buying = sum(
            int(one.leaves) * PRICE
            for one in desk.orders
            if one.is_open
            and one.request.strategy_id == name
            and (one.request.leg, one.request.side) != (Leg.EXIT, Side.SELL)
        )
        assert desk.cash[name] - buying >= 0
    assert not desk.shares["momentum", "XOM"]
    for symbol in SYMBOLS:
        signs = {(n > 0) - (n < 0) for name in NAMES if (n := desk.shares[name, symbol])}
        assert len(signs) <= 1
        sides = {
            one.request.side: one.request.strategy_id
            for one in desk.orders
            if one.is_open and one.request.symbol == symbol
        }
        entering = {one.request.leg for one in desk.orders if one.is_open and one.request.symbol == symbol}
        assert len(sides) < 2 or len(set(sides.values())) == 1 or Leg.ENTRY not in entering


def lead(asked: list[Intent]) -> Sharing:
    desk = Sharing()
    for one in asked:
        for number in one.fills:
            desk.fill(number)
            hold(desk)
        desk.intend(one)
        hold(desk)
    return desk


@given(st.lists(intents, max_size=25))
@settings(max_examples=60, deadline=None)
def test_no_sequence_of_intents_passes_a_limit(asked: list[Intent]) -> None:
    lead(asked)


def test_such_sequences_send_orders_of_every_strategy_and_meet_every_limit() -> None:
    """A property that is never put to the test proves nothing."""
    chance = Random(7)
    desk = Sharing()
    for _ in range(400):
        by, symbol, side = chance.choice(NAMES), chance.choice(sorted(SYMBOLS)), chance.choice(list(Side))
        if chance.random() < 0.5:
            desk.fill(chance.randrange(100))
        desk.intend(Intent(by, symbol, side, chance.choice([Leg.ENTRY, Leg.EXIT]), chance.randint(1, 120), ()))
        hold(desk)
    assert desk.sent > 40
    assert {one.request.strategy_id for one in desk.orders if one.state is OrderState.FILLED} == set(NAMES)
    assert OrderState.CANCELLED in {one.state for one in desk.orders}
    assert desk.refused >= {
        *("opposed", "max_position_exceeded", "max_sector_exceeded", "strategy_cash_exceeded"),
        *("strategy_holding_exceeded", "strategy_max_position_exceeded", "strategy_max_sector_exceeded"),
        *("strategy_max_positions_exceeded", "strategy_max_order_usd_exceeded", "strategy_restricted_symbol"),
    }


@pytest.mark.soak
@given(st.lists(intents, max_size=60))
@settings(max_examples=10_000, deadline=None)
def test_ten_thousand_sequences_of_intents_pass_no_limit(asked: list[Intent]) -> None:
    lead(asked)
