"""What the symbols of a session are held against: the close before it, and what companies did since."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, TypeVar

import structlog

from trading.bars import Bars
from trading.corporate_actions import ActionKind, CorporateAction
from trading.errors import MarketRefused, UnknownSymbol
from trading.ports import Calendar, Market
from trading.price_watch import Watched, readings
from trading.sessions import Session
from trading.snapshots import last_completed

SESSIONS = 20
"""Daily bars whose average volume a busy day is held against."""
OTHER_SHARES = frozenset({ActionKind.SPLIT, ActionKind.SPIN_OFF, ActionKind.RENAME})
Found = TypeVar("Found")

log = structlog.get_logger()


class Closes(NamedTuple):
    """Symbols as their session begins, and the actions since the close after which a share is another."""

    watched: Mapping[str, Watched]
    other_shares: tuple[CorporateAction, ...]


class Opening:
    """Asks one market what was before a session."""

    def __init__(self, market: Market, calendar: Calendar) -> None:
        self._market = market
        self._calendar = calendar

    async def of(self, symbols: Sequence[str], session: Session, now: datetime) -> Closes:
        """Every symbol with its references. Raises MarketUnavailable: without the list a split would be a move.

        A list that is refused is none for good: then the first price of the session is the reference.
        """
        before = last_completed(self._calendar, session.opens_at)
        bars = await sound(lambda some: self._market.bars(some, session.opens_at, SESSIONS), symbols)
        try:
            listed = await sound(lambda some: self._market.actions(some, before.closes_at, now), symbols)
        except MarketRefused as refusal:
            log.warning("no corporate actions: the first price of the session is the reference", reason=str(refusal))
            return Closes({symbol: _watched(None, (), session) for symbol in symbols}, ())
        since = {s: _since(listed.get(s, ()), before, session) for s in symbols}
        watched = {}
        for symbol in symbols:
            known = _sound(bars.get(symbol), before)
            close = None if known is None else Decimal(repr(round(float(known.close[-1]), 6)))
            on = {"closed_on": before.session_on, "on": session.session_on}
            watched[symbol] = _watched(known, () if close is None else readings(close, since[symbol], **on), session)
        return Closes(watched, tuple(one for each in since.values() for one in each if one.kind in OTHER_SHARES))


async def sound(
    ask: Callable[[Sequence[str]], Awaitable[Mapping[str, Found]]], symbols: Sequence[str]
) -> Mapping[str, Found]:
    """What a market answers about these symbols; one that it does not have costs that symbol alone."""
    if not symbols:
        return {}
    try:
        return await ask(symbols)
    except UnknownSymbol:
        if len(symbols) == 1:
            return {}
        half = len(symbols) // 2
        return {**await sound(ask, symbols[:half]), **await sound(ask, symbols[half:])}


def _since(actions: Sequence[CorporateAction], before: Session, session: Session) -> tuple[CorporateAction, ...]:
    return tuple(one for one in actions if before.session_on < one.ex_on <= session.session_on)


def _sound(bars: object, before: Session) -> Bars | None:
    """Bars that end with the session before, None of any other."""
    if not isinstance(bars, Bars) or not len(bars) or bars.defect() is not None:
        return None
    return bars if bars.last_session_on == before.session_on else None


def _watched(bars: Bars | None, closes: tuple[Decimal, ...], session: Session) -> Watched:
    average = None if bars is None else Decimal(round(float(bars.volume.mean())))
    return Watched(closes=closes, heard_until=session.opens_at, average_volume=average)
