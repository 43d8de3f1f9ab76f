"""Trades out of fills: round trips from flat to flat at average prices, as `trading/trades.py` tells the desk's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backtest.data.panel import Column
from backtest.results.result import Result

Index = NDArray[np.int64]

NOTHING = 1e-9
"""The part of a share that floats leave of none."""
OPEN = -1
"""The day on which an open trade was left."""


@dataclass(frozen=True, slots=True, eq=False)
class Trades:
    """K round trips in the order of their first day, a column each.

    `symbol` indexes the result's symbols, `entered` and `left` its days (`left` is `OPEN` of what is still held).
    `shares` are all that were entered, short negative, in those of the newest split; `price` and `exit_price` dollars
    a share, averages over the whole trade; what is open is marked at the last close. `realised` is what was closed
    against the average entry, less all commission; `pnl` has what is still open too. `returned` is `pnl` over the
    dollars of the entries, `sessions` how many lie between entry and exit; `split` tells of a split in between. `leg`
    is that of the fill that closed last, nothing while open.
    """

    symbol: Index
    entered: Index
    left: Index
    shares: Column
    price: Column
    exit_price: Column
    realised: Column
    pnl: Column
    commission: Column
    returned: Column
    sessions: Index
    split: NDArray[np.bool_]
    leg: tuple[str, ...]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.symbol)

    @property
    def closed(self) -> NDArray[np.bool_]:
        """Which of them have ended, [K]."""
        return np.asarray(self.left != OPEN)


def trades_of(result: Result) -> Trades:
    """Every trade that a result's fills make; a fill through nothing closes one and opens the next."""
    order = np.argsort(result.fills.symbol, kind="stable")
    symbols, firsts = np.unique(result.fills.symbol[order], return_index=True)
    groups = zip(symbols.tolist(), np.split(order, firsts[1:]), strict=False)
    rounds = [each for symbol, mine in groups for each in _of_symbol(result, symbol, mine)]
    rounds.sort(key=lambda each: (each.entered, each.symbol))
    return _columns(result, rounds)


class _Part(NamedTuple):
    """A fill, or the part of one that belongs to one trade."""

    day: int
    shares: float
    price: float
    commission: float
    leg: str


@dataclass(slots=True)
class _Round:
    """A trade as it grows: `bought` shares for `paid` dollars in its own direction, `sold` of them for `received`."""

    symbol: int
    entered: int
    sign: float
    bought: float = 0.0
    paid: float = 0.0
    sold: float = 0.0
    received: float = 0.0
    commission: float = 0.0
    left: int = OPEN
    leg: str = ""
    split: bool = False

    @property
    def held(self) -> float:
        """Shares that are still held, signed."""
        return self.sign * (self.bought - self.sold)

    def take(self, part: _Part) -> None:
        """Grow or shrink by a part that does not pass through nothing."""
        self.commission += part.commission
        if part.shares * self.sign > 0:
            self.bought += abs(part.shares)
            self.paid += abs(part.shares) * part.price
            return
        self.sold += abs(part.shares)
        self.received += abs(part.shares) * part.price
        if abs(self.held) <= NOTHING * max(self.bought, 1.0):
            self.sold, self.left, self.leg = self.bought, part.day, part.leg

    def split_to(self, held: float) -> None:
        """Hold so many shares without a fill: all that went before counts in the new shares."""
        ratio = held / self.held
        self.bought, self.sold, self.split = self.bought * ratio, self.sold * ratio, True


def _of_symbol(result: Result, symbol: int, mine: Index) -> Iterator[_Round]:
    fills = result.fills
    before = _before(result, symbol, mine)
    columns = (fills.day[mine], fills.shares[mine], fills.price[mine], fills.commission[mine])
    legs = (fills.leg[at] for at in mine.tolist())
    now: _Round | None = None
    for day, shares, price, commission, leg in zip(*(column.tolist() for column in columns), legs, strict=True):
        if day in before:
            _split(now, before[day])
        for piece in _pieces(now, _Part(day, shares, price, commission, leg)):
            now = now or _Round(symbol, piece.day, 1.0 if piece.shares > 0 else -1.0)
            now.take(piece)
            if now.left != OPEN:
                yield now
                now = None
    if now is not None:
        _split(now, float(result.positions[-1, symbol]))
        yield now


def _before(result: Result, symbol: int, mine: Index) -> dict[int, float]:
    """Shares held before the first fill of each day, where its fills do not explain them: there was a split before."""
    days, firsts = np.unique(result.fills.day[mine], return_index=True)
    sums = np.add.reduceat(result.fills.shares[mine], firsts)
    after = result.positions[days, symbol]
    before = np.concatenate(([0.0], after[:-1]))
    odd = np.abs(after - sums - before) > NOTHING * np.maximum(np.abs(after), 1.0)
    return dict(zip(days[odd].tolist(), (after - sums)[odd].tolist(), strict=True))


def _split(now: _Round | None, held: float) -> None:
    """Note a split: the shares before a day's fills are others than those after the fills before."""
    if now is not None and held * now.sign > 0 and abs(held - now.held) > NOTHING * max(abs(held), 1.0):
        now.split_to(held)


def _pieces(now: _Round | None, part: _Part) -> Iterator[_Part]:
    """The part whole, or what closes the trade and what opens the next one, each with its part of the commission."""
    if not part.shares:
        return
    held = 0.0 if now is None else now.held
    over = abs(part.shares) - abs(held)
    if now is None or part.shares * now.sign > 0 or over <= NOTHING * max(now.bought, 1.0):
        yield part
        return
    rest = over / abs(part.shares)
    yield part._replace(shares=-held, commission=part.commission * (1 - rest))
    yield part._replace(shares=part.shares + held, commission=part.commission * rest)


def _columns(result: Result, rounds: list[_Round]) -> Trades:
    symbol, entered, left = (
        np.array([getattr(each, name) for each in rounds], np.int64) for name in ("symbol", "entered", "left")
    )
    sign, bought, paid, sold, received, commission = (
        np.array([getattr(each, name) for each in rounds], np.float64)
        for name in ("sign", "bought", "paid", "sold", "received", "commission")
    )
    rest = bought - sold
    marked = np.where(rest > 0, rest * result.closes[-1, symbol], 0.0)
    price = paid / bought
    pnl = sign * (received + marked - paid) - commission
    last = np.where(left == OPEN, len(result.days) - 1, left)
    return Trades(
        symbol=symbol,
        entered=entered,
        left=left,
        shares=sign * bought,
        price=price,
        exit_price=(received + marked) / bought,
        realised=sign * (received - price * sold) - commission,
        pnl=pnl,
        commission=commission,
        returned=np.divide(pnl, paid, out=np.zeros(len(pnl)), where=paid > 0),
        sessions=last - entered,
        split=np.array([each.split for each in rounds], np.bool_),
        leg=tuple(each.leg for each in rounds),
    )
