"""Memories that a test makes: who said what of a setup, and what it came to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.making import AT, CYCLE, DESK, after
from trading.agents.questions import Agent
from trading.instruments import Side
from trading.memory import Course, Outcome, Remembered, Setup, Voice, memory_id
from trading.orders import Leg
from trading.shadow import ShadowTrade

COURSES = {True: Course.TRADED, False: Course.FORGONE}


def voice(agent: Agent, confidence: float | None = None, *, quantity: str = "10", call: str = "", **more: Any) -> Voice:
    """One word for a setup, for `quantity` shares; against it when that is nought."""
    fields = {"agent": agent, "confidence": confidence, "quantity": quantity, "call_id": call or f"{agent}-call"}
    fields |= {"approves": Decimal(quantity) > 0, "model": "m-1", "prompt_version": f"{agent.lower()}-1"}
    return Voice.model_validate(fields | more)


def remembered(pnl: str | None, *voices: Voice, number: int = 1, symbol: str = "AAPL", **more: Any) -> Remembered:
    """A setup of ten shares of which these were decided, resolved with this gain or pending; a day a number."""
    cycle_id = str(more.pop("cycle_id", f"{CYCLE}{number}"))
    decided = Decimal(more.pop("decided", "10"))
    at = after(24 * 60 * number)
    setup = Setup.model_validate(
        {
            "memory_id": memory_id(cycle_id, symbol, Leg.ENTRY),
            "desk_id": DESK,
            "strategy_id": "agents",
            "cycle_id": cycle_id,
            "trace_id": "trace-1",
            "symbol": symbol,
            "side": Side.BUY,
            "leg": Leg.ENTRY,
            "trigger": "manual",
            "price": "100",
            "allowed": "10",
            "decided": decided,
            "decided_at": at,
            "course": COURSES[decided > 0],
            "voices": voices,
            **more,
        }
    )
    outcome = None if pnl is None else came_to(pnl, setup.course, number)
    return Remembered(setup=setup, features=(), thought=_thought(setup), outcome=outcome)


def came_to(pnl: str, course: Course, number: int = 1) -> Outcome:
    """What a setup of a thousand dollars came to, two days after it was decided."""
    ended = after(24 * 60 * (number + 2))
    fields = {"course": course, "return_fraction": float(pnl) / 1000, "sessions": 2, "best": 0.1, "worst": -0.1}
    fields |= {"pnl": pnl, "exit_reason": "stop", "closed_at": ended, "resolved_at": ended}
    return Outcome.model_validate(fields)


def _thought(setup: Setup) -> ShadowTrade:
    shared = set(Setup.model_fields) & set(ShadowTrade.model_fields)
    return ShadowTrade.model_validate(
        {
            **{name: getattr(setup, name) for name in shared},
            "shadow_id": f"{setup.memory_id}-thought",
            "quantity": setup.decided or setup.allowed,
            "entry_price": "100",
            "notional": "1000",
            "opened_at": setup.decided_at,
            "seen_on": AT.date(),
            "looked_at": setup.decided_at,
            "mark": "100",
        }
    )
