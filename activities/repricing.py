"""A limit order that the market has left behind: intended anew, under the limits of now."""

from __future__ import annotations

from temporalio import activity

from activities import clock
from activities.gate import GateRules
from activities.standing import StandingActivities
from trading.errors import BooksDisagree
from trading.market import Quote
from trading.money import Record, Text
from trading.orders import Order, OrderRequest
from trading.ports import Ledger, Market
from trading.repricing import successor
from trading.settlement import Denied, IntentAsked


class Repriced(Record):
    """The order that goes on, and words for it; None when nothing is left, or the limits refuse."""

    request: OrderRequest | None = None
    words: Text


class RepricingActivities:
    """New prices for what is left of an order, under the rules in force."""

    def __init__(self, ledger: Ledger, market: Market, standing: StandingActivities, rules: GateRules) -> None:
        self._ledger = ledger
        self._market = market
        self._standing = standing
        self._rules = rules

    @activity.defn
    async def intend_successor(self, request: OrderRequest) -> Repriced:
        """Intend what is left of a cancelled limit order at today's price, checked under the books' lock.

        Repeat: the successor's id follows from the order's, and its stored intent is the answer.
        """
        order = await self._order(request.client_order_id)
        first = order.request
        while first.replaces is not None:
            first = (await self._order(first.replaces)).request
        at = clock.now()
        quote = (await self._market.quotes([request.symbol], at)).get(request.symbol)
        following = successor(order, first, quote) if isinstance(quote, Quote) else None
        if following is None:
            return Repriced(words="nothing is left, it may still fill, or no price is known")
        known = await self._ledger.order(following.client_order_id)
        if known is not None:
            return Repriced(request=known.request, words="it goes on")
        standing = await self._standing.now(request.desk_id, request.symbol)
        asked = IntentAsked(
            request=following,
            limits=self._rules.limits,
            standing=standing,
            real_money=self._rules.real_money,
            intended_at=at,
        )
        answer = await self._ledger.intend(asked)
        if isinstance(answer, Denied):
            return Repriced(words=answer.reason)
        return Repriced(request=answer.request, words=f"it goes on at {following.limit_price}")

    async def _order(self, name: str) -> Order:
        order = await self._ledger.order(name)
        if order is None:
            raise BooksDisagree(f"the books know no order {name}")
        return order
