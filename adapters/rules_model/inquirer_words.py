"""What a question means, by plain rules: what is asked for, of which symbol, cycle or limit, and of which time.

| a question that | is about |
|---|---|
| begins with a verb that does something: buy, sell, halt, resume, set, delete … | `act`: refused |
| names another desk | `elsewhere`: refused |
| says similar, remember, memory, setup, seen before | `similar` |
| names a limit | `limit` |
| says cost, spend, spent, dollars, tokens, expensive | `cost` |
| says slow, latency, takes longest | `slow` |
| says worst or best, biggest loss or gain | `trades` |
| says why, and names a symbol; or names one and says buy, sell, trade | `symbol` |
| says halt, stopped, breaker, reducing, not trading | `halt` |
| names a cycle, or asks what happened | `cycle` |
| says hold, portfolio, position, cash, equity, worth | `portfolio` |
| says anything else | `unknown` |

The first line that fits counts. Days are the desk's: today, yesterday, names of weekdays (the newest that is over, or
today), ISO dates, this or last week, this or last month. A time of day (15:30) belongs to that day.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from trading.limits import Limit

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_VERBS = (
    r"(?:buy|sell|short|purchase|trade|order|liquidate|flatten|halt|resume|restart|cancel|approve|reject|set|change|"
    r"raise|lower|increase|decrease|disable|enable|delete|drop|update|insert|truncate|alter|send|transfer|withdraw|"
    r"deposit|allocate|promote|demote|execute|forget|ignore)\b"
)
_ACTS = re.compile(
    rf"(?:^|\b(?:then|and|please|now|you|to)\s+)(?:(?:please|just|now|go|ahead|and|to)\s+){{0,4}}{_VERBS}"
)
_BOTH = re.compile(rf"\b{_VERBS}(?:\s+[^\s?.!;:]+){{0,2}}\s+(?:and|or)\s+(?={_VERBS})")
"""Of a question with two verbs, as "what did we buy and sell?", the first: the second does not ask for anything."""
_ASKS = re.compile(r"^(?:why|what|which|when|who|how|did|do|does|is|are|was|were|show|tell|explain|list|has|have)\b")
_DESK = re.compile(
    r"\b(?:on|of|for|in|at|from)\s+(?:the\s+)?(?:desk\s+[\"']?([a-z0-9][a-z0-9-]*)|([a-z0-9-]+)\s+desk\b)"
)
_OURS = {"this", "our", "the", "my", "your", "that", "trading", "whole"}
_CYCLE = re.compile(r"\b([A-Za-z0-9][A-Za-z0-9._:/-]*-\d[A-Za-z0-9._:/-]*)")
_TICKER = re.compile(r"(?<![\w$])\$?([A-Z]{1,5}(?:[.-][A-Z])?)(?![\w])")
_NO_TICKER = {"I", "A", "WHY", "USD", "RSI", "MACD", "SQL", "LLM", "API", "ETF", "UTC", "ID", "CEO", "WE", "NOT", "DID"}
_NO_TICKER |= {"FROM", "WHERE", "TABLE", "DROP", "JOIN", "LIMIT", "WITH", "WHEN", "WHO", "HOW", "IS", "OF", "TO", "MY"}
_NO_TICKER |= {"BUY", "SELL", "THE", "WHAT", "OK", "OR", "AND", "ON", "IN", "DO", "IT", "US", "ATR", "PNL"}
_SMALL_TICKER = re.compile(
    r"\b(?:buy|bought|sell|sold|trade|traded|hold|held|order|ordered|own|about|in)\s+\$?([a-z]{2,5})\b"
)
_NO_SMALL = {"we", "it", "the", "any", "a", "at", "on", "more", "less", "this", "that", "not", "of", "to", "no", "all"}
_NO_SMALL |= {"cycle", "today", "last", "what", "which", "and", "my", "our", "much", "them", "these", "for", "cash"}
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_CLOCK = re.compile(r"\b([01]?\d|2[0-3]):([0-5]\d)\b")


class Intent(StrEnum):
    """What a question asks for."""

    ACT = "act"
    ELSEWHERE = "elsewhere"
    SIMILAR = "similar"
    LIMIT = "limit"
    COST = "cost"
    SLOW = "slow"
    TRADES = "trades"
    SYMBOL = "symbol"
    HALT = "halt"
    CYCLE = "cycle"
    PORTFOLIO = "portfolio"
    UNKNOWN = "unknown"


_SAYS = (
    (Intent.SIMILAR, re.compile(r"\bsimilar|\bremember|\bmemor(?:y|ies)\b|\bsetups?\b|\bseen (?:this )?before")),
    (Intent.LIMIT, re.compile(r"\blimits?\b")),
    (Intent.COST, re.compile(r"\bcosts?\b|\bspen[dt]\b|\bspending\b|\btokens?\b|\bexpensive\b|\bdollars\b")),
    (Intent.SLOW, re.compile(r"\bslow|\blatenc|\blongest\b|\bfastest\b")),
    (Intent.TRADES, re.compile(r"\b(?:worst|best)\b|\b(?:biggest|largest|greatest) (?:loss|gain|win|trade)")),
    (Intent.SYMBOL, re.compile(r"\bwhy\b|\bbuy|\bbought\b|\bsell|\bsold\b|\btraded?\b|\bdecid|\bhappened\b")),
    (Intent.HALT, re.compile(r"\bhalt|\bstop(?:s|ped)?\b|\bbreakers?\b|\breduc|\bnot trading\b|\btrading state\b")),
    (Intent.CYCLE, re.compile(r"\bcycles?\b|\bscans?\b|\bhappened\b|\bhappens\b|\bgo(?:ing)? on\b")),
    (Intent.PORTFOLIO, re.compile(r"\bhold|\bheld\b|\bportfolio|\bpositions?\b|\bown\b|\bcash\b|\bequity\b|\bworth\b")),
)


class Trade(StrEnum):
    """What was done, or was not."""

    BUY = "buy"
    SELL = "sell"


class Meant(NamedTuple):
    """What a question means. Times are by UTC; `since` and `until` are None where none are said.

    `trade` is what it asks about, None where it names both or neither; `negated` whether why it was not done.
    """

    intent: Intent
    symbol: str | None = None
    cycle_id: str | None = None
    limit: Limit | None = None
    since: datetime | None = None
    until: datetime | None = None
    when: str = ""
    at: datetime | None = None
    best: bool = False
    trade: Trade | None = None
    negated: bool = False


_TRADES = {
    Trade.BUY: re.compile(r"\b(?:buy|bought|buying|enter(?:ed)?)\b"),
    Trade.SELL: re.compile(r"\b(?:sell|sold|selling|clos(?:e|ed)|exit(?:ed)?)\b"),
}
_NOT = re.compile(r"\bnot\b|n['\u2019]t\b|\bnever\b")


class _Spell(NamedTuple):
    first: date
    last: date
    words: str


def meant(question: str, desk: str, now: datetime, zone: ZoneInfo) -> Meant:
    """What a question means, now, at this desk."""
    low = question.lower()
    symbol, limit, cycle = _symbol(question), _limit(low), _cycle(question)
    spell = _spell(low, now.astimezone(zone).date())
    since = until = at = None
    if spell is not None:
        since = datetime.combine(spell.first, time(), zone).astimezone(UTC)
        until = datetime.combine(spell.last + timedelta(days=1), time(), zone).astimezone(UTC) - timedelta(seconds=1)
    if (said := _CLOCK.search(low)) is not None:
        day = spell.last if spell else now.astimezone(zone).date()
        at = datetime.combine(day, time(int(said[1]), int(said[2])), zone).astimezone(UTC)
    return Meant(
        intent=_intent(low, desk, symbol=symbol, limit=limit, cycle=cycle),
        symbol=symbol,
        cycle_id=cycle,
        limit=limit,
        since=since,
        until=until,
        when=spell.words if spell else "",
        at=at or (min(until, now) if until else None),
        best="best" in low or "gain" in low or "win" in low,
        trade=_trade(low),
        negated=_NOT.search(low) is not None,
    )


def _intent(low: str, desk: str, *, symbol: str | None, limit: Limit | None, cycle: str | None) -> Intent:
    asks = _ASKS.match(low) is not None
    acts = _BOTH.sub(" ", low) if asks else low
    if _ACTS.search(acts) and not (asks and not re.search(r"\b(?:then|and|please)\s+\w", acts)):
        return Intent.ACT
    if _other_desk(low, desk):
        return Intent.ELSEWHERE
    if limit is not None:
        return Intent.LIMIT
    for intent, pattern in _SAYS:
        if pattern.search(low) and not (intent is Intent.SYMBOL and symbol is None):
            return Intent.CYCLE if intent is Intent.SYMBOL and cycle is not None else intent
    return Intent.SYMBOL if symbol is not None else Intent.CYCLE if cycle is not None else Intent.UNKNOWN


def _trade(low: str) -> Trade | None:
    named = [trade for trade, pattern in _TRADES.items() if pattern.search(low)]
    return named[0] if len(named) == 1 else None


def _other_desk(low: str, desk: str) -> bool:
    named = {name for found in _DESK.finditer(low) for name in found.groups() if name}
    return bool(named - _OURS - {desk}) or "another desk" in low or "other desk" in low


def _symbol(question: str) -> str | None:
    found = [one for one in _TICKER.findall(question) if one not in _NO_TICKER]
    if found:
        return str(found[0])
    small = [one for one in _SMALL_TICKER.findall(question.lower()) if one not in _NO_SMALL and one not in _DAYS]
    return small[0].upper() if small else None


def _limit(low: str) -> Limit | None:
    """The limit that is named as events name it; short names that are plain words count only beside the word limit."""
    named = [one for one in Limit if re.search(rf"\b{re.escape(one.value)}\b", low)]
    named += [one for one in Limit if "_" in one.value and one.value.replace("_", " ") in low]
    sure = [one for one in named if "_" in one.value or "limit" in low]
    return max(sure, key=lambda one: len(one.value)) if sure else None


def _cycle(question: str) -> str | None:
    if "cycle" not in question.lower() and "/" not in question:
        return None
    found = [one.rstrip(".:/-") for one in _CYCLE.findall(question) if not _ISO.fullmatch(one.rstrip(".:/-"))]
    return str(found[0])[:160] if found else None


def _spell(low: str, today: date) -> _Spell | None:
    monday, first = today - timedelta(days=today.weekday()), today.replace(day=1)
    before = first - timedelta(days=1)
    named: dict[str, tuple[date, date]] = {
        "today": (today, today),
        "yesterday": (today - timedelta(days=1), today - timedelta(days=1)),
        "this week": (monday, today),
        "last week": (monday - timedelta(days=7), monday - timedelta(days=1)),
        "this month": (first, today),
        "last month": (before.replace(day=1), before),
    }
    if (day := _iso(low)) is not None:
        return _Spell(day, day, f"on {day}")
    for words, (start, end) in named.items():
        if re.search(rf"\b{words}\b", low):
            return _Spell(start, end, words)
    for number, name in enumerate(_DAYS):
        if re.search(rf"\b{name}s?\b", low):
            day = today - timedelta(days=(today.weekday() - number) % 7 or (7 if f"last {name}" in low else 0))
            return _Spell(day, day, f"on {name.capitalize()} {day}")
    return None


def _iso(low: str) -> date | None:
    for found in _ISO.finditer(low):
        try:
            day = date(int(found[1]), int(found[2]), int(found[3]))
        except ValueError:
            continue
        # A day at either end of the calendar has no midnight in every zone.
        if 1970 <= day.year <= 9000:  # noqa: PLR2004  no desk is older or newer
            return day
    return None
