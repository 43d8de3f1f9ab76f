"""The exits of a desk that leaves the market."""

from __future__ import annotations

from datetime import datetime

import structlog
from temporalio import activity

from activities import clock
from trading.alerts import Alert, Topic, alert_raised
from trading.desk import StandDownAsked
from trading.errors import BadMarketData, MarketRefused, MarketUnavailable, UnknownSymbol
from trading.instruments import Side
from trading.limits import Limits
from trading.market import Quote
from trading.orders import OPERATOR, Leg, OrderRequest, OrderState, client_order_id
from trading.portfolio import Portfolio, Position
from trading.ports import Ledger, Market
from trading.rooms import closable
from trading.settlement import Denied, IntentAsked

log = structlog.get_logger()


class StandingDownActivities:
    """Closing all that is held, long or short, on a person's word."""

    def __init__(self, ledger: Ledger, market: Market, limits: Limits) -> None:
        self._ledger = ledger
        self._market = market
        self._limits = limits

    @activity.defn
    async def intend_exits(self, asked: StandDownAsked) -> tuple[OrderRequest, ...]:
        """Intend an exit at the market of every position; a person is told of those that cannot be.

        Repeat: the ids of the orders follow from the occasion: what was intended is intended.
        """
        portfolio = await self._ledger.portfolio(asked.desk_id)
        as_of = portfolio.marked_at if self._market.historical else clock.now()
        intended: list[OrderRequest] = []
        for position in portfolio.positions:
            known = await self._ledger.order(_name(asked, position))
            quantity = closable(portfolio, position.symbol, _side(position))
            if known is not None:
                # An earlier try intended it, and may not have lived to say so.
                intended += [known.request] if known.state is OrderState.INTENDED else []
            elif quantity > 0:
                request = await self._exit(asked, position, as_of or asked.asked_at)
                intended += await self._intend(request.model_copy(update={"quantity": quantity}))
            elif position.quantity:
                await self._call_for(asked, position, portfolio)
        return tuple(intended)

    async def _call_for(self, asked: StandDownAsked, position: Position, portfolio: Portfolio) -> None:
        """Call a person for what an exit of unknown fate holds back: to send another might close it twice."""
        for order in portfolio.open_orders:
            if order.state is OrderState.UNKNOWN and order.request.symbol == position.symbol:
                reason = f"{position.symbol} is not closed: the fate of {order.request.client_order_id} is unknown"
                await self._alert(asked.desk_id, f"{_name(asked, position)}-held-back", reason, clock.now())

    async def _exit(self, asked: StandDownAsked, position: Position, as_of: datetime) -> OrderRequest:
        quote = await self._quote(position.symbol, as_of)
        return OrderRequest(
            client_order_id=_name(asked, position),
            desk_id=asked.desk_id,
            strategy_id=OPERATOR,
            cycle_id=asked.stand_down_id,
            leg=Leg.EXIT,
            symbol=position.symbol,
            sector=position.sector,
            side=_side(position),
            quantity=abs(position.quantity),
            mark=quote.mark if quote else position.mark,
            as_of=as_of,
            trace_id=asked.trace_id,
        )

    async def _quote(self, symbol: str, as_of: datetime) -> Quote | None:
        """The newest price, for the record: a sale at the market does not wait for one."""
        try:
            quote = (await self._market.quotes([symbol], as_of)).get(symbol)
        except (MarketUnavailable, MarketRefused, UnknownSymbol, BadMarketData) as failure:
            log.warning("no price", symbol=symbol, reason=str(failure))
            return None
        return quote if isinstance(quote, Quote) else None

    async def _intend(self, request: OrderRequest) -> list[OrderRequest]:
        at = clock.now()
        asked = IntentAsked(request=request, limits=self._limits, flattens=True, intended_at=at)
        answer = await self._ledger.intend(asked)
        if isinstance(answer, Denied):
            await self._alert(request.desk_id, request.client_order_id, f"not closed: {answer.reason}", at)
            return []
        return [answer.request]

    async def _alert(self, desk_id: str, key: str, reason: str, at: datetime) -> None:
        alert = Alert(topic=Topic.ORDER, key=key, reason=reason)
        await self._ledger.record([alert_raised(desk_id, alert, at)])
        log.error("not_closed", desk_id=desk_id, reason=reason)


def _side(position: Position) -> Side:
    return Side.SELL if position.quantity > 0 else Side.BUY


def _name(asked: StandDownAsked, position: Position) -> str:
    return client_order_id(asked.stand_down_id, position.symbol, _side(position), Leg.EXIT)
