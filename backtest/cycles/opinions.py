"""What each agent thought of each order, by the rows that its cycle left."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from backtest.results.result import Opinion, Verdict
from trading.agents.questions import Agent
from trading.docket import CycleOutcome, CycleReport, Row
from trading.signals import Action

_SIGNS = {Action.BUY: 1, Action.SELL: -1}
Said = tuple[Agent, Verdict, Decimal]
"""An agent, his verdict, and the shares that he judged."""


def opinions_of(on: date, report: CycleReport) -> tuple[Opinion, ...]:
    """Every opinion of a day's agents, in the order in which they were asked; of a cycle that failed there is none."""
    if report.outcome in {CycleOutcome.FAILED, CycleOutcome.SKIPPED}:
        return ()
    return tuple(
        Opinion(
            decided_on=on,
            symbol=row.symbol,
            agent=agent.value,
            verdict=verdict,
            dollars=float(_SIGNS.get(row.action or Action.HOLD, 0) * shares * (row.price or 0)),
        )
        for row in report.rows
        for agent, verdict, shares in said_of(row)
    )


def said_of(row: Row) -> Iterator[Said]:
    """The agents' verdicts on one symbol: the DataAgent's order, then what each later one made of what came to him.

    An agent whose answer is lacking abstained. What code's limits cut off is no opinion, and what the DataAgent wants
    to hold is none either.
    """
    if row.price is None:
        return
    if row.action is None:
        yield Agent.DATA, Verdict.ABSTAINED, Decimal(0)
        return
    if row.action not in _SIGNS or not row.asked:
        return
    yield Agent.DATA, Verdict.PROPOSED, row.asked
    if row.allowed:
        yield Agent.RISK, _judged(row.approved, row.allowed), row.allowed
    if row.approved:
        yield from _validated(row, row.approved)


def _validated(row: Row, approved: Decimal) -> Iterator[Said]:
    if row.validated is not None:
        silent = row.note.startswith(f"{Agent.VALIDATOR}: ")
        verdict = Verdict.APPROVED if row.validated else Verdict.ABSTAINED if silent else Verdict.VETOED
        yield Agent.VALIDATOR, verdict, approved
    if row.validated is not False:
        yield Agent.META, _judged(row.decided, approved), approved


def _judged(left: Decimal | None, whole: Decimal) -> Verdict:
    if left is None:
        return Verdict.ABSTAINED
    return Verdict.VETOED if not left else Verdict.REDUCED if left < whole else Verdict.APPROVED
