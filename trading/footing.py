"""What the books know of a strategy when it gives an order or begins a cycle, and how far that lets it go. Pure."""

from __future__ import annotations

from trading.breaker import TradingState, strictest
from trading.instruments import Symbol
from trading.limits import Giver, Own, OwnLimits
from trading.money import Identifier, Record
from trading.portfolio import Portfolio
from trading.shadow_scoring import Thinker
from trading.strategy import Rung, Strategy

ONLY_THINKS = "only_thinks"
"""The code of a strategy that may not send an order to this account yet."""
REMOVED = "removed"
"""The code of one that the desk has no more: it closes what it holds, and that is all."""


class Footing(Record):
    """A strategy as the books know it; `strategy` is None when the desk has none of that name (any more).

    `state` is what its own circuit breaker asks for, `part` what it has of the books: None when that is all.
    """

    strategy_id: Identifier
    strategy: Strategy | None = None
    state: TradingState = TradingState.ACTIVE
    part: Portfolio | None = None

    def barred(self, *, real_money: bool) -> str:
        """Why it opens nothing in this account, empty when it may: money is for those promoted to it."""
        if self.strategy is None:
            return REMOVED
        rung = self.strategy.rung
        return ONLY_THINKS if rung is Rung.SHADOW or (real_money and rung is not Rung.LIVE) else ""

    def giver(self, *, real_money: bool) -> Giver:
        """How far it may go: a strategy that is disabled opens nothing, whatever its breaker says."""
        disabled = self.strategy is not None and not self.strategy.enabled
        state = strictest(self.state, TradingState.REDUCING if disabled else TradingState.ACTIVE)
        because = "" if state is self.state else "it is disabled"
        barred = self.barred(real_money=real_money)
        return Giver(strategy_id=self.strategy_id, state=state, because=because, barred=barred)

    def own(self, desk: Portfolio) -> Own | None:
        """Its part of these books with its limits and its open orders; None when it is the whole desk.

        That is a strategy to which all is allocated and beside which nobody holds anything.
        """
        part, strategy = self.part, self.strategy
        if part is None or (strategy is not None and strategy.is_whole_desk and _holds_all(part, desk)):
            return None
        orders = tuple(one for one in desk.open_orders if one.request.strategy_id == self.strategy_id)
        limits = strategy.limits if strategy is not None else OwnLimits()
        return Own(portfolio=part.model_copy(update={"open_orders": orders}), limits=limits)

    def thinker(self, desk: Portfolio, *, real_money: bool) -> Thinker:
        """As the one whose shadow trades are scored."""
        own, state = self.own(desk), self.giver(real_money=real_money).state
        portfolio = (desk if own is None else own.portfolio).model_copy(
            update={"trading_state": strictest(desk.trading_state, state)}
        )
        return Thinker(portfolio=portfolio, only_thinks=self.barred(real_money=real_money) == ONLY_THINKS)

    def holds(self, desk: Portfolio) -> tuple[Symbol, ...]:
        """The symbols that it holds itself."""
        own = self.own(desk)
        positions = (desk if own is None else own.portfolio).positions
        return tuple(position.symbol for position in positions if position.quantity)


def _holds_all(part: Portfolio, desk: Portfolio) -> bool:
    return all(part.held(position.symbol) == position.quantity for position in desk.positions)
