"""Splits of what is held that were told of and are not in the books yet: by a list of corporate actions, by the broker.

Each comes in both readings, parts of a share kept or cut: which of them it was, the broker's own shares say. A list has
the exact ratio. The broker tells shares, and a ratio follows from them only where it left nothing over: of 15 shares
that became one, nobody knows whether ten were one or fifteen, and with the ratio go the prices of every stop.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from trading.adjustments import Adjustment, AdjustmentKind
from trading.books import Books
from trading.corporate_actions import SAME_ACTION, ActionKind, CorporateAction, effective_at
from trading.money import LEAST_RATIO, MOST_RATIO, MOST_TEXT
from trading.orders import Fill
from trading.portfolio import shares_of
from trading.statement import Activity, ActivityKind

_SAME_SPLIT = SAME_ACTION[ActionKind.SPLIT]
_MOST_TERM = 25
"""No company splits in a ratio both of whose terms are larger."""


def splits_of(
    symbol: str, books: Books, fills: Iterable[Fill], actions: Iterable[CorporateAction], activities: Iterable[Activity]
) -> Iterator[tuple[Adjustment, ...]]:
    """The splits of one symbol that were told of and are not booked: those of the list, then those of the broker.

    Last, what a broker cut off a part of a share that it had kept: a split of one for one that keeps none.
    """
    told = [one for one in activities if one.symbol == symbol]
    yield tuple(_listed(symbol, books, actions))
    yield tuple(_of_broker(symbol, books, tuple(fills), told))
    for one in told:
        if one.kind is ActivityKind.CASH_IN_LIEU:
            words = f"broker's activity {one.activity_id}: {one.words}"[:MOST_TEXT]
            yield (_split(books, symbol, Decimal(1), one.occurred_at, words),)


def _listed(symbol: str, books: Books, actions: Iterable[CorporateAction]) -> Iterator[Adjustment]:
    for action in actions:
        if action.kind is ActionKind.SPLIT and action.symbol == symbol and action.ratio is not None:
            at, words = effective_at(action.ex_on), f"listed: {action.ratio:f} for 1, ex {action.ex_on}"
            yield from _unbooked(books, symbol, action.ratio, at, words)


def _of_broker(symbol: str, books: Books, fills: Sequence[Fill], told: Sequence[Activity]) -> Iterator[Adjustment]:
    paid = [one for one in told if one.kind is ActivityKind.CASH_IN_LIEU]
    for day in _by_day(told):
        before = shares_of(
            symbol,
            (fill for fill in fills if fill.filled_at < day[0].occurred_at),
            (one for one in books.adjustments if one.effective_at < day[0].occurred_at),
        )
        if any(abs(one.occurred_at - day[0].occurred_at) < _SAME_SPLIT for one in paid):
            continue
        words = f"broker's activities {', '.join(one.activity_id for one in day)}: {day[0].words}"[:MOST_TEXT]
        for ratio in _ratios(before, {one.shares for one in day}):
            yield from _unbooked(books, symbol, ratio, day[0].occurred_at, words)


def is_booked(books: Books, symbol: str, at: datetime) -> bool:
    """Whether the books have this split, whoever told of it."""
    return any(
        one.symbol == symbol and one.ratio not in {None, Decimal(1)} and abs(one.effective_at - at) < _SAME_SPLIT
        for one in books.adjustments
    )


def _by_day(told: Iterable[Activity]) -> Iterator[list[Activity]]:
    """The broker's splits, those of one day together and the first of them first."""
    days: dict[date, list[Activity]] = defaultdict(list)
    for one in sorted(told, key=lambda one: one.occurred_at):
        if one.kind is ActivityKind.SPLIT:
            days[one.occurred_at.date()].append(one)
    yield from days.values()


def _ratios(before: Decimal, moved: set[Decimal]) -> Iterator[Decimal]:
    """The ratios that such movements of shares may mean.

    The old shares may be taken out and the new ones put in, or only the difference be told.
    """
    if not before:
        return
    exchanged = moved - {-before} if -before in moved else set()
    for after in (*sorted(exchanged), *(before + shares for shares in sorted(moved))):
        ratio = Fraction(after) / Fraction(before)
        believed = ratio > 0 and min(ratio.numerator, ratio.denominator) <= _MOST_TERM
        if believed and Fraction(LEAST_RATIO) <= ratio <= Fraction(MOST_RATIO):
            yield Decimal(ratio.numerator) / ratio.denominator


def _unbooked(books: Books, symbol: str, ratio: Decimal, at: datetime, evidence: str) -> Iterator[Adjustment]:
    if not is_booked(books, symbol, at):
        kept = _split(books, symbol, ratio, at, evidence)
        yield from (kept.model_copy(update={"fractions": True}), kept)


def _split(books: Books, symbol: str, ratio: Decimal, at: datetime, evidence: str) -> Adjustment:
    kind = "whole" if ratio == 1 else "split"
    return Adjustment(
        adjustment_id=f"{books.desk_id}/{symbol}/{kind}/{at.date()}",
        desk_id=books.desk_id,
        symbol=symbol,
        kind=AdjustmentKind.SPLIT,
        ratio=ratio,
        effective_at=at,
        evidence=evidence,
    )
