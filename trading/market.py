"""Prices as the desk saw them: quotes, daily bars, and the snapshot that a whole cycle reasons from."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field, model_validator

from trading.fundamentals import EarningsOn, Fundamentals
from trading.instruments import Instrument, Symbol
from trading.money import Price, Ratio, Record
from trading.news import News

MOST_PRICE, PRICE_STEP = Decimal("1e7"), Decimal("0.000001")
"""Dollars a share that a `Price` can hold, and how finely."""


class Adjustment(StrEnum):
    """How past prices were restated: not at all, for splits, or for splits and dividends."""

    RAW = "raw"
    SPLIT = "split"
    ALL = "all"


class Quote(Record):
    """The best known prices of one symbol. `last` is the last trade or close; sizes are left out on purpose."""

    symbol: Symbol
    bid: Price
    ask: Price
    last: Price
    quoted_at: AwareDatetime

    @model_validator(mode="after")
    def _uncrossed(self) -> Quote:
        if self.bid > self.ask:
            message = f"{self.symbol}: bid {self.bid} over ask {self.ask}"
            raise ValueError(message)
        return self

    @property
    def mark(self) -> Decimal:
        """The price that positions are valued at: the last trade."""
        return self.last


class Bar(Record):
    """One exchange session of one symbol: dollars a share, shares."""

    session_on: date
    open: Price
    high: Price
    low: Price
    close: Price
    volume: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _ordered(self) -> Bar:
        if not self.low <= min(self.open, self.close) <= max(self.open, self.close) <= self.high:
            message = f"{self.session_on}: prices out of order"
            raise ValueError(message)
        return self


class Indicators(Record):
    """The numbers an agent may cite, computed from daily bars up to the snapshot's time.

    Prices and ranges in dollars a share; returns, volatility and distances are fractions (0.05 is 5 %); `rsi_14` 0 to
    100.
    """

    sma_20: Ratio
    sma_50: Ratio
    sma_200: Ratio
    ema_20: Ratio
    ema_50: Ratio
    ema_200: Ratio
    rsi_14: Ratio
    macd: Ratio
    macd_signal: Ratio
    macd_histogram: Ratio
    atr_14: Ratio
    bollinger_upper: Ratio
    bollinger_middle: Ratio
    bollinger_lower: Ratio
    volume_zscore_20: Ratio
    return_1d: Ratio
    return_5d: Ratio
    return_20d: Ratio
    return_60d: Ratio
    distance_from_52w_high: Ratio
    realised_volatility_20: Ratio


class History(Record):
    """Daily bars in columns of one length, oldest first: dollars a share, shares. The newest is of `session_on[-1]`."""

    session_on: tuple[date, ...]
    open: tuple[Ratio, ...]
    high: tuple[Ratio, ...]
    low: tuple[Ratio, ...]
    close: tuple[Ratio, ...]
    volume: tuple[Ratio, ...]


class SymbolFacts(Record):
    """All that the desk knows of one symbol at the snapshot's time; `history` only where a rule asked for it."""

    instrument: Instrument
    quote: Quote
    indicators: Indicators
    bars: Annotated[int, Field(ge=1)]
    last_session_on: date
    average_volume_20: Annotated[int, Field(ge=0)]
    # Left out while empty, so that a snapshot without them keeps its hash.
    news: tuple[News, ...] = Field(default=(), exclude_if=lambda news: not news)
    fundamentals: Fundamentals | None = Field(default=None, exclude_if=lambda told: told is None)
    earnings_on: EarningsOn | None = Field(default=None, exclude_if=lambda told: told is None)
    history: History | None = Field(default=None, exclude_if=lambda history: history is None)


class Dropped(Record):
    """A symbol left out of a snapshot, with a short code (`stale`, `crossed`, `not_positive`, …) and a sentence."""

    symbol: Symbol
    code: str
    reason: str


