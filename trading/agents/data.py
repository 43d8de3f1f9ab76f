"""The DataAgent: one question a symbol, read as a signal."""

from __future__ import annotations

from decimal import Decimal

from trading.agents.answers import SignalAnswer
from trading.agents.facts import Books, Figures, name, sector
from trading.agents.posing import pose
from trading.agents.prompts import DATA
from trading.agents.questions import Asking, Question
from trading.agents.reading import one_each, read_answer
from trading.instruments import Symbol
from trading.market import SymbolFacts
from trading.money import Record
from trading.signals import Signal


class DataFacts(Record):
    """What the DataAgent is told: one symbol's figures, and the books as far as they concern it."""

    symbol: Symbol
    name: str
    sector: str
    figures: Figures
    books: Books


def question(facts: SymbolFacts, books: Books, ask: Asking) -> Question:
    """Ask what to do with one symbol."""
    instrument = facts.instrument
    told = DataFacts(
        symbol=instrument.symbol,
        name=name(facts),
        sector=sector(instrument.sector),
        figures=Figures.of(facts),
        books=books,
    )
    return pose(DATA, told, SignalAnswer, ask)


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
