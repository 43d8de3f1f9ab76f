"""`strategies challenge`, `challenges`, `crown`: other models or prompts beside a strategy until they have shown it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from rich.console import RenderableType
from rich.text import Text

from adapters.postgres.memory import PostgresMemory
from adapters.postgres.spending import PostgresSpending
from adapters.postgres.strategy_reports import StrategyReports
from console.days import EVER, LATEST
from console.output import Output, gain, grid, title, toned
from console.scoreboard import MOST
from console.strategies import Desk, Said, desk_of, vet
from console.strategy_tables import summed
from console.strategy_wish import Typed, made, wished
from settings import Settings
from trading.challenges import challenger_of, contest, crowned, no_challenge
from trading.contest import Contest, Showing
from trading.errors import BadConfiguration
from trading.memory import Remembered
from trading.money import ZERO, Record
from trading.spending import SpendKey
from trading.strategy import AGENTS, Strategy

_MOST_CHANGES = 1000


@dataclass(frozen=True)
class Crown:
    """What was typed to crown a challenger."""

    name: str
    force: bool = False


class Crowned(Record):
    """What the champion is now, and what its challenger had shown."""

    strategy: Strategy
    contest: Contest


async def challenge(settings: Settings, output: Output, wish: tuple[str, str | None, Typed], said: Said) -> int:
    """Add a shadow copy of a strategy with other seats. Raises BadConfiguration for what challenges nothing."""
    (name, of, typed), said = wish, said.checked()
    async with desk_of(settings) as desk:
        champion = desk.named(of or AGENTS)
        copy = made(Strategy, challenger_of(champion, name).model_dump(), name)
        challenger = wished(copy, typed) if any(typed.values()) else copy
        because = no_challenge(challenger, champion)
        if because is not None:
            raise BadConfiguration(because)
        await vet(settings, challenger)
        await desk.write([desk.changed(challenger, said, is_new=True)], output)
    done = f"  {name} thinks beside {champion.strategy_id}: `starter.py strategies challenges` shows how both do"
    output.show(challenger, summed(challenger), toned(done, "good"))
    return 0


async def challenges(settings: Settings, output: Output) -> int:
    """Every challenger against its champion."""
    async with desk_of(settings) as desk:
        found = await contests_of(desk)
    if not found:
        words = "  nobody challenges anybody: starter.py strategies challenge NAME --model validator=MODEL adds one"
        output.show([], title("Challengers"), toned(words, "faint"))
        return 0
    shown: list[RenderableType] = [title("Challengers")]
    for one in found:
        shown += [*_shown(one), ""]
    output.show(found, *shown[:-1])
    return 0


async def contests_of(desk: Desk) -> list[Contest]:
    """Every challenger against its champion. Raises BadConfiguration for one whose champion is gone."""
    challengers = [one for one in desk.known.values() if one.challenges]
    known = await _remembered(desk) if challengers else ()
    return [await _held(desk, one, known) for one in challengers]


async def crown(settings: Settings, output: Output, wish: Crown, said: Said) -> int:
    """Give a challenger's models and prompts to its champion, and let the challenger go.

    Raises BadConfiguration, and changes nothing, where something of the bar is missing and nobody forces it.
    """
    said = said.checked()
    async with desk_of(settings) as desk:
        challenger = desk.named(wish.name)
        champion = _champion(desk, challenger)
        shown = await _held(desk, challenger, await _remembered(desk))
        output.say(*_shown(shown), "")
        if shown.missing and not (wish.force and said.reason):
            more = "" if wish.force else "--force and "
            raise BadConfiguration(f"not enough for the crown: {'; '.join(shown.missing)} (else {more}--reason)")
        now = crowned(champion, challenger)
        await vet(settings, now)
        forced = bool(shown.missing)
        taken = desk.changed(now, said, seen=champion, contest=shown, forced=forced)
        await desk.write([taken, desk.changed(challenger, said, seen=challenger, removed=True)], output)
    done = f"  {champion.strategy_id} has the models and prompts of {wish.name}, from its next cycle on"
    output.show(Crowned(strategy=now, contest=shown), toned(done, "good"))
    return 0


async def _held(desk: Desk, challenger: Strategy, known: Sequence[Remembered]) -> Contest:
    champion = _champion(desk, challenger)
    since = await _added(desk, challenger)
    lines = await PostgresSpending(desk.books.engine).lines(desk.books.desk_id, since, SpendKey.STRATEGY)
    spent = {line.key: line.usd for line in lines}
    pair = challenger, champion
    ours, theirs = (spent.get(one.strategy_id, ZERO) for one in pair)
    return contest(pair, known, (ours, theirs), desk.settings.strategies.challenge_bar)


async def _remembered(desk: Desk) -> tuple[Remembered, ...]:
    memory, desk_id = PostgresMemory(desk.books.engine), desk.books.desk_id
    return (*await memory.resolved(desk_id, LATEST, MOST), *await memory.pending(desk_id))


async def _added(desk: Desk, challenger: Strategy) -> datetime:
    """When it was added, by the clock by which money is spent."""
    reports = StrategyReports(desk.books.engine, desk.books.desk_id, challenger.strategy_id)
    added = [line.at for line in await reports.changes(limit=_MOST_CHANGES) if line.what == "added"]
    return max(added, default=EVER)


def _champion(desk: Desk, challenger: Strategy) -> Strategy:
    """Whom it challenges. Raises BadConfiguration when it challenges nobody, or somebody who is gone."""
    name = challenger.strategy_id
    if challenger.challenges is None:
        raise BadConfiguration(f"{name} challenges nobody")
    if challenger.challenges not in desk.known:
        raise BadConfiguration(f"{name} challenges {challenger.challenges}, which is gone: remove it")
    return desk.known[challenger.challenges]


def _shown(one: Contest) -> list[RenderableType]:
    table = grid("strategy", ">resolved", ">pending", ">traded", ">hits", ">Brier", ">made", ">models", ">left")
    for who in (one.champion, one.challenger):
        table.add_row(*_cells(who))
    since = "" if one.since_at is None else f"  decided since {one.since_at:%Y-%m-%d %H:%M} UTC, the challenger's first"
    verdict = f"  missing for the crown: {'; '.join(one.missing)}" if one.missing else "  enough for the crown"
    lines: list[RenderableType] = [table, toned(verdict, "odd" if one.missing else "good")]
    return [*lines, toned(since, "faint")] if since else lines


def _cells(who: Showing) -> list[str | Text]:
    hits = "" if who.hit_rate is None else f"{who.hit_rate:.0%}"
    score = "" if who.brier is None else f"{who.brier:.4f}"
    counts = [f"{who.resolved}", f"{who.pending}", f"{who.traded}", hits, score]
    return [who.strategy_id, *counts, gain(who.pnl), _usd(who.cost_usd), gain(who.net)]


def _usd(amount: Decimal) -> str:
    return f"{amount:,.2f}"
