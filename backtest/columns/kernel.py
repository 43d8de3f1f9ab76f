"""One run over days, in plain Python over arrays: fills at the open, marks, decisions at the close.

`compiled.py` compiles this text as it stands, so both paths do the same sums in the same order. All of it is in one
file, because the compiler's cache looks at the file of the function that it compiled and at no other.
"""

from __future__ import annotations

from math import floor, isnan
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]
Index = NDArray[np.int64]
Table = NDArray[np.float64]

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

    opens: Column
    closes: Column
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


class Book(NamedTuple):
    """What is held and what became of it; written by `play`.

    `order` [N] shares to be traded, signed, and the day it was `decided`; `money` cash, interest so far, and the cost of
    buys that wait or were accepted today; `in_sector` dollars likewise. `cash` and `equity` [T] at each close. `fills`
    [F, 5] day, symbol, shares, price, commission and `refused` [R, 4] day, symbol, shares, code, in the order in which
    they happened; `counts` how many there are, of refusals also those for which there was no place.
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
            leave(day, first, cursor, events, book)
            enter(day, equity, first, cursor, bars.closes, events, terms, book)
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


def leave(day: int, first: int, end: int, events: Events, book: Book) -> None:
    """Order the sale of what is held and no longer wanted."""
    for at in range(first, end):
        symbol = events.symbol[at]
        if events.kind[at] & LEAVE and book.shares[symbol] > 0.0 and book.order[symbol] == 0.0:
            book.order[symbol] = -book.shares[symbol]
            book.decided[symbol] = day


def enter(
    day: int, equity: float, first: int, end: int, closes: Column, events: Events, terms: Terms, book: Book
) -> None:
    """Order what is wanted and not held yet, as far as the limits go."""
    wanted = 0
    for at in range(first, end):
        if events.kind[at] & ENTER and book.shares[events.symbol[at]] == 0.0 and book.order[events.symbol[at]] == 0.0:
            wanted += 1
    if wanted == 0:
        return
    positions, kept = 0, 0
    if terms.limited or terms.capped:
        positions, kept = take_stock(day, closes, terms, book)
    part = terms.fraction if terms.fraction > 0.0 else 1.0 / (terms.parts if terms.capped else max(terms.parts, wanted))
    for at in range(first, end):
        symbol = events.symbol[at]
        if events.kind[at] & ENTER and book.shares[symbol] == 0.0 and book.order[symbol] == 0.0:
            if terms.capped and kept >= terms.parts:
                break
            price = closes[day, symbol]
            size = terms.fixed if terms.fixed > 0.0 else float(floor(part * equity / price))
            shares = accept(day, symbol, size, price, equity, positions, terms, book)
            if shares > 0.0:
                book.order[symbol] = shares
                book.decided[symbol] = day
                positions += 1
                kept += 1


def take_stock(day: int, closes: Column, terms: Terms, book: Book) -> tuple[int, int]:
    """How many positions there are, waiting buys among them, and how many of them stay; fills `in_sector` and `ASKED`."""
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


def accept(
    day: int, symbol: int, size: float, price: float, equity: float, positions: int, terms: Terms, book: Book
) -> float:
    """How many of so many shares the limits let be bought; what is cut or dropped is noted."""
    shares, code = size, SMALLEST
    if terms.limited:
        shares, code = room(symbol, size, price, equity, positions, terms, book)
        if shares * price < terms.smallest * equity:
            shares = 0.0
    if shares < 1.0:
        shares = 0.0
    if shares < size or size < 1.0:
        refuse(day, symbol, size - shares, code, book)
    if shares > 0.0:
        ask(symbol, shares, price, terms, book)
    return shares


def room(
    symbol: int, size: float, price: float, equity: float, positions: int, terms: Terms, book: Book
) -> tuple[float, int]:
    """The least that any limit leaves of a size, and which; `SMALLEST` where none cuts it."""
    if positions >= terms.max_positions:
        return 0.0, POSITIONS
    shares, code = size, SMALLEST
    left = float(floor(terms.max_position * equity / price))
    if left < shares:
        shares, code = left, POSITION
    left = float(floor((terms.max_sector * equity - book.in_sector[terms.sectors[symbol]]) / price))
    if left < shares:
        shares, code = left, SECTOR
    free = book.money[BALANCE] - terms.cushion * (book.money[ASKED] + terms.per_order)
    left = float(floor(free / (terms.cushion * (price * (1.0 + terms.rate) + terms.per_share))))
    if left < shares:
        shares, code = left, CASH
    return max(shares, 0.0), code


def cross(sums: Index, days: Index, lengths: Index, pair: tuple[int, int], marks: NDArray[np.int8], events: Events) -> int:
    """Find where a fast average crosses a slow one, from running sums [N, T + 1] of each symbol's own closes.

    `days` [N, T] is the day of each of its `lengths` [N] bars, negative while the run only warms up; `marks` [D, N] is
    all zeros before and after. Returns how many events were written.
    """
    fast, slow = pair
    for symbol in range(len(lengths)):
        before = 1
        for at in range(slow, lengths[symbol] + 1):
            total = sums[symbol, at]
            apart = (total - sums[symbol, at - fast]) * slow - (total - sums[symbol, at - slow]) * fast
            if at > slow and days[symbol, at - 1] >= 0:
                if apart > 0 and before <= 0:
                    marks[days[symbol, at - 1], symbol] = ENTER
                elif apart < 0 and before >= 0:
                    marks[days[symbol, at - 1], symbol] = LEAVE
            before = 1 if apart > 0 else (-1 if apart < 0 else 0)
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
