"""`spend`: what models cost, by agent, model, strategy or day, and what is left of each budget."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from pydantic import AwareDatetime
from rich.console import RenderableType
from rich.text import Text

from adapters.postgres.spending import PostgresSpending
from console.desk import DeskBooks, books_of
from console.output import STYLES, Output, Tone, grid, pairs, plain, title, toned
from console.reach import reach
from settings import Settings
from trading.agents.budget import Budget, Caps, Level, Period, Spent, Tally, caps_of, strain
from trading.money import Record
from trading.spending import SpendKey, SpendLine, total_of
from wiring.budgets import budget_of

_TONES: dict[Level, Tone] = {
    Level.NORMAL: "plain",
    Level.FALLBACK: "odd",
    Level.SKIPPING: "odd",
    Level.CLOSED: "bad",
}


class Used(Record):
    """One budget, what counts against it now, and what that comes to; `of` names the strategy that has it."""

    period: Period
    unit: str
    of: str = ""
    used: Decimal | None
    most: Decimal
    level: Level


class Spending(Record):
    """What was spent since a moment, by what was asked for, and every budget."""

    desk: str
    by: SpendKey
    since: AwareDatetime
    lines: tuple[SpendLine, ...]
    total: SpendLine
    budgets: tuple[Used, ...]


async def spend(settings: Settings, output: Output, by: SpendKey, days: int) -> int:
    """What was spent in these days; all that counts against a budget counts here too."""
    async with books_of(reach(settings).database, settings.desk.id) as books:
        found = await read_spend(books, settings, by, days)
    lines, total = found.lines, found.total
    heading = title(f"Spent on models since {found.since:%Y-%m-%d}, by {by}")
    shown: list[RenderableType] = [_table(lines, total, by)] if lines else [toned("  nothing", "faint")]
    output.show(found, heading, *shown, *_notes(total), title("Budgets"), _budgets(found.budgets))
    return 0


async def read_spend(books: DeskBooks, settings: Settings, by: SpendKey, days: int) -> Spending:
    """What the desk's models took in these days, the last of them today, and how far each budget is used."""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    since, spending = midnight - timedelta(days=days - 1), PostgresSpending(books.engine)
    lines = await spending.lines(books.desk_id, since, by)
    used = [
        *await _desks(spending, books.desk_id, midnight, budget_of(settings.models)),
        *await _strategies(spending, books, midnight, budget_of(settings.models)),
    ]
    return Spending(desk=books.desk_id, by=by, since=since, lines=lines, total=total_of(lines), budgets=tuple(used))


async def _desks(spending: PostgresSpending, desk_id: str, midnight: datetime, budget: Budget) -> list[Used]:
    """The desk's budgets. What a cycle has spent is its own business: only its cap is shown."""
    day = await spending.spent(desk_id, midnight)
    month = await spending.spent(desk_id, midnight.replace(day=1))
    return _used(Spent(day=day, month=month), budget)


async def _strategies(spending: PostgresSpending, books: DeskBooks, midnight: datetime, budget: Budget) -> list[Used]:
    """The budgets of strategies that have one of their own."""
    today = {line.key: line.usd for line in await spending.lines(books.desk_id, midnight, SpendKey.STRATEGY)}
    found: list[Used] = []
    for one in await books.ledger.strategies(books.desk_id):
        spent = Spent(strategy=Tally(usd=today.get(one.strategy_id, Decimal(0))))
        own = Budget(strategy=Caps(usd=one.budget_usd_per_day), fallback_at=budget.fallback_at, skip_at=budget.skip_at)
        found += [each.model_copy(update={"of": one.strategy_id}) for each in _used(spent, own)]
    return found


def _used(spent: Spent, budget: Budget) -> list[Used]:
    found: list[Used] = []
    for cap in caps_of(spent, budget):
        alone = budget.model_copy(update={each: Caps() for each in Period if each is not cap.period})
        level = Level.NORMAL if cap.period is Period.CYCLE else strain(spent, alone).level
        used = None if cap.period is Period.CYCLE else cap.used
        found.append(Used(period=cap.period, unit=cap.unit, used=used, most=cap.most, level=level))
    return found


def _table(lines: Sequence[SpendLine], total: SpendLine, by: SpendKey) -> RenderableType:
    table = grid(by.value, ">calls", ">tokens", ">USD", ">settled", ">reserved", ">lost", ">worst case")
    for line in (*lines, total):
        amounts = (line.usd, line.settled_usd, line.reserved_usd, line.lost_usd, line.unpriced_usd)
        cells = [plain(line.key), f"{line.calls:,}", f"{line.tokens:,}", *map(_usd, amounts)]
        table.add_row(*cells, style=STYLES["faint"] if line is total else "")
    return table


def _notes(total: SpendLine) -> list[Text]:
    notes = []
    if total.lost_usd:
        notes.append("  lost: attempts that died or broke off; their vendor may have charged for them")
    if total.unpriced:
        worst = "at LLM_UNKNOWN_USD_PER_MILLION_TOKENS"
        notes.append(f"  worst case: {total.unpriced:,} calls without a known price, {worst}")
    return [toned(note, "odd") for note in notes]


def _budgets(used: Sequence[Used]) -> RenderableType:
    if not used:
        return toned("  none: LLM_MAX_USD_PER_DAY and its neighbours set them", "faint")
    return pairs([(f"{one.of or 'desk'}, a {'day' if one.of else one.period}", _line(one)) for one in used])


def _line(one: Used) -> Text:
    if one.used is None:
        return toned(f"{one.most:f} {one.unit}", "plain")
    part = f", {one.used / one.most:.0%}" if one.most else ""
    level = "" if one.level is Level.NORMAL else f": {one.level}"
    used = f"{one.used:.4f}" if one.unit == "dollars" else f"{one.used:,.0f}"
    return toned(f"{used} of {one.most:f} {one.unit}{part}{level}", _TONES[one.level])


def _usd(amount: Decimal) -> str:
    return f"{amount:,.4f}" if amount else ""
