"""How a day's bar becomes the prices that resting orders meet, the worst of them first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from typing import NamedTuple

from trading.instruments import Side
from trading.market import PRICE_STEP, Bar
from trading.money import ZERO


class Trigger(NamedTuple):
    """Dollars a share at which an order of this side begins to trade: its stop, or its limit."""

    price: Decimal
    side: Side


class Step(NamedTuple):
    """One moment of a bar: what one may sell at, buy at, and the bar's own price between, dollars a share."""

    bid: Decimal
    ask: Decimal
    last: Decimal


def bar_path(bar: Bar, triggers: Iterable[Trigger], holding_sign: int, half_spread: Decimal = ZERO) -> tuple[Step, ...]:
    """The open, the extreme that hurts first, the other, the close, and each trigger once where it is first passed.

    What is held long (`holding_sign` positive) falls before it rises, what is held short rises before it falls.
    `half_spread` is a part of the price: bids are lower by it than the bar's prices, and asks higher. A trigger is the
    bid of who sells, the ask of who buys; one beyond the bar, its spread included, is not in the path.
    """
    turns = (bar.open, bar.low, bar.high, bar.close) if holding_sign >= 0 else (bar.open, bar.high, bar.low, bar.close)
    left = {(_mid(trigger, half_spread), trigger) for trigger in triggers}
    steps = [around(bar.open, half_spread)]
    for here, there in pairwise(turns):
        passed = {one for one in left if min(here, there) <= one[0] <= max(here, there)}
        left -= passed
        steps += (_at(mid, trigger, half_spread) for mid, trigger in _in_order(passed, falling=there < here))
        steps.append(around(there, half_spread))
    return tuple(steps)


def is_within(bar: Bar, trigger: Trigger, half_spread: Decimal) -> bool:
    """Whether a bar comes to a trigger."""
    return bar.low <= _mid(trigger, half_spread) <= bar.high


def _mid(trigger: Trigger, half_spread: Decimal) -> Decimal:
    """The bar's price at which the bid, or the ask, is the trigger."""
    return trigger.price / (1 - half_spread if trigger.side is Side.SELL else 1 + half_spread)


def _in_order(passed: Iterable[tuple[Decimal, Trigger]], *, falling: bool) -> Iterator[tuple[Decimal, Trigger]]:
    """As a price meets them; of two at one price the seller's first."""
    way = -1 if falling else 1
    return iter(sorted(passed, key=lambda one: (way * one[0], one[1].side is not Side.SELL, one[1].price)))


def around(mid: Decimal, half_spread: Decimal) -> Step:
    """What is offered on both sides of a bar's price."""
    return Step(_price(mid * (1 - half_spread)), _price(mid * (1 + half_spread)), mid)


def _at(mid: Decimal, trigger: Trigger, half_spread: Decimal) -> Step:
    """The trigger itself, to the digit, on the side that it is on."""
    step = around(_price(mid), half_spread)
    if trigger.side is Side.SELL:
        return step._replace(bid=trigger.price, ask=max(step.ask, trigger.price))
    return step._replace(ask=trigger.price, bid=min(step.bid, trigger.price))


def _price(exact: Decimal) -> Decimal:
    return max(exact.quantize(PRICE_STEP, rounding=ROUND_HALF_EVEN), PRICE_STEP)
