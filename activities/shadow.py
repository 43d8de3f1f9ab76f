"""What a halted desk would have done: its decisions kept as shadow trades, and those scored by the prices since."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import numpy as np
from temporalio import activity

from activities.market import MAX_AGE_CLOSED, SESSIONS
from trading.bars import Bars
from trading.costs import Costs
from trading.errors import UnknownSymbol
from trading.market import Bar
from trading.ports import Calendar, Ledger, Market
from trading.shadow import ShadowDecision, ShadowTrade, drafted
from trading.shadow_scoring import Seen, ShadowLook
from trading.snapshots import assemble, last_completed
from trading.steps import ScoringAsked

_DIGITS = 6  # of a `Price`


class ShadowActivities:
    """Nothing here knows a broker: what is decided in shadow has no way to one."""

    def __init__(self, ledger: Ledger, market: Market, calendar: Calendar, costs: Costs) -> None:
        self._ledger = ledger
        self._market = market
        self._calendar = calendar
        self._costs = costs

    @activity.defn
    async def decide_in_shadow(self, decided: ShadowDecision) -> tuple[ShadowTrade, ...]:
        """Keep a decision of a shadow cycle as what it would have done.

        Repeat: what the decision left in the books is the answer.
        """
        draft = drafted(decided, self._calendar.last_session(decided.as_of), self._costs)
        return await self._ledger.decide_in_shadow(
            draft, self._costs, decided.trace_id, only_thinks=decided.only_thinks
        )

    @activity.defn
    async def score_shadow(self, asked: ScoringAsked) -> tuple[ShadowTrade, ...]:
        """Score a desk's open shadow trades by every price since the last look; those that are still open then.

        Repeat: the same prices change nothing a second time, and a trade ends once.
        """
        trades = await self._ledger.shadow_trades(asked.desk_id)
        if not trades:
            return ()
        oldest: dict[str, date] = {}
        for trade in trades:
            oldest[trade.symbol] = min(trade.seen_on, oldest.get(trade.symbol, trade.seen_on))
        seen = await self._see(oldest, asked.as_of)
        known = asked.model_dump(include={"desk_id", "as_of", "trace_id", "real_money"})
        look = ShadowLook(seen=seen, **known)
        return await self._ledger.score_shadow(look, self._costs)

    async def _see(self, since: dict[str, date], as_of: datetime) -> tuple[Seen, ...]:
        """What the market says of each symbol after a day; what cannot be trusted is not seen."""
        symbols = sorted(since)
        try:
            reading = await self._market.look(symbols, as_of, SESSIONS)
        except UnknownSymbol:
            symbols = [symbol for symbol in symbols if await self._knows(symbol)]
            reading = await self._market.look(symbols, as_of, SESSIONS)
        completed_on = last_completed(self._calendar, as_of).session_on
        snapshot = assemble(reading, symbols, completed_on=completed_on, max_quote_age=MAX_AGE_CLOSED)
        seen: list[Seen] = []
        for facts in snapshot.symbols:
            symbol = facts.instrument.symbol
            bars = reading.bars[symbol]
            newer = _after(bars, since[symbol]) if isinstance(bars, Bars) else ()
            splits = tuple(reading.actions.get(symbol, ()))
            seen.append(Seen(symbol=symbol, bars=newer, quote=facts.quote, splits=splits))
        return tuple(seen)

    async def _knows(self, symbol: str) -> bool:
        """Whether the market still lists it."""
        try:
            await self._market.instruments([symbol])
        except UnknownSymbol:
            return False
        return True


def _after(bars: Bars, day: date) -> tuple[Bar, ...]:
    """The bars of sessions after a day, oldest first."""
    first = int(np.searchsorted(bars.session_on, np.datetime64(day, "D"), side="right"))
    return tuple(_bar(bars, number) for number in range(first, len(bars)))


def _bar(bars: Bars, number: int) -> Bar:
    prices = {name: _price(getattr(bars, name)[number]) for name in ("open", "high", "low", "close")}
    return Bar(session_on=bars.session_on[number].astype(date), volume=int(bars.volume[number]), **prices)


def _price(value: np.float64) -> Decimal:
    return Decimal(repr(round(float(value), _DIGITS)))
