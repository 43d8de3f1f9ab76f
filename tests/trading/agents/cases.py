"""Small true-looking inputs for the agents: one symbol's facts, a snapshot, a proposal, the books."""

from datetime import UTC, date, datetime
from decimal import Decimal

from adapters.prompts import read_prompts
from trading.agents.questions import Asking
from trading.instruments import Instrument, Side
from trading.market import Adjustment, Indicators, Quote, Snapshot, SymbolFacts
from trading.orders import Leg
from trading.portfolio import Portfolio, Position
from trading.proposals import Candidate, Proposal
from trading.signals import Action, RiskAssessment, Signal, Validation

AT = datetime(2017, 11, 10, 21, tzinfo=UTC)
ASK = Asking(model="rules-1")
PROMPTS = read_prompts()

RISING = {
    "sma_20": 98.0,
    "sma_50": 95.0,
    "sma_200": 88.0,
    "ema_20": 98.0,
    "ema_50": 95.5,
    "ema_200": 89.0,
    "rsi_14": 62.0,
    "macd": 1.2,
    "macd_signal": 1.0,
    "macd_histogram": 0.2,
    "atr_14": 1.5,
    "bollinger_upper": 102.0,
    "bollinger_middle": 98.0,
    "bollinger_lower": 94.0,
    "volume_zscore_20": 0.3,
    "return_1d": 0.004,
    "return_5d": 0.012,
    "return_20d": 0.03,
    "return_60d": 0.09,
    "distance_from_52w_high": -0.02,
    "realised_volatility_20": 0.18,
}
FALLING = {
    **RISING,
    "sma_20": 103.0,
    "sma_50": 108.0,
    "sma_200": 115.0,
    "ema_20": 103.0,
    "ema_50": 107.0,
    "rsi_14": 38.0,
    "macd_histogram": -0.3,
    "bollinger_upper": 110.0,
    "bollinger_middle": 103.0,
    "bollinger_lower": 96.0,
    "return_20d": -0.05,
    "return_60d": -0.12,
    "distance_from_52w_high": -0.25,
}


def facts(symbol: str = "AAPL", /, **numbers: float) -> SymbolFacts:
    """A symbol at 100 dollars in a calm up-trend, unless told otherwise."""
    price = Decimal(100)
    return SymbolFacts(
        instrument=Instrument(symbol=symbol, name="Apple Inc.", sector="Technology"),
        quote=Quote(symbol=symbol, bid=price, ask=price, last=price, quoted_at=AT),
        indicators=Indicators(**{**RISING, **numbers}),
        bars=300,
        last_session_on=date(2017, 11, 10),
        average_volume_20=2_000_000,
    )


def snapshot(*symbols: SymbolFacts) -> Snapshot:
    """These symbols, seen at one moment."""
    return Snapshot(provider="file", adjustment=Adjustment.ALL, as_of=AT, taken_at=AT, symbols=symbols)


def books(*positions: Position, cash: str = "100000") -> Portfolio:
    """Books with these positions."""
    return Portfolio(desk_id="desk", cash=Decimal(cash), positions=positions)


def holding(symbol: str = "AAPL", shares: int = 50, sector: str = "Technology") -> Position:
    """Shares bought at 90 dollars and worth 100."""
    return Position(
        symbol=symbol, quantity=Decimal(shares), cost_basis=Decimal(90 * shares), mark=Decimal(100), sector=sector
    )


def signal(symbol: str = "AAPL", **changes: object) -> Signal:
    """A buy of a tenth of equity."""
    said: dict[str, object] = {
        "symbol": symbol,
        "action": Action.BUY,
        "confidence": 0.7,
        "weight": Decimal("0.1"),
        "stop": Decimal(97),
        "target": Decimal("104.5"),
        "reasoning": "price 100.00 above SMA200 88.00",
    }
    return Signal.model_validate({**said, **changes})


def proposal(symbol: str = "AAPL", *, sector: str = "Technology", **changes: object) -> Proposal:
    """The order of 100 shares that a signal would become."""
    return Proposal(
        signal=signal(symbol, **changes), side=Side.BUY, quantity=Decimal(100), price=Decimal(100), sector=sector
    )


def sale(symbol: str = "AAPL") -> Proposal:
    """A sale of 50 shares held."""
    sold = signal(symbol, action=Action.SELL, weight=None, quantity=Decimal(50), stop=None, target=None)
    return Proposal(
        signal=sold, side=Side.SELL, leg=Leg.EXIT, quantity=Decimal(50), price=Decimal(100), sector="Technology"
    )


def assessment(symbol: str = "AAPL", quantity: int = 100, risk_score: float = 0.2) -> RiskAssessment:
    """An approval."""
    return RiskAssessment(
        symbol=symbol, approved=True, adjusted_quantity=Decimal(quantity), risk_score=risk_score, concerns=("Late.",)
    )


def candidate(
    symbol: str = "AAPL", *, confidence: float = 0.7, quantity: int = 100, risk_score: float = 0.2
) -> Candidate:
    """A proposal that everybody let pass."""
    return Candidate(
        proposal=proposal(symbol, confidence=confidence),
        assessment=assessment(symbol, quantity, risk_score),
        validation=Validation(symbol=symbol, approved=True, confidence=confidence, patterns=("uptrend",)),
    )
