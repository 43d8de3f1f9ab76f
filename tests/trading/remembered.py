"""Memories for tests: a setup with whatever is said of it, and what came of it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.making import AT, DESK, TRACE
from trading.features import FEATURES
from trading.instruments import Side
from trading.memory import Course, Outcome, Recalled, Remembered, Setup
from trading.orders import Leg
from trading.shadow import ShadowTrade

COUNT = len(FEATURES)


def setup(name: str = "m-1", **changes: Any) -> Setup:
    """A buy of 100 AAPL at 100.00, with a stop and a target, that was sent."""
    known: dict[str, Any] = {
        "memory_id": name,
        "desk_id": DESK,
        "strategy_id": "agents",
        "cycle_id": f"cycle-{name}",
        "trace_id": TRACE,
        "symbol": "AAPL",
        "side": Side.BUY,
        "leg": Leg.ENTRY,
        "trigger": "manual",
        "price": Decimal(100),
        "allowed": Decimal(100),
        "decided": Decimal(100),
        "stop": Decimal(95),
        "target": Decimal(110),
        "decided_at": AT,
        "course": Course.TRADED,
        "order_id": f"cycle-{name}-AAPL-buy-entry",
        "reasoning": "It rises.",
    }
    return Setup.model_validate({**known, **changes})


def thought(of: Setup, **changes: Any) -> ShadowTrade:
    """Its trade as if it had been made, at its price and without costs."""
    shared = {name: getattr(of, name) for name in set(Setup.model_fields) & set(ShadowTrade.model_fields)}
    known: dict[str, Any] = {
        **shared,
        "shadow_id": f"{of.cycle_id}-{of.symbol}-shadow",
        "quantity": of.decided or of.allowed,
        "entry_price": of.price,
        "notional": (of.decided or of.allowed) * of.price,
        "opened_at": of.decided_at,
        "seen_on": of.decided_at.date(),
        "looked_at": of.decided_at,
        "mark": of.price,
    }
    return ShadowTrade.model_validate({**known, **changes})


def memory(name: str = "m-1", features: tuple[float, ...] = (0.0,) * COUNT, **changes: Any) -> Remembered:
    """A pending memory."""
    of = setup(name, **changes)
    return Remembered(setup=of, features=features, thought=thought(of))


def outcome(days: float = 5, made: float = -0.05, **changes: Any) -> Outcome:
    """What it came to, so many days after the usual moment."""
    at = AT + timedelta(days=days)
    known: dict[str, Any] = {
        "course": Course.TRADED,
        "return_fraction": made,
        "sessions": 3,
        "best": max(made, 0.0),
        "worst": min(made, 0.0),
        "pnl": Decimal(round(made * 10_000)),
        "exit_reason": "stop",
        "closed_at": at,
        "resolved_at": at,
    }
    return Outcome.model_validate({**known, **changes})


def recalled(name: str, distance: float, made: float = -0.05, **changes: Any) -> Recalled:
    """A resolved memory as it is told; each of another day and, by name, another symbol."""
    known: dict[str, Any] = {
        "memory_id": name,
        "symbol": "AAPL",
        "side": Side.BUY,
        "distance": distance,
        "decided_at": AT,
        "resolved_at": AT + timedelta(days=5),
        "course": Course.TRADED,
        "return_fraction": made,
        "sessions": 3,
        "exit_reason": "stop",
    }
    return Recalled.model_validate({**known, **changes})
