"""What a company does to its shares, and what becomes of a position, a price and a history through it.

Everything happens at the ex-date: from its opening the share trades without what was given out, whenever that is paid.

| kind         | a share held becomes                    | the price before is worth, after   |
|--------------|-----------------------------------------|------------------------------------|
| split        | `ratio` shares (4 for 4:1, 0.1 for 1:10)| price / `ratio`                    |
| dividend     | a share and `amount_usd` in cash        | price − `amount_usd`               |
| spin_off     | a share and `ratio` of `new_symbol`     | cannot be told from the old share  |
| rename       | a share of `new_symbol`                 | the same                           |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

import numpy as np
from pydantic import model_validator

from trading.bars import Bars, Defect
from trading.instruments import Symbol
from trading.money import ZERO, Price, Record, ShareRatio


class ActionKind(StrEnum):
    """What a company did."""

    SPLIT = "split"
    DIVIDEND = "dividend"
    SPIN_OFF = "spin_off"
    RENAME = "rename"


# Between the last late trade of one New York day and the first early one of the next, in summer and in winter.
_BEFORE_THE_OPENING = time(6, tzinfo=UTC)
SAME_ACTION: Mapping[ActionKind, timedelta] = MappingProxyType(
    dict.fromkeys(ActionKind, timedelta(days=7)) | {ActionKind.DIVIDEND: timedelta(days=3)}
)
"""How far apart the days may lie on which two lists, or a list and a broker, have the same action of a company."""
LEAST_TELLING = 1.25
"""A split that moves the price by less than this cannot be told from a day's trading."""


class CorporateAction(Record):
    """One action of one company. `ratio` of a split or spin-off; `amount_usd` a share, of a dividend."""

    symbol: Symbol
    kind: ActionKind
    ex_on: date
    ratio: ShareRatio | None = None
    amount_usd: Price | None = None
    new_symbol: Symbol | None = None
    special: bool = False

    @model_validator(mode="after")
    def _whole(self) -> CorporateAction:
        told = (self.ratio is not None, self.amount_usd is not None, self.new_symbol is not None)
        if told != _TOLD[self.kind]:
            raise ValueError(f"{self.symbol}: a {self.kind} with the wrong fields")
        return self


# ratio, amount, new symbol: which of them each kind has.
_TOLD = {
    ActionKind.SPLIT: (True, False, False),
    ActionKind.DIVIDEND: (False, True, False),
    ActionKind.SPIN_OFF: (True, False, True),
    ActionKind.RENAME: (False, False, True),
}


def effective_at(ex_on: date) -> datetime:
    """The moment from which shares and prices are the new ones: the ex-date, before anyone trades."""
    return datetime.combine(ex_on, _BEFORE_THE_OPENING)


def each_once(actions: Iterable[CorporateAction]) -> tuple[CorporateAction, ...]:
    """Splits and dividends, one of each kind, company and day: what can be booked, in the order in which it counts.

    Dividends of one day are added up. A split that is listed in two ratios is none: nobody knows which it was.
    """
    days: dict[tuple[date, ActionKind, str], set[CorporateAction]] = {}
    for action in actions:
        if action.new_symbol is None:
            days.setdefault((action.ex_on, action.kind, action.symbol), set()).add(action)
    found = (_together(days[key]) for key in sorted(days))
    return tuple(action for action in found if action is not None)


def _together(same: set[CorporateAction]) -> CorporateAction | None:
    """One action in place of several of a kind, company and day."""
    first = next(iter(same))
    if first.kind is ActionKind.SPLIT:
        return first if len({action.ratio for action in same}) == 1 else None
    amount = sum((action.amount_usd or ZERO for action in same), ZERO)
    return first.model_copy(update={"amount_usd": amount})


def unapplied_split(bars: Bars, actions: Iterable[CorporateAction], price: Decimal, on: date) -> Defect | None:
    """The first split that these bars, said to be split-adjusted, do not show as applied; None when all are.

    A split by `ratio` that was not applied leaves a jump by just that much, from the close before the ex-date to its
    open, or to the `price` of the day `on` while the ex-date has no bar yet. It is told when the jump is nearer, in
    logarithms, to the split than to no change at all.
    """
    for action in actions:
        if action.kind is not ActionKind.SPLIT or action.ratio is None or action.ex_on > on:
            continue
        ratio = float(action.ratio)
        first = int(np.searchsorted(bars.session_on, np.datetime64(action.ex_on, "D")))
        if first == 0 or max(ratio, 1 / ratio) < LEAST_TELLING:
            continue
        after = float(bars.open[first]) if first < len(bars) else float(price)
        jump = np.log(after / float(bars.close[first - 1]))
        if abs(jump + np.log(ratio)) < abs(jump):
            reason = f"the split of {action.ratio:f} for 1 of {action.ex_on} is not applied to the bars before it"
            return Defect("unadjusted", reason)
    return None
