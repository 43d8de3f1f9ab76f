"""What the agents are told, as records: the snapshot's numbers and the books.

Numbers are rounded so that the same market asks the same question on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field

from trading.agents.envelope import enclose, mixed_scripts, plain
from trading.instruments import Side, Symbol
from trading.market import Indicators, SymbolFacts
from trading.money import Record, notional
from trading.news import News
from trading.orders import PROTECTIVE
from trading.portfolio import Portfolio, Position
from trading.proposals import Proposal
from trading.signals import Numbers, RiskAssessment, Signal

_NAME_LENGTH = 80
_REASONING_LENGTH = 1200
_HEADLINE_LENGTH = 200
_MOST_HEADLINES = 5


def steady(value: float) -> float:
    """Six significant digits and at most six decimals: what another machine's last bits cannot change."""
    return float(f"{round(value, 6):.6g}") + 0.0  # + 0.0 makes nought of -0.0


Number = Annotated[float, Field(allow_inf_nan=False), AfterValidator(steady)]
"""A rounded number: dollars a share, a fraction, a score."""
Money = Annotated[float, Field(allow_inf_nan=False)]
"""Dollars to the cent, not rounded further."""
Shares = int | float
"""Shares, an integer whenever they are whole."""


class Figures(Record):
    """One symbol's price and indicators: dollars a share, fractions (0.05 is 5 %), RSI 0 to 100, shares a day."""

    price: Number
    bid: Number
    ask: Number
    average_volume_20: int
    sma_20: Number
    sma_50: Number
    sma_200: Number
    ema_20: Number
    ema_50: Number
    ema_200: Number
    rsi_14: Number
    macd: Number
    macd_signal: Number
    macd_histogram: Number
    atr_14: Number
    bollinger_upper: Number
    bollinger_middle: Number
    bollinger_lower: Number
    volume_zscore_20: Number
    return_1d: Number
    return_5d: Number
    return_20d: Number
    return_60d: Number
    distance_from_52w_high: Number
    realised_volatility_20: Number

    @classmethod
    def of(cls, facts: SymbolFacts) -> Figures:
        """The figures of one symbol's facts."""
        indicators = {name: getattr(facts.indicators, name) for name in Indicators.model_fields}
        quote = facts.quote
        return cls(
            price=float(quote.last),
            bid=float(quote.bid),
            ask=float(quote.ask),
            average_volume_20=facts.average_volume_20,
            **indicators,
        )


class Holding(Record):
    """A position: shares (negative when short), its part of equity, its gain as a fraction of its cost."""

    symbol: Symbol
    sector: str
    shares: Shares
    weight: Number
    unrealised_return: Number

    @classmethod
    def of(cls, position: Position, equity: Decimal) -> Holding:
        """One position as a part of this equity."""
        gain = position.value - position.cost_basis
        return cls(
            symbol=position.symbol,
            sector=sector(position.sector),
            shares=_counted(position.quantity),
            weight=_ratio(position.value, equity),
            unrealised_return=_ratio(gain, abs(position.cost_basis)),
        )


class OpenOrder(Record):
    """What an order may still trade, in shares."""

    symbol: Symbol
    side: Side
    shares: Shares


class Books(Record):
    """The desk's books: dollars, positions, and open orders other than those that protect a position."""

    equity: Money
    cash: Money
    positions: tuple[Holding, ...]
    open_orders: tuple[OpenOrder, ...]

    @classmethod
    def of(cls, portfolio: Portfolio, symbol: str | None = None) -> Books:
        """The books, with the positions and orders of one symbol or of all."""
        wanted = [p for p in portfolio.positions if p.quantity and symbol in (None, p.symbol)]
        trading = [o for o in portfolio.open_orders if o.request.leg not in PROTECTIVE]
        orders = [o for o in trading if symbol in (None, o.request.symbol)]
        return cls(
            equity=float(portfolio.equity),
            cash=float(portfolio.cash),
            positions=tuple(Holding.of(p, portfolio.equity) for p in sorted(wanted, key=lambda p: p.symbol)),
            open_orders=tuple(
                sorted(
                    (
                        OpenOrder(symbol=o.request.symbol, side=o.request.side, shares=_counted(o.leaves))
                        for o in orders
                    ),
                    key=lambda order: (order.symbol, order.side, order.shares),
                )
            ),
        )


