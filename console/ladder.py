"""`strategies promote` and `demote`: one rung up with the evidence in view, any rung down at once."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from adapters.postgres.engine import transaction
from adapters.postgres.evidence import read_history
from console.init import Person
from console.output import Output, toned
from console.strategies import Desk, Said, desk_of
from console.strategy_tables import shown_on
from settings import Settings
from trading.errors import BadConfiguration
from trading.evidence import Evidence, evidence_of, missing
from trading.money import Record
from trading.strategy import Rung, Strategy
from wiring.brokers import check_route

RUNGS = tuple(Rung)


@dataclass(frozen=True)
class Climb:
    """What was typed to promote a strategy."""

    name: str
    to: str | None = None
    evidence_of: str | None = None
    yes: bool = False
    confirm: str | None = None
    force: bool = False


class Climbed(Record):
    """A promotion: what the strategy is now, what it had shown, and what of the bar was missing."""

    strategy: Strategy
    evidence: Evidence
    missing: tuple[str, ...]


async def promote(settings: Settings, output: Output, climb: Climb, said: Said) -> int:
    """Show what a strategy has done on its rung and let it go one further, on a person's word.

    Raises BadConfiguration, and changes nothing, where that word, a switch or a part of the bar is missing.
    """
    said = said.checked()
    async with desk_of(settings) as desk:
        was = desk.named(climb.name)
        now = was.model_copy(update={"rung": _above(was, climb.to)})
        shown = await evidence(desk, was, climb.evidence_of)
        lacking = missing(shown, settings.strategies.bar)
        output.say(*shown_on(was.rung, shown, lacking), "")
        _agreed(settings, output, (climb, said, now.rung), lacking)
        forced = now.rung is Rung.LIVE and bool(lacking)
        await desk.write([desk.changed(now, said, seen=was, evidence=shown, forced=forced)], output)
    done = f"  {climb.name} is on the rung {now.rung}" + (", WITH REAL MONEY" if now.rung is Rung.LIVE else "")
    output.show(Climbed(strategy=now, evidence=shown, missing=lacking), toned(done, "good"))
    return 0


async def demote(settings: Settings, output: Output, wish: tuple[str, str | None], said: Said) -> int:
    """Take a strategy down; nothing has to be shown for that."""
    (name, to), said = wish, said.checked()
    async with desk_of(settings) as desk:
        was = desk.named(name)
        now = was.model_copy(update={"rung": _below(was, to)})
        await desk.write([desk.changed(now, said, seen=was)], output)
    output.show(now, toned(f"  {name} is on the rung {now.rung}; what it holds keeps its exits and stops", "good"))
    return 0


async def evidence(desk: Desk, strategy: Strategy, other: str | None = None) -> Evidence:
    """What a strategy has shown on its rung, here or on another desk of these books, where it is on its own rung."""
    desk_id = other or desk.books.desk_id
    if other is not None:
        there = await desk.books.ledger.strategy(other, strategy.strategy_id)
        if there is None:
            raise BadConfiguration(f"desk {other} has no strategy {strategy.strategy_id}")
        strategy = there
    async with transaction(desk.books.engine) as connection:
        history = await read_history(connection, desk_id, strategy)
    if history is None:
        raise BadConfiguration(f"desk {desk_id} has no books")
    return evidence_of(history)


def _agreed(settings: Settings, output: Output, asked: tuple[Climb, Said, Rung], lacking: tuple[str, ...]) -> None:
    """Have a person say so. Raises BadConfiguration when nobody does."""
    climb, said, rung = asked
    if rung is not Rung.LIVE:
        if not (climb.yes or (_at_terminal(output) and Person().agrees(f"Let {climb.name} trade on {rung}?"))):
            raise BadConfiguration(f"{climb.name} stays where it is: nobody said yes (--yes)")
        return
    _switched_on(settings)
    if lacking and not (climb.force and said.reason):
        more = "" if climb.force else "--force and "
        raise BadConfiguration(f"not enough for real money: {'; '.join(lacking)} (else {more}--reason)")
    typed = climb.confirm
    if typed is None and _at_terminal(output):
        typed = Person().ask(f"{climb.name} will trade with real money. Type its name: ", hidden=False)
    if typed != climb.name:
        raise BadConfiguration(f"{climb.name} stays where it is: its name was not typed (--confirm {climb.name})")


def _switched_on(settings: Settings) -> None:
    """The first of the two switches for real money: that of the desk, which no command can turn."""
    if settings.trading.mode != "live":
        raise BadConfiguration("this desk is on paper, where the rung paper trades: TRADING_MODE=live comes first")
    check_route(settings)


def _above(was: Strategy, to: str | None) -> Rung:
    wanted = _rung(to) if to else RUNGS[min(RUNGS.index(was.rung) + 1, len(RUNGS) - 1)]
    if RUNGS.index(wanted) <= RUNGS.index(was.rung):
        raise BadConfiguration(f"{was.strategy_id} is on the rung {was.rung}: that is no promotion to {wanted}")
    return wanted


def _below(was: Strategy, to: str | None) -> Rung:
    wanted = _rung(to) if to else RUNGS[max(RUNGS.index(was.rung) - 1, 0)]
    if RUNGS.index(wanted) >= RUNGS.index(was.rung):
        raise BadConfiguration(f"{was.strategy_id} is on the rung {was.rung}: that is no demotion to {wanted}")
    return wanted


def _rung(said: str) -> Rung:
    if said not in RUNGS:
        raise BadConfiguration(f"no such rung: {said} (there are {', '.join(RUNGS)})")
    return Rung(said)


def _at_terminal(output: Output) -> bool:
    return sys.stdin.isatty() and not output.as_json
