"""The exits of a desk that leaves the market."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from temporalio import activity

from trading import order_events as say
from trading.desk import StandDownAsked
from trading.errors import BadMarketData, MarketRefused, MarketUnavailable, UnknownSymbol
from trading.instruments import Side
from trading.limits import Limits
from trading.market import Quote
from trading.orders import OPERATOR, Leg, OrderRequest, OrderState, client_order_id
from trading.portfolio import Position
from trading.ports import Ledger, Market
from trading.settlement import Denied, IntentAsked

log = structlog.get_logger()


class StandingDownActivities:
    """Selling all that is held, on a person's word."""

    def __init__(self, ledger: Ledger, market: Market, limits: Limits) -> None:
        self._ledger = ledger
        self._market = market
        self._limits = limits

    @activity.defn
    async def intend_exits(self, asked: StandDownAsked) -> tuple[OrderRequest, ...]:
        """Intend a sale at the market of every position; those that are denied are told to a person.

        Repeat: the ids of the orders follow from the occasion: what was intended is intended.
        """
        portfolio = await self._ledger.portfolio(asked.desk_id)
        as_of = portfolio.marked_at if self._market.historical else datetime.now(UTC)
        intended: list[OrderRequest] = []
        for position in portfolio.positions:
            known = await self._ledger.order(_name(asked, position.symbol))
            quantity = portfolio.sellable(position.symbol)
            if known is not None:
                # An earlier try intended it, and may not have lived to say so.
                intended += [known.request] if known.state is OrderState.INTENDED else []
            elif quantity > 0:
                request = await self._exit(asked, position, as_of or asked.asked_at)
                intended += await self._intend(request.model_copy(update={"quantity": quantity}))
        return tuple(intended)

    async def _exit(self, asked: StandDownAsked, position: Position, as_of: datetime) -> OrderRequest:
        quote = await self._quote(position.symbol, as_of)
        return OrderRequest(
            client_order_id=_name(asked, position.symbol),
            desk_id=asked.desk_id,
            strategy_id=OPERATOR,
            cycle_id=asked.stand_down_id,
            leg=Leg.EXIT,
            symbol=position.symbol,
            sector=position.sector,
            side=Side.SELL,
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
        at = datetime.now(UTC)
        asked = IntentAsked(request=request, limits=self._limits, flattens=True, intended_at=at)
        answer = await self._ledger.intend(asked)
        if isinstance(answer, Denied):
            alert = {"reason": f"not sold: {answer.reason}", "severity": "critical"}
            await self._ledger.record([say.alert_raised(request.desk_id, request.client_order_id, alert, at)])
            log.error("exit_denied", client_order_id=request.client_order_id, reason=answer.reason)
            return []
        return [answer.request]


def _name(asked: StandDownAsked, symbol: str) -> str:
    return client_order_id(asked.stand_down_id, symbol, Side.SELL, Leg.EXIT)
