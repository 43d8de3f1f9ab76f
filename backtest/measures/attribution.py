"""Who earned what: by symbol, so that it sums to the whole to the cent, and by agent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backtest.measures.round_trips import Trades
from backtest.results.result import Opinion, Result, Verdict

LATER_SESSIONS = 20
"""After so many sessions an opinion is measured: a month, the order of what the agents hold."""


class SymbolPart(NamedTuple):
    """What one symbol brought: dollars of closed and of open trades, of commission (paid out of them) and traded."""

    symbol: str
    realised: float
    unrealised: float
    trades: int
    won: int
    lost: int
    commission: float
    traded: float

    @property
    def total(self) -> float:
        """Dollars, closed and open together."""
        return self.realised + self.unrealised


@dataclass(frozen=True, slots=True)
class Attribution:
    """The whole gain in dollars and its parts; `other` is what no part explains: rounded cents, cash in lieu.

    Those who show it round each part to the cent and call `other_cents` what is left, so that the column sums.
    """

    symbols: tuple[SymbolPart, ...]
    interest: float
    dividends: float
    borrow: float
    other: float
    total: float


class AgentPart(NamedTuple):
    """What became of what one agent said with one verdict: dollars made `LATER_SESSIONS` later had each been done."""

    agent: str
    verdict: Verdict
    said: int
    later: float
    right: int
    judged: int


def by_symbol(result: Result, trades: Trades) -> Attribution:
    """Split the gain of a result; symbols that made most first, those that never traded left out."""
    parts = [_of_symbol(result, trades, int(symbol)) for symbol in np.unique(result.fills.symbol)]
    parts.sort(key=lambda part: (-part.total, part.symbol))
    total = float(result.equity[-1]) - float(result.plan.cash)
    explained = sum(part.total for part in parts) + result.interest + result.dividends - result.borrow
    return Attribution(tuple(parts), result.interest, result.dividends, result.borrow, total - explained, total)


def by_agent(result: Result) -> tuple[AgentPart, ...]:
    """What each agent's verdicts were worth later: a veto is right if the order would have lost, all else if it won."""
    groups: dict[tuple[str, Verdict], list[float]] = {}
    order = list(Verdict)
    for opinion in result.opinions:
        groups.setdefault((opinion.agent, opinion.verdict), []).append(_later(result, opinion))
    sorted_groups = sorted(groups.items(), key=lambda item: (item[0][0], order.index(item[0][1])))
    return tuple(_told(agent, verdict, np.array(made)) for (agent, verdict), made in sorted_groups)


def _of_symbol(result: Result, trades: Trades, symbol: int) -> SymbolPart:
    fills = result.fills.symbol == symbol
    mine = trades.symbol == symbol
    closed = mine & trades.closed
    traded = np.abs(result.fills.shares[fills] * result.fills.price[fills]).sum()
    return SymbolPart(
        symbol=result.symbols[symbol],
        realised=float(trades.realised[mine].sum()),
        unrealised=float((trades.pnl[mine] - trades.realised[mine]).sum()),
        trades=int(mine.sum()),
        won=int((trades.pnl[closed] > 0).sum()),
        lost=int((trades.pnl[closed] < 0).sum()),
        commission=float(trades.commission[mine].sum()),
        traded=float(traded),
    )


def _later(result: Result, opinion: Opinion) -> float:
    """Dollars that an order would have made from its day's close on, NaN where nothing tells."""
    if opinion.symbol not in result.symbols:
        return float("nan")
    day = int(np.searchsorted(result.days, np.datetime64(opinion.decided_on, "D")))
    closes = result.closes[day : day + LATER_SESSIONS + 1, result.symbols.index(opinion.symbol)]
    known = closes[np.isfinite(closes)]
    if len(known) < 2 or not np.isfinite(closes[0]) or not known[0]:  # noqa: PLR2004  a change needs two
        return float("nan")
    return float(opinion.dollars * (known[-1] / known[0] - 1))


def _told(agent: str, verdict: Verdict, made: NDArray[np.float64]) -> AgentPart:
    judged = made[np.isfinite(made) & (made != 0)]
    right = judged < 0 if verdict is Verdict.VETOED else judged > 0
    return AgentPart(agent, verdict, len(made), float(judged.sum()), int(right.sum()), len(judged))
