"""`agents scoreboard` and `agents ablation`: the agents by what became of what they spoke of."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field
from rich.console import RenderableType
from rich.text import Text

from adapters.postgres.chronicle import PostgresChronicle
from adapters.postgres.memory import PostgresMemory
from console.days import span
from console.desk import DeskBooks, books_of
from console.output import Output, gain, grid, plain, title, toned
from console.reach import reach
from settings import Settings
from trading.ablation import Ablation, Stage, ablate
from trading.errors import BadConfiguration
from trading.memory import Remembered
from trading.money import Record
from trading.scores import AgentScore
from trading.scoring import scores, spoken

MOST = 50_000
"""Memories that one look reads: years of them."""
SEED = 7
"""Twice asked, an interval is the same."""
_WIDE = 98
"""Columns from which on an ablation shows both sums, and not only their difference."""
_STAGES: Mapping[str, Stage] = {
    **{stage.lower(): stage for stage in Stage},
    "risk": Stage.RISK,
    "meta": Stage.META,
    "bull": Stage.DEBATE,
    "bear": Stage.DEBATE,
}
_NOTES = (
    "  approved, vetoed: dollars made by what was let pass, and by what was stopped had it been let pass",
    "  Brier: 0 is perfect, 0.25 a coin; agree: how often the others said the same",
)


class Within(NamedTuple):
    """Which memories count: resolved on these days, of one strategy."""

    since: str | None = None
    until: str | None = None
    strategy: str | None = None


class Known(NamedTuple):
    """What has resolved, what is still pending, and what the calls behind it took."""

    resolved: tuple[Remembered, ...]
    pending: int
    costs: Mapping[str, Decimal]


class Scoreboard(Record):
    """What has resolved, so many more pending: the agents' scores, a line a seat, and what each stage was worth."""

    desk: str
    resolved: Annotated[int, Field(examples=[42])]
    pending: Annotated[int, Field(examples=[3])]
    scores: tuple[AgentScore, ...]
    stages: tuple[Ablation, ...]


async def scoreboard(settings: Settings, output: Output, within: Within) -> int:
    """A line a seat: an agent under one model and one version of its prompt."""
    known = await _known(settings, within)
    found = scores(known.resolved, known.costs)
    document = {"desk": settings.desk.id, "resolved": len(known.resolved), "pending": known.pending, "scores": found}
    heading = title(f"Agents by {len(known.resolved)} setups that have resolved ({known.pending} are pending)")
    shown: list[RenderableType] = [heading, score_table(found), _calibration(found), *map(_faint, _NOTES)]
    output.show(document, *(shown if found else [heading, _nothing(known)]))
    return 0


async def ablation(settings: Settings, output: Output, agent: str | None, within: Within) -> int:
    """A line a stage: what decisions made with it, and would have made without."""
    stages = tuple(Stage) if agent is None else (_stage(agent),)
    known = await _known(settings, within)
    generator = np.random.default_rng(SEED)
    found = [ablate(stage, known.resolved, known.costs, generator) for stage in stages]
    document = {"desk": settings.desk.id, "resolved": len(known.resolved), "pending": known.pending, "stages": found}
    heading = title(f"With and without, over {len(known.resolved)} setups that have resolved")
    shown = [heading, _ablations(found, output), *_verdicts(found)]
    output.show(document, *(shown if any(one.setups for one in found) else [heading, _nothing(known)]))
    return 0


def score_table(found: Sequence[AgentScore]) -> RenderableType:
    """The scores, a line each."""
    table = grid(
        "agent", "~model and prompt", ">said", ">right", ">Brier", ">approved", ">vetoed", ">USD each", ">agree"
    )
    for one in found:
        numbers: list[RenderableType] = [
            _percent(one.hit_rate),
            _number(one.brier),
            gain(one.approved_pnl),
            gain(one.vetoed_pnl),
        ]
        costs = ["" if one.cost_per_decision is None else f"{one.cost_per_decision:.4f}", _percent(one.agreement)]
        table.add_row(one.agent, plain(f"{one.model} {one.prompt_version}"), f"{one.opinions}", *numbers, *costs)
    return table


async def read_scoreboard(books: DeskBooks, within: Within) -> Scoreboard:
    """Scores and stages together. Raises BadConfiguration for days that end before they begin."""
    known = await _known_of(books, within)
    # Thousands of draws are work: others are answered meanwhile.
    return await asyncio.to_thread(_summed, books.desk_id, known)


