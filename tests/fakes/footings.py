"""How the strategy of a cycle in memory stands, as the gate would say."""

from __future__ import annotations

from typing import Any, Protocol

from trading.footing import Footing
from trading.portfolio import Portfolio
from trading.strategy import Strategy


class Standing(Protocol):
    """A cycle's strategy, its part of the desk if that is not all, and what the account is."""

    strategy: Strategy
    own: Portfolio | None
    real_money: bool


def standing_of(steps: Standing, held: tuple[str, ...]) -> dict[str, Any]:
    """What its opening says of it."""
    strategy, own = steps.strategy, steps.own
    holds = held if own is None else tuple(p.symbol for p in own.positions if p.quantity)
    barred = Footing(strategy_id=strategy.strategy_id, strategy=strategy).barred(real_money=steps.real_money)
    return {
        "holds": holds,
        "only_thinks": bool(barred and not holds),
        "reduces": not strategy.enabled or bool(barred and holds),
        "real_money": steps.real_money,
    }
