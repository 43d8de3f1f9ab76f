"""What the books know of a decision that was to be traded: its order, the trade that this opened or added to, its end.

| decided | found by |
|---|---|
| an entry that was sent | the order of its id, or one that replaced it; the trade that names it as its entry |
| an entry that added to what was held | the trade of its strategy, symbol and side that was open then |
| an entry in shadow | the shadow trade of its cycle and symbol |

What was added to a trade shares its fate.
"""

from __future__ import annotations

from collections.abc import Iterable

from trading.memory import Setup
from trading.money import Record
from trading.orders import Leg, Order, stem_of, successor_id
from trading.shadow import MARK, ShadowTrade
from trading.trades import Trade

MOST_SUCCESSORS = 9
"""Orders that replace one another: workflows allow three, a person's hand some more."""


class Fate(Record):
    """What became of one setup. `exit_leg` is that of the order which closed the trade."""

    orders: tuple[Order, ...] = ()
    trade: Trade | None = None
    exit_leg: Leg | None = None
    shadow: ShadowTrade | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether the books have not heard the end of it."""
        if any(order.is_open for order in self.orders):
            return True
        return bool((self.trade and self.trade.closed_at is None) or (self.shadow and self.shadow.is_open))

    @property
    def came_to_nothing(self) -> str:
        """How its order ended that was not filled; empty when there is none."""
        return self.orders[-1].state.value if self.orders else ""


def shadow_id(setup: Setup) -> str:
    """The name of the shadow trade that a setup became, if it became one."""
    return f"{setup.cycle_id}-{setup.symbol}-{MARK}"


def names_of(order_id: str) -> tuple[str, ...]:
    """The names that an order and those in its place may have, in their order."""
    names = [order_id]
    for _ in range(MOST_SUCCESSORS):
        names.append(successor_id(names[-1]))
    return tuple(names)


def trade_of(setup: Setup, orders: Iterable[Order], trades: Iterable[Trade]) -> Trade | None:
    """The trade of a setup among those of its desk; None while nothing of its orders was filled."""
    if setup.leg is not Leg.ENTRY or not any(order.filled_quantity for order in orders):
        return None
    whose = setup.strategy_id, setup.symbol, setup.side
    ours = [one for one in trades if (one.strategy_id, one.symbol, one.side) == whose]
    opened = [one for one in ours if one.entry_order_id and stem_of(one.entry_order_id) == setup.order_id]
    later = [one for one in ours if one.closed_at is None or one.closed_at > setup.decided_at]
    return min(opened or later, key=lambda one: (one.opened_at, one.trade_id), default=None)
