"""`strategies list` and `show`: what the books know of a desk's strategies, a section for each part of them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from rich.console import RenderableType

from adapters.postgres.engine import consistent, transaction
from adapters.postgres.spending import PostgresSpending
from adapters.postgres.strategy_reports import Share, StrategyReports, shares_of
from console import tables
from console.ladder import evidence
from console.output import Output, title
from console.strategies import Desk, desk_of
from console.strategy_tables import changes_of, listed, shown_on, summed, worth
from settings import Settings
from trading.evidence import missing
from trading.money import ZERO
from trading.portfolio import Portfolio
from trading.spending import SpendKey
from trading.strategy import Strategy

CYCLES, CHANGES = 5, 5


async def listing(settings: Settings, output: Output) -> int:
    """Every strategy of the desk with what it has, and what of the equity is given out."""
    async with desk_of(settings) as desk:
        known = tuple(desk.known.values())
        books, shares = await _shares(desk)
    reserve = books.cash - sum((share.part.cash for share in shares.values()), ZERO)
    output.show([_line(one, shares[one.strategy_id]) for one in known], *listed(known, shares, reserve, output))
    return 0


async def show(settings: Settings, output: Output, name: str) -> int:
    """What a strategy is, has and has shown on its rung, its last cycles, and who changed it last."""
    async with desk_of(settings) as desk:
        strategy = desk.named(name)
        share = (await _shares(desk))[1][name]
        shown = await evidence(desk, strategy)
        reports = StrategyReports(desk.books.engine, desk.books.desk_id, name)
        today, month = await _spent(desk, name)
        cycles, changes = await reports.cycles(limit=CYCLES), await reports.changes(limit=CHANGES)
    lacking = missing(shown, settings.strategies.bar)
    document = {"strategy": strategy, "breaker": share.breaker, "account": tables.value_of(share.part)}
    document |= {"spent_today_usd": today, "spent_this_month_usd": month}
    document |= {"evidence": shown, "missing": lacking, "cycles": cycles, "changes": changes}
    sections: list[RenderableType] = [
        title(f"Strategy {name} of {desk.books.desk_id}"),
        summed(strategy, share.breaker),
        title("Account"),
        worth(share.part, today, month),
    ]
    if share.part.positions:
        sections += ["", tables.positions(share.part, sectors=output.is_wide)]
    sections += shown_on(strategy.rung, shown, lacking)
    if cycles:
        sections += [title("Cycles"), tables.cycles(cycles, notes=output.is_wide)]
    if changes:
        sections += [title("Changes"), changes_of(changes)]
    output.show(document, *sections)
    return 0


async def _spent(desk: Desk, name: str) -> tuple[Decimal, Decimal]:
    """Dollars that its models took today and this month, by UTC."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    spending, found = PostgresSpending(desk.books.engine), []
    for since in (today, today.replace(day=1)):
        lines = await spending.lines(desk.books.desk_id, since, SpendKey.STRATEGY)
        found.append(sum((line.usd for line in lines if line.key == name), ZERO))
    return found[0], found[1]


async def _shares(desk: Desk) -> tuple[Portfolio, dict[str, Share]]:
    async with transaction(consistent(desk.books.engine)) as connection:
        return await shares_of(connection, desk.books.desk_id)


def _line(strategy: Strategy, share: Share) -> dict[str, object]:
    part = share.part
    had = {"equity": part.equity, "cash": part.cash, "positions": len(part.positions)}
    return {**strategy.model_dump(), "state": share.breaker.state, **had}