def _summed(desk_id: str, known: Known) -> Scoreboard:
    generator = np.random.default_rng(SEED)
    return Scoreboard(
        desk=desk_id,
        resolved=len(known.resolved),
        pending=known.pending,
        scores=tuple(scores(known.resolved, known.costs)),
        stages=tuple(ablate(stage, known.resolved, known.costs, generator) for stage in Stage),
    )


async def _known(settings: Settings, within: Within) -> Known:
    async with books_of(reach(settings).database, settings.desk.id) as books:
        return await _known_of(books, within)


async def _known_of(books: DeskBooks, within: Within) -> Known:
    since, until = span(within.since, within.until)
    memory = PostgresMemory(books.engine)
    resolved = [
        one
        for one in await memory.resolved(books.desk_id, until, MOST)
        if one.outcome and since <= one.outcome.resolved_at < until and _is_of(one, within)
    ]
    pending = sum(_is_of(one, within) for one in await memory.pending(books.desk_id))
    calls = {name for one in resolved for voice in spoken(one.setup) for name in voice.call_ids}
    costs = await PostgresChronicle(books.engine).costs(sorted(calls))
    return Known(tuple(resolved), pending, costs)


def _is_of(memory: Remembered, within: Within) -> bool:
    return within.strategy in (None, memory.setup.strategy_id)


def _stage(said: str) -> Stage:
    stage = _STAGES.get(said.lower())
    if stage is None:
        raise BadConfiguration(f"nothing can be decided without the {said}, or there is none: name {_named()}")
    return stage


def _named() -> str:
    return "validator, risk, meta or debate"


def _nothing(known: Known) -> Text:
    if known.pending:
        return toned(
            f"  nothing to score yet: {known.pending} decisions are pending. One resolves when its trade ends, or what "
            "it would have been; each cycle and each close looks",
            "faint",
        )
    return toned("  nothing to score: no decision is remembered of these days (run a cycle: starter.py run)", "faint")


def _calibration(found: Sequence[AgentScore]) -> Text:
    """What came true of what was said, a line a seat that states a confidence."""
    lines = [
        Text.assemble(
            (f"  {one.agent:<12}", "dim"),
            "  ".join(f"{step.said:.2f} → {step.came:.2f} ({step.count})" for step in one.calibration),
        )
        for one in found
        if one.calibration
    ]
    return Text("\n").join([toned("\n  said → came true (how often)", "faint"), *lines]) if lines else Text()


def _ablations(found: Sequence[Ablation], output: Output) -> RenderableType:
    wide = output.console.width >= _WIDE
    dollars = (">made", ">would have") if wide else ()
    table = grid("without", ">setups", ">changed", *dollars, ">earned", ">cost", ">net", ">95 of 100 times")
    for one in found:
        low, high = one.interval.low, one.interval.high
        between = "" if low is None or high is None else f"{low:+,.0f} to {high:+,.0f}"
        cells: list[RenderableType] = [f"{one.setups}", f"{one.changed}"]
        cells += [f"{one.pnl_with:,.2f}", f"{one.pnl_without:,.2f}"] if wide else []
        cells += [gain(one.earned), f"{one.cost_usd:,.2f}", gain(one.net_usd)]
        table.add_row(one.stage, *cells, between)
    return table


def _verdicts(found: Sequence[Ablation]) -> list[RenderableType]:
    lines: list[RenderableType] = [_verdict(one) for one in found if one.setups]
    lines.append(_faint("  what was taken away is given back, setup by setup, at what each share made: docs/memory.md"))
    if sum(one.unpriced for one in found):
        lines.append(
            toned(f"  {sum(one.unpriced for one in found)} calls have no known price and count as free", "odd")
        )
    return lines


def _verdict(one: Ablation) -> Text:
    low, high = one.interval.low, one.interval.high
    if not one.changed:
        return toned(f"  {one.stage}: took nothing away so far, for {one.cost_usd:,.2f} USD", "odd")
    if low is not None and low > 0:
        return toned(f"  {one.stage}: worth its tokens, {one.net_usd:,.2f} USD beyond them", "good")
    if high is not None and high < 0:
        return toned(f"  {one.stage}: not worth its tokens, {-one.net_usd:,.2f} USD were lost by it", "bad")
    return toned(f"  {one.stage}: {one.net_usd:+,.2f} USD so far, which may be luck", "odd")


def _faint(words: str) -> Text:
    return toned(words, "faint")


def _percent(part: float | None) -> str:
    return "" if part is None else f"{part:.0%}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
