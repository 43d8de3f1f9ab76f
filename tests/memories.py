"""Memories to keep and to find: what a test does not name has a plain value."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from tests.making import AT, DESK
from trading.costs import Costs
from trading.features import FEATURES
from trading.instruments import Side
from trading.market import Quote
from trading.memory import Course, Outcome, Remembered, Setup, memory_id
from trading.memory_ports import EMBEDDING_SIZE, NearestAsked, SearchAsked, Vector
from trading.money import ZERO
from trading.orders import Leg
from trading.sessions import Session
from trading.shadow import ShadowDecision, ShadowTrade, drafted

DAY = timedelta(days=1)
EMBEDDER = "words"
SESSION = Session(session_on=AT.date(), opens_at=AT - timedelta(hours=1), closes_at=AT + timedelta(hours=5))


def features(*numbers: float) -> Vector:
    """A setup that is nought but for its first numbers."""
    return tuple(numbers) + (0.0,) * (len(FEATURES) - len(numbers))


def pointing(place: int, other: int | None = None, part: float = 0.0) -> Vector:
    """A unit vector along one axis, turned by a part towards another."""
    vector = [0.0] * EMBEDDING_SIZE
    vector[place] = (1 - part**2) ** 0.5
    if other is not None:
        vector[other] = part
    return tuple(vector)


def thought(symbol: str = "AAPL", side: Side = Side.BUY, number: int = 1, desk: str = DESK) -> ShadowTrade:
    """The trade of one cycle as if it had been made at 100 dollars."""
    decided = ShadowDecision(
        cycle_id=f"{desk}/cycle-{number}",
        desk_id=desk,
        strategy_id="agents",
        trace_id="trace-1",
        symbol=symbol,
        side=side,
        leg=Leg.ENTRY,
        quantity=Decimal(10),
        quote=Quote(symbol=symbol, bid=Decimal(100), ask=Decimal(100), last=Decimal(100), quoted_at=AT),
        as_of=AT,
    )
    return drafted(decided, SESSION, Costs(slippage_bps=ZERO))


def remembered(
    symbol: str = "AAPL", number: int = 1, at: Vector | None = None, ended: Outcome | None = None, **more: object
) -> Remembered:
    """A memory of cycle `number`, decided so many days after the first."""
    desk, side = str(more.get("desk_id", DESK)), Side(str(more.get("side", "buy")))
    leg = Leg(str(more.get("leg", "entry")))
    fields: dict[str, object] = {
        "memory_id": memory_id(f"{desk}/cycle-{number}", symbol, leg),
        "desk_id": desk,
        "strategy_id": "agents",
        "cycle_id": f"{desk}/cycle-{number}",
        "trace_id": "trace-1",
        "symbol": symbol,
        "side": side,
        "leg": leg,
        "trigger": "scheduled",
        "price": "100",
        "allowed": "10",
        "decided": "10",
        "decided_at": AT + number * DAY,
        "course": Course.TRADED,
        "reasoning": f"{symbol} trends",
    }
    return Remembered(
        setup=Setup.model_validate(fields | more),
        features=at or features(),
        thought=thought(symbol, side, number, desk),
        outcome=ended,
    )


def outcome(pnl: str = "10", days: float = 5, **more: object) -> Outcome:
    """An end so many days after the first moment, with so many dollars."""
    fields: dict[str, object] = {
        "course": Course.TRADED,
        "return_fraction": float(pnl) / 1000,
        "sessions": 3,
        "best": 0.02,
        "worst": -0.01,
        "pnl": pnl,
        "exit_reason": "target",
        "closed_at": AT + days * DAY,
        "resolved_at": AT + days * DAY,
    }
    return Outcome.model_validate(fields | more)


def near(*numbers: float, days: float = 100, **more: object) -> NearestAsked:
    """What is nearest to a setup, by what was known so many days after the first moment."""
    fields = {"desk_id": DESK, "side": "buy", "as_of": AT + days * DAY, "features": features(*numbers)}
    return NearestAsked.model_validate(fields | more)


def meaning(embedding: Vector, days: float = 100, **more: object) -> SearchAsked:
    """What means the same, by what was known so many days after the first moment."""
    fields = {"desk_id": DESK, "as_of": AT + days * DAY, "embedding": embedding, "embedder": EMBEDDER}
    return SearchAsked.model_validate(fields | more)
