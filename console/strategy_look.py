"""`strategies list` and `show`: what the books know of a desk's strategies, a section for each part of them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from rich.console import RenderableType

from adapters.postgres.engine import consistent, transaction
from adapters.postgres.reports import CycleSummary
from adapters.postgres.spending import PostgresSpending
from adapters.postgres.strategy_reports import ChangeLine, Share, StrategyReports, shares_of
from console import tables
from console.ladder import evidence
from console.output import Output, title
from console.strategies import Desk, desk_of
from console.strategy_tables import changes_of, listed, shown_on, summed, worth
from settings import Settings
from trading.evidence import Evidence, missing
from trading.money import ZERO
from trading.portfolio import Portfolio
from trading.spending import SpendKey
from trading.strategy import Strategy

CYCLES, CHANGES = 5, 5


async def listing(settings: Settings, output: Output) -> int:
    """Every strategy of the desk with what it has, and what of the equity is given out."""
    async with desk_of(settings) as desk:
        known = tuple(desk.known.values())
        books, shares = await shares_now(desk)
    reserve = books.cash - sum((share.part.cash for share in shares.values()), ZERO)
    output.show([line_of(one, shares[one.strategy_id]) for one in known], *listed(known, shares, reserve, output))
    return 0


async def show(settings: Settings, output: Output, name: str) -> int:
    """What a strategy is, has and has shown on its rung, its last cycles, and who changed it last."""
    async with desk_of(settings) as desk:
        seen = await seen_of(desk, name)
    strategy, share = seen.strategy, seen.share
    sections: list[RenderableType] = [
        title(f"Strategy {name} of {settings.desk.id}"),
        summed(strategy, share.breaker),
        title("Account"),
        worth(share.part, *seen.spent),
    ]
    if share.part.positions:
        sections += ["", tables.positions(share.part, sectors=output.is_wide)]
    sections += shown_on(strategy.rung, seen.evidence, seen.missing)
    if seen.cycles:
        sections += [title("Cycles"), tables.cycles(seen.cycles, notes=output.is_wide)]
    if seen.changes:
        sections += [title("Changes"), changes_of(seen.changes)]
    output.show(seen.document, *sections)
    return 0


class Seen(NamedTuple):
    """All that is told of one strategy; `spent` is today's dollars and this month's."""

    strategy: Strategy
    share: Share
    spent: tuple[Decimal, Decimal]
    evidence: Evidence
    missing: tuple[str, ...]
    cycles: list[CycleSummary]
    changes: list[ChangeLine]

    @property
    def document(self) -> dict[str, object]:
        """For a program."""
        today, month = self.spent
        account = {"breaker": self.share.breaker, "account": tables.value_of(self.share.part)}
        spent = {"spent_today_usd": today, "spent_this_month_usd": month}
        told = {name: getattr(self, name) for name in ("evidence", "missing", "cycles", "changes")}
        return {"strategy": self.strategy, **account, **spent, **told}


async def seen_of(desk: Desk, name: str) -> Seen:
    """Look at one strategy. Raises BadConfiguration when the desk has none of that name."""
    strategy = desk.named(name)
    shown = await evidence(desk, strategy)
    reports = StrategyReports(desk.books.engine, desk.books.desk_id, name)
    return Seen(
        strategy=strategy,
        share=(await shares_now(desk))[1][name],
        spent=await _spent(desk, name),
        evidence=shown,
        missing=missing(shown, desk.settings.strategies.bar),
        cycles=await reports.cycles(limit=CYCLES),
        changes=await reports.changes(limit=CHANGES),
    )


async def _spent(desk: Desk, name: str) -> tuple[Decimal, Decimal]:
    """Dollars that its models took today and this month, by UTC."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    spending, found = PostgresSpending(desk.books.engine), []
    for since in (today, today.replace(day=1)):
        lines = await spending.lines(desk.books.desk_id, since, SpendKey.STRATEGY)
        found.append(sum((line.usd for line in lines if line.key == name), ZERO))
    return found[0], found[1]


async def shares_now(desk: Desk) -> tuple[Portfolio, dict[str, Share]]:
    """The desk's books, and what each strategy has of them, at one instant."""
    async with transaction(consistent(desk.books.engine)) as connection:
        return await shares_of(connection, desk.books.desk_id)


def line_of(strategy: Strategy, share: Share) -> dict[str, object]:
    """A strategy with its state and what it has, for a program."""
    part = share.part
    had = {"equity": part.equity, "cash": part.cash, "positions": len(part.positions)}
    return {**strategy.model_dump(), "state": share.breaker.state, **had}
