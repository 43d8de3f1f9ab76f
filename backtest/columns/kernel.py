"""One run over days, in plain Python over arrays: fills at the open, marks, decisions at the close.

`compiling.py` compiles this text as it stands, so both paths do the same sums in the same order. All of it is in one
file: machine code is kept for as long as that file stays as it is.
"""

from __future__ import annotations

from math import floor, isnan
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]
Index = NDArray[np.int64]
Table = NDArray[np.float64]
Whole = NDArray[np.int64]
Marks = NDArray[np.int8]

ENTER, LEAVE = 1, 2
"""What an event asks for, as bits."""
POSITION, SECTOR, POSITIONS, CASH, SMALLEST, EXCEEDS = 1, 2, 3, 4, 5, 6
"""Why shares were not bought: codes of refusals."""
FILLS, REFUSALS = 0, 1
BALANCE, INTEREST, ASKED = 0, 1, 2


class Bars(NamedTuple):
    """T days of N symbols: `opens` [T, N] NaN without a bar, `closes` [T, N] the newest one (NaN before the first).

    `accrual` [T] is the part of the cash that was earned since the day before.
    """

    opens: Table
    closes: Table
    accrual: Column


class Events(NamedTuple):
    """E wishes by day, those of one day in the order in which they are considered; `kind` is of bits."""

    day: Index
    symbol: Index
    kind: Index


class Terms(NamedTuple):
    """The plan in numbers. `fixed` 0 is none; `parts` as in `Wishes`; `sectors` [N] numbers of sectors.

    Prices are multiplied by `bought_at` and `sold_at`; commission is `rate` of the notional, and dollars a share and an
    order. `cushion` is how many times the cost of all buys of a bar must be there in cash.
    """

    fixed: float
    fraction: float
    parts: int
    capped: bool
    at_close: bool
    bought_at: float
    sold_at: float
    rate: float
    per_share: float
    per_order: float
    limited: bool
    max_position: float
    max_sector: float
    max_positions: int
    cushion: float
    smallest: float
    sectors: Index


class Close(NamedTuple):
    """The moment of a decision: the day, its events from `first` up to `end`, and the equity in dollars."""

    day: int
    first: int
    end: int
    equity: float


class Wish(NamedTuple):
    """A buy of so many shares at a close, before the limits; `positions` are those that there are already."""

    symbol: int
    size: float
    price: float
    positions: int


class Tape(NamedTuple):
    """What averages are summed from: running sums [N, T + 1] of each symbol's own closes, in whole numbers.

    `days` [N, T] is the day of each of its `lengths` [N] bars, negative while the run only warms up.
    """

    sums: Whole
    days: Whole
    lengths: Index


class Book(NamedTuple):
    """What is held and what became of it; written by `play`.

    `order` [N] shares to be traded, signed, and the day it was `decided`; `money` cash, interest so far, and the cost
    of buys that wait or were accepted today; `in_sector` dollars likewise. `cash` and `equity` [T] at each close.
    `fills` [F, 5] day, symbol, shares, price, commission and `refused` [R, 4] day, symbol, shares, code, in the order
    in which they happened; `counts` how many there are, of refusals also those for which there was no place.
    """

    shares: Column
    order: Column
    decided: Index
    money: Column
    in_sector: Column
    cash: Column
    equity: Column
    fills: Table
    refused: Table
    counts: Index


def play(bars: Bars, events: Events, terms: Terms, book: Book) -> None:
    """All days, one after the other."""
    cursor, waiting = 0, False
    for day in range(len(bars.accrual)):
        if bars.accrual[day] > 0.0 and book.money[BALANCE] > 0.0:
            earned = book.money[BALANCE] * bars.accrual[day]
            book.money[BALANCE] += earned
            book.money[INTEREST] += earned
        if waiting:
            waiting = meet(day, bars.opens, terms, book)
        equity = book.money[BALANCE] + value(day, bars.closes, book.shares)
        first = cursor
        while cursor < len(events.day) and events.day[cursor] == day:
            cursor += 1
        if cursor > first:
            close = Close(day, first, cursor, equity)
            leave(close, events, book)
            enter(close, bars.closes, events, terms, book)
            waiting = True
            if terms.at_close:
                waiting = meet(day, bars.closes, terms, book)
                equity = book.money[BALANCE] + value(day, bars.closes, book.shares)
        book.cash[day] = book.money[BALANCE]
        book.equity[day] = equity


