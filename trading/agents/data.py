"""The DataAgent: one question a symbol, read as a signal."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from trading.agents.answers import SignalAnswer
from trading.agents.companies import Reports, Worth
from trading.agents.envelope import mixed_scripts
from trading.agents.facts import Books, Figures, Headline, name, sector
from trading.agents.posing import Prompt, pose
from trading.agents.questions import Asking, Question
from trading.agents.reading import one_each, read_answer
from trading.instruments import Symbol
from trading.market import SymbolFacts
from trading.money import Record
from trading.signals import Signal


class DataFacts(Record):
    """What the DataAgent is told: one symbol's figures and headlines, and the books as far as they concern it.

    `fundamentals` and `earnings` are left out where the provider has none.
    """

    symbol: Symbol
    name: str
    mixed_scripts: bool
    sector: str
    figures: Figures
    headlines: tuple[Headline, ...] = ()
    fundamentals: Annotated[Worth | None, Field(exclude_if=lambda told: told is None)] = None
    earnings: Annotated[Reports | None, Field(exclude_if=lambda told: told is None)] = None
    books: Books


def question(prompt: Prompt, facts: SymbolFacts, books: Books, as_of: datetime, ask: Asking) -> Question:
    """Ask what to do with one symbol, as it was seen at a moment."""
    instrument = facts.instrument
    told = DataFacts(
        symbol=instrument.symbol,
        name=name(facts),
        mixed_scripts=mixed_scripts([instrument.name]),
        sector=sector(instrument.sector),
        figures=Figures.of(facts),
        headlines=Headline.newest(facts.news, as_of),
        fundamentals=Worth.of(facts, as_of),
        earnings=Reports.of(facts, as_of),
        books=books,
    )
    return pose(prompt, told, SignalAnswer, ask)


def read(text: str, symbol: str) -> Signal:
    """Read the answer about one symbol. Raises UnreadableAnswer."""
    [answer] = one_each([read_answer(text, SignalAnswer)], [symbol])
    return Signal(
        symbol=answer.symbol,
        action=answer.action,
        confidence=float(answer.confidence),
        weight=answer.weight or None,
        quantity=Decimal(answer.quantity) if answer.quantity else None,
        stop=answer.stop,
        target=answer.target,
        horizon_days=answer.horizon_days,
        reasoning=answer.reasoning,
    )
