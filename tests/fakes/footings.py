"""How the strategy of a cycle in memory stands, as the gate would say."""

from __future__ import annotations

from typing import Any, Protocol

from trading.footing import Footing
from trading.limits import Scene
from trading.portfolio import Portfolio
from trading.settlement import IntentAsked
from trading.standing import Recent
from trading.strategy import Strategy


class Standing(Protocol):
    """A cycle's strategy, its part of the desk if that is not all, and what the account is."""

    strategy: Strategy
    own: Portfolio | None
    real_money: bool


def scene_of(asked: IntentAsked, books: Portfolio, footing: Footing | None, recent: Recent) -> Scene:
    """What an order is held to when it is intended; without a footing its strategy is the whole desk."""
    return Scene(
        portfolio=books,
        limits=asked.limits,
        own=None if footing is None else footing.own(books),
        giver=None if footing is None else footing.giver(real_money=asked.real_money),
        standing=asked.standing,
        recent=recent,
    )


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
