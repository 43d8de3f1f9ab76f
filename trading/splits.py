"""Splits as adjustments of the books: those that a list of corporate actions or the broker itself tells of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, ROUND_UP, Context, Decimal

from trading.adjustments import Adjustment, AdjustmentKind
from trading.books import Books
from trading.corporate_actions import ActionKind, CorporateAction
from trading.money import LEAST_RATIO, MOST_RATIO, SMALL_TICK, ZERO, tick
from trading.orders import Fill, effective
from trading.statement import Activity, ActivityKind

# Between the last late trade of one New York day and the first early one of the next, in summer and in winter.
_BEFORE_THE_OPENING = time(6, tzinfo=UTC)
# The list's ex-date and the day of the broker's booking are days apart; two splits of one company are not.
_SAME_SPLIT = timedelta(days=7)
_SHARE = Decimal("1e-9")
# Rounded up, so that old shares times the ratio never fall short of the new ones by a billionth.
_UPWARDS = Context(prec=28, rounding=ROUND_UP)


def shares_of(symbol: str, fills: Iterable[Fill], adjustments: Iterable[Adjustment]) -> Decimal:
    """Signed shares of one symbol that these make together, in the order of time."""
    held = ZERO
    for change in in_time(effective(fills), adjustments):
        if change.symbol == symbol and isinstance(change, Fill):
            held += change.signed_quantity
        elif change.symbol == symbol and isinstance(change, Adjustment):
            held = split_shares(held, change.ratio) if change.ratio else held + change.quantity
    return held


def in_time(fills: Iterable[Fill], adjustments: Iterable[Adjustment]) -> list[Fill | Adjustment]:
    """Fills and adjustments in the order in which they count: an adjustment is in force from its moment on."""
    traded: list[tuple[datetime, int, str, Fill | Adjustment]]
    traded = [(fill.filled_at, 1, fill.fill_id, fill) for fill in fills]
    changed = [(one.effective_at, 0, one.adjustment_id, one) for one in adjustments]
    return [moment[3] for moment in sorted([*traded, *changed], key=lambda moment: moment[:3])]


def split_shares(quantity: Decimal, ratio: Decimal) -> Decimal:
    """Shares after a split, to the billionth."""
    return (quantity * ratio).quantize(_SHARE, rounding=ROUND_HALF_EVEN)


def quantity_since(quantity: Decimal, symbol: str, adjustments: Iterable[Adjustment], since: datetime) -> Decimal:
    """Shares of a moment in those of today, through the splits since."""
    for ratio in _ratios(symbol, adjustments, since):
        quantity = split_shares(quantity, ratio)
    return quantity


def price_since(price: Decimal, symbol: str, adjustments: Iterable[Adjustment], since: datetime) -> Decimal:
    """A price of a moment in the shares of today, through the splits since; then to the tick, half to even."""
    rebased = price
    for ratio in _ratios(symbol, adjustments, since):
        rebased /= ratio
    return price if rebased == price else max(rebased.quantize(tick(rebased), ROUND_HALF_EVEN), SMALL_TICK)


def _ratios(symbol: str, adjustments: Iterable[Adjustment], since: datetime) -> Iterator[Decimal]:
    for one in sorted(adjustments, key=lambda one: one.effective_at):
        if one.symbol == symbol and one.ratio and one.effective_at > since:
            yield one.ratio


def effective_at(action: CorporateAction) -> datetime:
    """The moment from which shares are the new ones: the ex-date, before anyone trades."""
    return datetime.combine(action.ex_on, _BEFORE_THE_OPENING)


def splits_of(
    symbol: str, books: Books, fills: Iterable[Fill], actions: Iterable[CorporateAction], activities: Iterable[Activity]
) -> Iterator[Adjustment]:
    """The splits of one symbol that were told of and are not in the books: the list's first, for its ratio is exact."""
    traded = tuple(fills)
    for action in actions:
        if action.kind is ActionKind.SPLIT and action.symbol == symbol and action.ratio is not None:
            at = effective_at(action)
            words = f"listed: {action.ratio:f} for 1, ex {action.ex_on}"
            yield from _unbooked(books, symbol, action.ratio, at, words)
    for told in _together(one for one in activities if one.kind is ActivityKind.SPLIT and one.symbol == symbol):
        at = told[0].occurred_at
        before = shares_of(
            symbol,
            (fill for fill in traded if fill.filled_at < at),
            (one for one in books.adjustments if one.effective_at < at),
        )
        after = before + sum((one.shares for one in told), ZERO)
        if before and LEAST_RATIO <= after / before <= MOST_RATIO:
            names = ", ".join(one.activity_id for one in told)
            words = f"broker's activity {names}: {told[0].words}"[:4000]
            yield from _unbooked(books, symbol, _UPWARDS.divide(after, before), at, words)


def _together(told: Iterable[Activity]) -> list[list[Activity]]:
    """What is told of each split, oldest first: one line may take the old shares, and another give the new."""
    splits: list[list[Activity]] = []
    for one in sorted(told, key=lambda one: (one.occurred_at, one.activity_id)):
        if not splits or one.occurred_at - splits[-1][0].occurred_at >= _SAME_SPLIT:
            splits.append([])
        splits[-1].append(one)
    return splits


def _unbooked(books: Books, symbol: str, ratio: Decimal, at: datetime, evidence: str) -> Iterator[Adjustment]:
    booked = any(
        one.symbol == symbol and one.kind is AdjustmentKind.SPLIT and abs(one.effective_at - at) < _SAME_SPLIT
        for one in books.adjustments
    )
    if not booked:
        yield Adjustment(
            adjustment_id=f"{books.desk_id}/{symbol}/split/{at.date()}",
            desk_id=books.desk_id,
            symbol=symbol,
            kind=AdjustmentKind.SPLIT,
            ratio=ratio,
            effective_at=at,
            evidence=evidence,
        )
