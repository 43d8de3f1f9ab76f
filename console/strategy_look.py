"""`strategies show`: all that is known of one strategy, a section for each part of the books."""

from __future__ import annotations

from adapters.postgres.strategy_reports import StrategyReports
from console import tables
from console.ladder import evidence
from console.output import Output, grid, plain, title
from console.strategies import desk_of
from console.strategy_tables import shown_on, summed
from settings import Settings
from trading.evidence import missing

CYCLES, CHANGES = 5, 5


async def show(settings: Settings, output: Output, name: str) -> int:
    """What a strategy is, what it has shown on its rung, its last cycles, and who changed it last."""
    async with desk_of(settings) as desk:
        strategy = desk.named(name)
        shown = await evidence(desk, strategy)
        reports = StrategyReports(desk.books.engine, desk.books.desk_id, name)
        cycles, changes = await reports.cycles(limit=CYCLES), await reports.changes(limit=CHANGES)
    lacking = missing(shown, settings.strategies.bar)
    document = {"strategy": strategy, "evidence": shown, "missing": lacking, "cycles": cycles, "changes": changes}
    table = grid("when", "by", "what", "~why")
    for one in changes:
        table.add_row(f"{one.at:%Y-%m-%d %H:%M}", plain(one.by), one.what, plain(one.reason))
    output.show(
        document,
        title(f"Strategy {name} of {desk.books.desk_id}"),
        summed(strategy),
        *shown_on(strategy.rung, shown, lacking),
        *([title("Cycles"), tables.cycles(cycles, notes=output.is_wide)] if cycles else []),
        *([title("Changes"), table] if changes else []),
    )
    return 0