class Snapshot(Record):
    """Everything one cycle may reason from: one provider, one adjustment, nothing later than `as_of`.

    `fallback` says why it is not what was wished for (the first provider failed, a check could not be made); empty
    when it is.
    """

    provider: str
    adjustment: Adjustment
    as_of: AwareDatetime
    taken_at: AwareDatetime
    symbols: tuple[SymbolFacts, ...]
    dropped: tuple[Dropped, ...] = ()
    synthetic: bool = False
    fallback: str = ""

    @model_validator(mode="after")
    def _nothing_from_the_future(self) -> Snapshot:
        late = [facts.quote.symbol for facts in self.symbols if facts.quote.quoted_at > self.as_of]
        if late:
            message = f"quotes after {self.as_of.isoformat()}: {', '.join(late)}"
            raise ValueError(message)
        return self

    @property
    def snapshot_id(self) -> str:
        """The hash of what was seen, not of when or why there; the same market gives the same id."""
        seen = self.model_dump_json(exclude={"taken_at", "fallback"})
        return hashlib.sha256(seen.encode()).hexdigest()[:32]

    def facts(self, symbol: str) -> SymbolFacts:
        """The facts of one symbol; KeyError when it was dropped or never asked."""
        for facts in self.symbols:
            if facts.instrument.symbol == symbol:
                return facts
        raise KeyError(symbol)


class PricedSymbol(Record):
    """What the pipeline itself needs of one symbol: where it belongs and what it costs."""

    instrument: Instrument
    quote: Quote


class SnapshotSummary(Record):
    """A snapshot by its id; the small part of it that fits in a workflow's history."""

    snapshot_id: str
    provider: str
    adjustment: Adjustment
    as_of: AwareDatetime
    symbols: tuple[PricedSymbol, ...]
    dropped: tuple[Dropped, ...] = ()
    synthetic: bool = False
    fallback: str = ""

    @classmethod
    def of(cls, snapshot: Snapshot) -> SnapshotSummary:
        """Summarise a snapshot."""
        return cls(
            snapshot_id=snapshot.snapshot_id,
            provider=snapshot.provider,
            adjustment=snapshot.adjustment,
            as_of=snapshot.as_of,
            symbols=tuple(PricedSymbol(instrument=f.instrument, quote=f.quote) for f in snapshot.symbols),
            dropped=snapshot.dropped,
            synthetic=snapshot.synthetic,
            fallback=snapshot.fallback,
        )


def distrust(quote: Quote, *, as_of: datetime, max_age: timedelta) -> Dropped | None:
    """Say why a quote must not be traded on, or None. A `Quote` is already positive, finite and uncrossed."""
    if quote.quoted_at > as_of:
        return Dropped(symbol=quote.symbol, code="future", reason=f"quoted at {quote.quoted_at.isoformat()}, after now")
    age = as_of - quote.quoted_at
    if age > max_age:
        return Dropped(
            symbol=quote.symbol,
            code="stale",
            reason=f"the quote is {age.total_seconds():.0f} s old, at most {max_age.total_seconds():.0f} s is allowed",
        )
    return None


def read_quote(symbol: str, prices: tuple[Decimal, Decimal, Decimal], quoted_at: datetime) -> Quote | Dropped:
    """Read (bid, ask, last) as a provider gave them; what nobody should trade on comes back as `Dropped`."""
    bid, ask, last = prices
    if not all(price.is_finite() and price > 0 for price in prices):
        return Dropped(symbol=symbol, code="not_positive", reason=f"bid {bid}, ask {ask}, last {last}")
    if any(price > MOST_PRICE or price % PRICE_STEP for price in prices):
        return Dropped(symbol=symbol, code="absurd", reason=f"bid {bid}, ask {ask}, last {last}")
    if bid > ask:
        return Dropped(symbol=symbol, code="crossed", reason=f"bid {bid} over ask {ask}")
    return Quote(symbol=symbol, bid=bid, ask=ask, last=last, quoted_at=quoted_at)
