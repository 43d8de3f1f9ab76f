"""How shadow trades meet the prices that came after them.

| seen                                    | the trade ends at                                                    |
|-----------------------------------------|----------------------------------------------------------------------|
| a bar that touches the stop             | the stop, or the open where that lies beyond it, with slippage       |
| a bar that touches the target           | the target, or the open where that is better                         |
| a bar that touches both                 | the stop: nobody knows which came first                              |
| the bar of the session it was opened in | only its close counts, for the rest may have been before             |
| a newer quote at either                 | the side of the quote that an exit takes                             |
| the last of `MOST_SESSIONS` bars        | its close, with slippage                                             |
| nothing for `MOST_DAYS`                 | the last mark, with slippage                                         |
| its strategy trades for real again, or no longer holds what an exit would have sold | the mark, with slippage  |
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from pydantic import AwareDatetime

from trading.adjustments import new_price, new_shares
from trading.breaker import TradingState
from trading.corporate_actions import CorporateAction, each_once, effective_at
from trading.costs import Costs
from trading.instruments import Side, Symbol
from trading.market import Bar, Quote
from trading.money import DeskId, Identifier, Record
from trading.orders import Leg
from trading.portfolio import Portfolio
from trading.shadow import Ending, ShadowTrade, ended

# Two weeks: what a signal's stop or target is set for has mostly happened, and a halted desk learns something a month.
MOST_SESSIONS = 10
# Twice as long in days: a symbol that nobody prices any more must not stay open for ever.
MOST_DAYS = timedelta(days=28)


class Seen(Record):
    """What the market says of one symbol: complete bars, oldest first, in the shares of now, and a trusted quote."""

    symbol: Symbol
    bars: tuple[Bar, ...] = ()
    quote: Quote | None = None
    splits: tuple[CorporateAction, ...] = ()


class ShadowLook(Record):
    """A look at the prices for a desk's open shadow trades; what is not seen is scored at the next one.

    `real_money` says what the account is: it decides which strategies only think.
    """

    desk_id: DeskId
    as_of: AwareDatetime
    trace_id: Identifier = "none"
    real_money: bool = False
    seen: tuple[Seen, ...] = ()


class Thinker(Record):
    """Whose trade it is: what the strategy really has, in the state that holds for it, and whether it only thinks.

    What one that only thinks has thought goes on, whatever the state; any other's is over when it trades for real.
    """

    portfolio: Portfolio
    only_thinks: bool = False

    @property
    def trades(self) -> bool:
        """Whether its decisions go to the broker again."""
        return not self.only_thinks and self.portfolio.trading_state is not TradingState.HALTED


def score(trade: ShadowTrade, look: ShadowLook, thinker: Thinker, costs: Costs) -> ShadowTrade:
    """A trade after one more look. Looking twice, or back, changes nothing, and what has ended stays as it is."""
    if not trade.is_open or look.as_of < trade.looked_at:
        return trade
    seen = next((one for one in look.seen if one.symbol == trade.symbol), None)
    after = trade if seen is None else _met(trade, seen, look.as_of, costs)
    over = _over(after, thinker, look.as_of)
    if over is not None:
        after = _left(after, after.mark, over, look.as_of, costs)
    return after.model_copy(update={"looked_at": look.as_of})


def thought_on(trade: ShadowTrade, seen: Seen | None, at: datetime, costs: Costs, most_sessions: int) -> ShadowTrade:
    """A thought that nobody's cycle ends, after one more look: at its stop or target, or after so many sessions.

    One that nobody prices any more is counted at its mark when three days a session are over.
    """
    if not trade.is_open or at < trade.looked_at:
        return trade
    if seen is not None:
        # Looked at only when it was seen: a split that nobody saw is still to come.
        trade = _met(trade, seen, at, costs, most_sessions).model_copy(update={"looked_at": at})
    if trade.is_open and at - trade.opened_at > max(MOST_DAYS, timedelta(days=3 * most_sessions)):
        trade = _left(trade, trade.mark, Ending.TIME, at, costs)
    return trade


def _met(trade: ShadowTrade, seen: Seen, at: datetime, costs: Costs, most: int = MOST_SESSIONS) -> ShadowTrade:
    """The trade once it has met every bar and quote that it had not."""
    before = trade.looked_at
    for split in each_once(seen.splits):
        if before < effective_at(split.ex_on) <= at:
            trade = _split(trade, split)
    for bar in seen.bars:
        if trade.is_open and bar.session_on > trade.seen_on:
            trade = _meet_bar(trade, bar, at, costs, most)
    if trade.is_open and seen.quote is not None and seen.quote.quoted_at > before:
        trade = _meet_quote(trade, seen.quote, at, costs)
    return trade


def _meet_bar(trade: ShadowTrade, bar: Bar, at: datetime, costs: Costs, most: int) -> ShadowTrade:
    counted = {"seen_on": bar.session_on, "sessions": trade.sessions + 1, "mark": bar.close}
    trade = trade.model_copy(update=counted)
    prices = (bar.open, bar.low, bar.high) if bar.session_on != trade.opened_in else (bar.close,) * 3
    touched = _touched(trade, *prices)
    if touched is None and trade.sessions >= most:
        touched = Ending.TIME, bar.close
    return trade if touched is None else _left(trade, touched[1], touched[0], at, costs)


def _meet_quote(trade: ShadowTrade, quote: Quote, at: datetime, costs: Costs) -> ShadowTrade:
    trade = trade.model_copy(update={"mark": quote.mark})
    taken = quote.bid if trade.side is Side.BUY else quote.ask
    touched = _touched(trade, taken, taken, taken)
    return trade if touched is None else _left(trade, touched[1], touched[0], at, costs)


def _touched(trade: ShadowTrade, first: Decimal, low: Decimal, high: Decimal) -> tuple[Ending, Decimal] | None:
    """Which of stop and target lies in this range, the stop first, and the price that it was met at."""
    sign = trade.sign
    worst, best = (low, high) if sign > 0 else (high, low)
    if trade.stop is not None and sign * worst <= sign * trade.stop:
        return Ending.STOP, sign * min(sign * first, sign * trade.stop)
    if trade.target is not None and sign * best >= sign * trade.target:
        return Ending.TARGET, sign * max(sign * first, sign * trade.target)
    return None


def _over(trade: ShadowTrade, thinker: Thinker, at: datetime) -> Ending | None:
    """Why a trade must be counted now, although no price ended it."""
    if not trade.is_open:
        return None
    if thinker.trades:
        return Ending.RESUMED
    if trade.leg is Leg.EXIT and -trade.sign * thinker.portfolio.held(trade.symbol) < trade.quantity:
        return Ending.GONE
    return Ending.TIME if at - trade.opened_at > MOST_DAYS else None


def _left(trade: ShadowTrade, price: Decimal, how: Ending, at: datetime, costs: Costs) -> ShadowTrade:
    """The trade closed near a price: a target is a limit, all else takes what there is."""
    out = Side.SELL if trade.side is Side.BUY else Side.BUY
    return ended(trade, price if how is Ending.TARGET else costs.slipped(price, out), how, at, costs)


def _split(trade: ShadowTrade, split: CorporateAction) -> ShadowTrade:
    """The same trade in new shares; what it was opened for stays."""
    if split.ratio is None:
        return trade
    prices = {name: getattr(trade, name) for name in ("entry_price", "mark", "stop", "target")}
    restated = {name: new_price(price, split.ratio) for name, price in prices.items() if price is not None}
    shares = new_shares(trade.quantity, split.ratio, fractions=True)
    return trade.model_copy(update={**restated, "quantity": shares})