def value(day: int, closes: Column, shares: Column) -> float:
    """Dollars that what is held is worth at a close, added in the order of the symbols."""
    total = 0.0
    for symbol in range(len(shares)):
        total += shares[symbol] * closes[day, symbol]
    return total


def meet(day: int, prices: Column, terms: Terms, book: Book) -> bool:
    """Fill the orders at these prices, sells first, then by symbol; whether any waits on for a bar."""
    waiting = False
    for symbol in range(len(book.order)):
        if book.order[symbol] < 0.0:
            if isnan(prices[day, symbol]):
                waiting = True
            else:
                fill(day, symbol, prices[day, symbol] * terms.sold_at, terms, book)
    for symbol in range(len(book.order)):
        if book.order[symbol] > 0.0:
            if isnan(prices[day, symbol]):
                waiting = True
            else:
                fill(day, symbol, prices[day, symbol] * terms.bought_at, terms, book)
    return waiting


def fill(day: int, symbol: int, price: float, terms: Terms, book: Book) -> None:
    """Trade an order at a price; a buy that the cash does not pay is given up."""
    shares = book.order[symbol]
    book.order[symbol] = 0.0
    notional = abs(shares) * price
    commission = notional * terms.rate + abs(shares) * terms.per_share + terms.per_order
    if shares > 0.0 and notional + commission > book.money[BALANCE]:
        refuse(book.decided[symbol], symbol, shares, EXCEEDS, book)
        return
    book.money[BALANCE] -= commission
    book.money[BALANCE] -= shares * price
    book.shares[symbol] += shares
    row = book.fills[book.counts[FILLS]]
    row[0], row[1], row[2], row[3], row[4] = day, symbol, shares, price, commission
    book.counts[FILLS] += 1


def refuse(day: int, symbol: int, shares: float, code: int, book: Book) -> None:
    """Note that so many shares were not bought, as long as there is place."""
    if book.counts[REFUSALS] < len(book.refused):
        row = book.refused[book.counts[REFUSALS]]
        row[0], row[1], row[2], row[3] = day, symbol, shares, code
    book.counts[REFUSALS] += 1


def leave(close: Close, events: Events, book: Book) -> None:
    """Order the sale of what is held and no longer wanted."""
    for at in range(close.first, close.end):
        symbol = events.symbol[at]
        if events.kind[at] & LEAVE and book.shares[symbol] > 0.0 and book.order[symbol] == 0.0:
            book.order[symbol] = -book.shares[symbol]
            book.decided[symbol] = close.day


def enter(close: Close, closes: Column, events: Events, terms: Terms, book: Book) -> None:
    """Order what is wanted and not held yet, as far as the limits go."""
    wanted = 0
    for at in range(close.first, close.end):
        wanted += 1 if is_new(at, events, book) else 0
    if wanted == 0:
        return
    part = terms.fraction if terms.fraction > 0.0 else 1.0 / (terms.parts if terms.capped else max(terms.parts, wanted))
    positions, kept = 0, 0
    if terms.limited or terms.capped:
        positions, kept = take_stock(close.day, closes, terms, book)
    for at in range(close.first, close.end):
        if terms.capped and kept >= terms.parts:
            break
        if is_new(at, events, book):
            symbol = events.symbol[at]
            price = closes[close.day, symbol]
            size = terms.fixed if terms.fixed > 0.0 else float(floor(part * close.equity / price))
            shares = accept(close, Wish(symbol, size, price, positions), terms, book)
            if shares > 0.0:
                book.order[symbol] = shares
                book.decided[symbol] = close.day
                positions += 1
                kept += 1


def is_new(at: int, events: Events, book: Book) -> bool:
    """Whether an event wants what is neither held nor on order."""
    symbol = events.symbol[at]
    return bool(events.kind[at] & ENTER) and book.shares[symbol] == 0.0 and book.order[symbol] == 0.0


