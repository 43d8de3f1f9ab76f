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

from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from pydantic import model_validator

from trading.adjustments import cash_in_lieu
from trading.bars import Bars, Defect
from trading.instruments import Symbol
from trading.market import PRICE_STEP
from trading.money import ZERO, Price, Record, ShareRatio, cents
from trading.portfolio import Position, split_position

LEAST_TELLING = 1.25
"""A split that moves the price by less than this cannot be told from a day's trading."""


class ActionKind(StrEnum):
    """What a company did."""

    SPLIT = "split"
    DIVIDEND = "dividend"
    SPIN_OFF = "spin_off"
    RENAME = "rename"


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


class Rebased(NamedTuple):
    """A position after an action and the cash that came with it: for fractions of a share, or a dividend."""

    position: Position
    cash: Decimal


def rebased(position: Position, action: CorporateAction, *, fractions: bool = False) -> Rebased:
    """What a position becomes at the ex-date; value and cash together are what the value was, to the cent.

    A split leaves the cost as it is. It may leave a part of a share, which is paid out in cash at the new price;
    `fractions` says that the broker holds parts, down to a billionth. The new mark is rounded to a millionth of a
    dollar, so a holding of over ten thousand shares may be valued a few cents off until its next quote. A dividend
    lowers the mark by what is paid, and nothing else; one that is all the share was worth, or an action of another
    symbol, leaves the position as it is. The shares that a spin-off gives are another position: its price comes from a
    quote, so it is not valued here.
    """
    if action.symbol != position.symbol or not position.quantity:
        return Rebased(position, ZERO)
    if action.kind is ActionKind.SPLIT and action.ratio is not None:
        return _split(position, action.ratio, fractions=fractions)
    if action.kind is ActionKind.DIVIDEND and action.amount_usd is not None:
        return _paid(position, action.amount_usd)
    if action.kind is ActionKind.RENAME and action.new_symbol is not None:
        return Rebased(position.model_copy(update={"symbol": action.new_symbol}), ZERO)
    return Rebased(position, ZERO)


def rebased_price(price: Decimal, actions: Iterable[CorporateAction], *, since_on: date, until_on: date) -> Decimal:
    """A price of one day in the shares of a later one, for price moves and stops: splits after the one, to the other.

    Ordinary dividends are left in, as split-adjusted bars leave them; special ones are taken out, for they drop the
    price by as much without a loss. Actions of one symbol; the result is rounded to a millionth, half to even.
    """
    between = sorted((a for a in actions if since_on < a.ex_on <= until_on), key=lambda action: action.ex_on)
    for action in between:
        if action.kind is ActionKind.SPLIT and action.ratio is not None:
            price /= action.ratio
        elif action.kind is ActionKind.DIVIDEND and action.special and action.amount_usd is not None:
            price = price - action.amount_usd if price > action.amount_usd else price
    return max(price.quantize(PRICE_STEP, rounding=ROUND_HALF_EVEN), PRICE_STEP)


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


def _split(position: Position, ratio: Decimal, *, fractions: bool) -> Rebased:
    cash = cash_in_lieu(position.quantity, position.mark, ratio, fractions=fractions)
    return Rebased(split_position(position, ratio, fractions=fractions), cash)


def _paid(position: Position, amount_usd: Decimal) -> Rebased:
    if amount_usd >= position.mark:
        return Rebased(position, ZERO)
    after = position.model_copy(update={"mark": position.mark - amount_usd})
    cash = cents(position.value - after.value)
    return Rebased(after, cash)
