"""What each agent made of what the one before it wanted, read off the rows of a cycle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from backtest.result import Opinion, Verdict
from trading.agents.questions import Agent
from trading.docket import Row
from trading.signals import Action


def opinions_of(on: date, rows: Iterable[Row]) -> Iterator[Opinion]:
    """The opinions of a day on signals to buy or sell: each of the order as it was then, at the cycle's price."""
    for row in rows:
        if row.action in {Action.BUY, Action.SELL} and row.price is not None and row.asked is not None:
            for agent, verdict, shares in _said(row, row.asked):
                dollars = float(shares * row.price) * (1 if row.action is Action.BUY else -1)
                yield Opinion(decided_on=on, symbol=row.symbol, agent=agent, verdict=verdict, dollars=dollars)


def _said(row: Row, asked: Decimal) -> Iterator[tuple[Agent, Verdict, Decimal]]:
    yield Agent.DATA, Verdict.PROPOSED, asked
    before = row.allowed or Decimal(0)
    if row.approved is not None:
        yield Agent.RISK, _left(before, row.approved), before
        before = row.approved
    if row.validated is not None:
        yield Agent.VALIDATOR, Verdict.APPROVED if row.validated else Verdict.VETOED, before
    if row.decided is not None:
        yield Agent.META, _left(before, row.decided), before


def _left(before: Decimal, after: Decimal) -> Verdict:
    if not after:
        return Verdict.VETOED
    return Verdict.REDUCED if after < before else Verdict.APPROVED