def take_stock(day: int, closes: Column, terms: Terms, book: Book) -> tuple[int, int]:
    """How many positions there are, with buys that wait, and how many of them stay; fills `in_sector` and `ASKED`."""
    positions, kept = 0, 0
    book.money[ASKED] = 0.0
    for sector in range(len(book.in_sector)):
        book.in_sector[sector] = 0.0
    for symbol in range(len(book.shares)):
        if book.shares[symbol] > 0.0:
            positions += 1
            kept += 1 if book.order[symbol] == 0.0 else 0
            book.in_sector[terms.sectors[symbol]] += book.shares[symbol] * closes[day, symbol]
        elif book.order[symbol] > 0.0:
            positions += 1
            kept += 1
            ask(symbol, book.order[symbol], closes[day, symbol], terms, book)
    return positions, kept


def ask(symbol: int, shares: float, price: float, terms: Terms, book: Book) -> None:
    """Count a buy that was accepted against cash and sector."""
    notional = shares * price
    book.money[ASKED] += notional + notional * terms.rate + shares * terms.per_share + terms.per_order
    book.in_sector[terms.sectors[symbol]] += notional


def accept(close: Close, wish: Wish, terms: Terms, book: Book) -> float:
    """How many shares the limits let be bought; what is cut or dropped is noted."""
    shares, code = wish.size, SMALLEST
    if terms.limited:
        shares, code = room(close, wish, terms, book)
        if shares * wish.price < terms.smallest * close.equity:
            shares = 0.0
    if shares < 1.0:
        shares = 0.0
    if shares < wish.size or wish.size < 1.0:
        refuse(close.day, wish.symbol, wish.size - shares, code, book)
    if shares > 0.0:
        ask(wish.symbol, shares, wish.price, terms, book)
    return shares


def room(close: Close, wish: Wish, terms: Terms, book: Book) -> tuple[float, int]:
    """The least that any limit leaves of a size, and which; `SMALLEST` where none cuts it."""
    if wish.positions >= terms.max_positions:
        return 0.0, POSITIONS
    shares, code = wish.size, SMALLEST
    left = float(floor(terms.max_position * close.equity / wish.price))
    if left < shares:
        shares, code = left, POSITION
    left = float(floor((terms.max_sector * close.equity - book.in_sector[terms.sectors[wish.symbol]]) / wish.price))
    if left < shares:
        shares, code = left, SECTOR
    free = book.money[BALANCE] - terms.cushion * (book.money[ASKED] + terms.per_order)
    left = float(floor(free / (terms.cushion * (wish.price * (1.0 + terms.rate) + terms.per_share))))
    if left < shares:
        shares, code = left, CASH
    return max(shares, 0.0), code


def cross(tape: Tape, fast: int, slow: int, marks: Marks, events: Events) -> int:
    """Find where a fast average crosses a slow one; `marks` [D, N] is all zeros before and after.

    Returns how many events were written.
    """
    for symbol in range(len(tape.lengths)):
        turns(symbol, tape, fast, slow, marks)
    found = 0
    for day in range(marks.shape[0]):
        for symbol in range(marks.shape[1]):
            if marks[day, symbol] != 0:
                events.day[found] = day
                events.symbol[found] = symbol
                events.kind[found] = marks[day, symbol]
                marks[day, symbol] = 0
                found += 1
    return found


def turns(symbol: int, tape: Tape, fast: int, slow: int, marks: Marks) -> None:
    """Mark the days of one symbol's crossings; the first that counts is that of its bar of index `slow`."""
    before = 1
    for at in range(slow, tape.lengths[symbol] + 1):
        total = tape.sums[symbol, at]
        apart = (total - tape.sums[symbol, at - fast]) * slow - (total - tape.sums[symbol, at - slow]) * fast
        day = tape.days[symbol, at - 1]
        if at > slow and day >= 0:
            if apart > 0 and before <= 0:
                marks[day, symbol] = ENTER
            elif apart < 0 and before >= 0:
                marks[day, symbol] = LEAVE
        before = 1 if apart > 0 else (-1 if apart < 0 else 0)
