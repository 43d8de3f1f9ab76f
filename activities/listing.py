"""What companies did to the shares of a desk: asked of the market, and at a broker of ours made to happen."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from trading.corporate_actions import CorporateAction, effective_at
from trading.errors import MarketRefused, MarketUnavailable
from trading.portfolio import Portfolio
from trading.ports import Broker, Market

# A statement, and a list, reach this far behind what was last known: a long week-end, and reports that come late.
REACH_BACK = timedelta(days=5)
PRESENT = timedelta(hours=1)
"""A moment longer ago is history, and the prices of it are of the shares of today already."""

log = structlog.get_logger()


class Listing:
    """The corporate actions of what one desk holds."""

    def __init__(self, broker: Broker, market: Market) -> None:
        self._broker = broker
        self._market = market

    async def apply(self, portfolio: Portfolio, as_of: datetime, now: datetime) -> tuple[CorporateAction, ...] | None:
        """The listed actions in force of what is or was held; a synthetic broker has had them then.

        None when the market does not answer: it is asked at the next look. A market of past prices has none.
        """
        symbols = sorted({position.symbol for position in portfolio.positions})
        if not symbols or self._market.historical or now - as_of > PRESENT:
            return ()
        since = min(portfolio.marked_at or now, now) - REACH_BACK
        try:
            listed = await self._market.actions(symbols, since, now)
        except (MarketUnavailable, MarketRefused) as failure:
            log.warning("no corporate actions", desk_id=portfolio.desk_id, reason=str(failure))
            return None
        actions = tuple(one for symbol in symbols for one in listed.get(symbol, ()) if effective_at(one.ex_on) <= now)
        await self._broker.apply(portfolio.desk_id, actions)
        return actions