class Headline(Record):
    """A headline in its envelope, with its age in hours when the snapshot was taken."""

    text: str
    source: str
    mixed_scripts: bool
    age_hours: Number

    @classmethod
    def newest(cls, news: Iterable[News], as_of: datetime) -> tuple[Headline, ...]:
        """The five newest headlines of one symbol, nothing that was printed later than the snapshot."""
        printed = sorted((one for one in news if one.published_at <= as_of), key=lambda one: one.headline)
        printed.sort(key=lambda one: one.published_at, reverse=True)
        return tuple(
            cls(
                text=enclose(one.headline, _HEADLINE_LENGTH),
                source=enclose(one.source, _NAME_LENGTH),
                mixed_scripts=mixed_scripts([one.headline, one.source]),
                age_hours=round((as_of - one.published_at).total_seconds() / 3600, 1),
            )
            for one in printed[:_MOST_HEADLINES]
        )


class Proposed(Record):
    """A proposal as the later agents see it; the DataAgent's own words come in an envelope.

    `unsupported_numbers` are those in its words that nothing it was told bears out; `mixed_scripts` flags disguise.
    """

    symbol: Symbol
    sector: str
    side: Side
    quantity: int
    price: Number
    notional: Money
    confidence: Number
    stop: Number | None
    target: Number | None
    horizon_days: int
    reasoning: str
    unsupported_numbers: Numbers
    mixed_scripts: bool

    @classmethod
    def of(cls, proposal: Proposal) -> Proposed:
        """One proposal, at its capped quantity."""
        signal = proposal.signal
        return cls(
            symbol=signal.symbol,
            sector=sector(proposal.sector),
            side=proposal.side,
            quantity=int(proposal.quantity),
            price=float(proposal.price),
            notional=float(notional(proposal.quantity, proposal.price)),
            confidence=signal.confidence,
            stop=_dollars(signal.stop),
            target=_dollars(signal.target),
            horizon_days=signal.horizon_days,
            reasoning=words(signal),
            unsupported_numbers=signal.uncited,
            mixed_scripts=mixed_scripts([signal.reasoning]),
        )


class Assessed(Record):
    """The RiskManager's word on a proposal, in whole shares; its own text comes in envelopes."""

    approved_quantity: int
    risk_score: Number
    concerns: tuple[str, ...]
    unsupported_numbers: Numbers
    mixed_scripts: bool

    @classmethod
    def of(cls, assessment: RiskAssessment) -> Assessed:
        """The word of one assessment."""
        return cls(
            approved_quantity=int(assessment.adjusted_quantity),
            risk_score=assessment.risk_score,
            concerns=enclosed(assessment.concerns),
            unsupported_numbers=assessment.uncited,
            mixed_scripts=mixed_scripts(assessment.concerns),
        )


def name(facts: SymbolFacts) -> str:
    """A company's name, in its envelope."""
    return enclose(facts.instrument.name, _NAME_LENGTH)


def sector(text: str) -> str:
    """A sector's name; it comes from a provider, so it is cleaned like all text from outside."""
    return plain(text, 40).translate({ord("<"): None, ord(">"): None})


def words(signal: Signal) -> str:
    """The DataAgent's reasoning, in its envelope."""
    return enclose(signal.reasoning, _REASONING_LENGTH)


def enclosed(lines: Iterable[str]) -> tuple[str, ...]:
    """Another agent's remarks, each in its envelope."""
    return tuple(enclose(line, 400) for line in lines)


def _ratio(part: Decimal, whole: Decimal) -> float:
    return float(part / whole) if whole > 0 else 0.0


def _counted(shares: Decimal) -> Shares:
    return int(shares) if shares == int(shares) else float(shares)


def _dollars(price: Decimal | None) -> float | None:
    return None if price is None else float(price)
