"""Trades out of fills: round trips from flat to flat at average prices, as `trading/trades.py` tells the desk's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backtest.panel import Column
from backtest.result import Result
from trading.backtest_plan import FillAt

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
    dollars of the entries, `sessions` how many lie between entry and exit. `worst` and `best` are how far the price
    went against the trade and with it, as fractions of the entry, from the first session held to the last before the
    exit, the exit's own price included; NaN of a trade that saw a split. `leg` is that of the fill that closed last,
    nothing while open.
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
    worst: Column
    best: Column
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
    rounds = [each for symbol in np.unique(result.fills.symbol) for each in _of_symbol(result, int(symbol))]
    rounds.sort(key=lambda each: (each.entered, each.symbol))
    return _columns([_told(result, each) for each in rounds], rounds)


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


def _of_symbol(result: Result, symbol: int) -> Iterator[_Round]:
    fills = result.fills
    mine = np.flatnonzero(fills.symbol == symbol)
    now: _Round | None = None
    for day in np.unique(fills.day[mine]):
        today = mine[fills.day[mine] == day]
        _split(now, float(result.positions[day, symbol] - fills.shares[today].sum()))
        for at in today:
            part = _Part(
                int(day), float(fills.shares[at]), float(fills.price[at]), float(fills.commission[at]), fills.leg[at]
            )
            for piece in _pieces(now, part):
                now = now or _Round(symbol, piece.day, np.sign(piece.shares))
                now.take(piece)
                if now.left != OPEN:
                    yield now
                    now = None
    if now is not None:
        _split(now, float(result.positions[-1, symbol]))
        yield now


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


class _Told(NamedTuple):
    """A trade's prices and what it brought."""

    shares: float
    price: float
    exit_price: float
    realised: float
    pnl: float
    returned: float
    last: int
    worst: float
    best: float


def _told(result: Result, each: _Round) -> _Told:
    rest = each.bought - each.sold
    last = len(result.days) - 1 if each.left == OPEN else each.left
    marked = rest * float(result.closes[-1, each.symbol]) if rest else 0.0
    price, exit_price = each.paid / each.bought, (each.received + marked) / each.bought
    realised = each.sign * (each.received - price * each.sold) - each.commission
    pnl = each.sign * (each.received + marked - each.paid) - each.commission
    returned = pnl / each.paid if each.paid else 0.0
    worst, best = _excursions(result, each, price, exit_price)
    return _Told(each.sign * each.bought, price, exit_price, realised, pnl, returned, last, worst, best)


def _excursions(result: Result, each: _Round, price: float, exit_price: float) -> tuple[float, float]:
    """How far it went against the trade, and with it; an entry at the close has the next session as its first."""
    if each.split or not price:
        return float("nan"), float("nan")
    first = each.entered + (result.plan.fill is FillAt.CLOSE)
    end = len(result.days) if each.left == OPEN else each.left
    lows, highs = (result.closes if column is None else column for column in (result.lows, result.highs))
    low = float(np.fmin.reduce(lows[first:end, each.symbol], initial=min(exit_price, price)))
    high = float(np.fmax.reduce(highs[first:end, each.symbol], initial=max(exit_price, price)))
    down, up = low / price - 1, high / price - 1
    return (down, up) if each.sign > 0 else (-up, -down)


def _columns(told: list[_Told], rounds: list[_Round]) -> Trades:
    entered = np.array([each.entered for each in rounds], np.int64)
    return Trades(
        symbol=np.array([each.symbol for each in rounds], np.int64),
        entered=entered,
        left=np.array([each.left for each in rounds], np.int64),
        shares=np.array([each.shares for each in told], np.float64),
        price=np.array([each.price for each in told], np.float64),
        exit_price=np.array([each.exit_price for each in told], np.float64),
        realised=np.array([each.realised for each in told], np.float64),
        pnl=np.array([each.pnl for each in told], np.float64),
        commission=np.array([each.commission for each in rounds], np.float64),
        returned=np.array([each.returned for each in told], np.float64),
        sessions=np.array([each.last for each in told], np.int64) - entered,
        worst=np.array([each.worst for each in told], np.float64),
        best=np.array([each.best for each in told], np.float64),
        leg=tuple(each.leg for each in rounds),
    )
