"""The invariants of trading states: who may intend what, and that each breaker is what the log last said of it."""

from __future__ import annotations

from collections.abc import Iterable

from trading.books import Books, Finding
from trading.breaker import CircuitBreaker, TradingState
from trading.breaker_events import standing_of, strategy_standing_of
from trading.events import EventType
from trading.limits import Part, part_of
from trading.orders import Leg


def nothing_after_halt(books: Books) -> Iterable[Finding]:
    """I8: while halted nothing is intended, while reducing nothing is opened; so it is of each strategy, too."""
    state = TradingState.ACTIVE
    states: dict[str, TradingState] = {}
    for stored in books.events:
        event, data = stored.event, stored.event.data
        told = strategy_standing_of(event)
        if told is not None:
            states[told[0]] = TradingState.ACTIVE if told[1] is None else TradingState(str(data["state"]))
        elif event.type is EventType.TRADING_STATE_CHANGED:
            state = TradingState(str(data["state"]))
        elif event.type is EventType.ORDER_INTENDED:
            opening = part_of(Leg(str(data["leg"]))) is Part.ENTRY
            for one in (state, states.get(str(data.get("strategy_id")), TradingState.ACTIVE)):
                if one is TradingState.HALTED or (one is TradingState.REDUCING and opening):
                    yield Finding(invariant="I8", about=str(data["client_order_id"]), found=f"intended while {one}")


def breakers_follow_from_events(books: Books) -> Iterable[Finding]:
    """I6: what holds the desk and each of its strategies is what the log last said of it."""
    told = [standing for stored in books.events if (standing := standing_of(stored.event)) is not None]
    if told and told[-1] != books.breaker.standing:
        yield Finding(invariant="I6", about="breaker", found="the books say something else than the log")
    said: dict[str, object] = {}
    for stored in books.events:
        one = strategy_standing_of(stored.event)
        if one is not None:
            said[one[0]] = one[1]
    for own in books.strategy_breakers:
        if own.breaker.standing != (said.get(own.strategy_id) or CircuitBreaker().standing):
            found = "the books say something else than the log"
            yield Finding(invariant="I6", about=f"breaker of {own.strategy_id}", found=found)
