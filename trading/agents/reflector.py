"""The Reflector: one question a resolved memory, read as one lesson."""

from __future__ import annotations

from trading.agents.answers import LessonAnswer
from trading.agents.envelope import enclose
from trading.agents.facts import Number, sector
from trading.agents.posing import Prompt, pose
from trading.agents.questions import Agent, Asking, Question
from trading.agents.reading import read_answer
from trading.errors import BooksDisagree
from trading.features import FEATURES
from trading.instruments import Side, Symbol
from trading.memory import Course, Outcome, Remembered, Setup, Voice
from trading.money import Record

_REASONING_LENGTH = 1200
_REGIME = "regime:"


class Said(Record):
    """Who was for it or against, and how sure that it would work out."""

    agent: Agent
    approves: bool
    confidence: Number | None

    @classmethod
    def of(cls, voice: Voice) -> Said:
        """One agent's word."""
        return cls(agent=voice.agent, approves=voice.approves, confidence=voice.confidence)


class Case(Record):
    """What was decided on; prices in dollars a share."""

    symbol: Symbol
    sector: str
    side: Side
    price: Number
    stop: Number | None
    target: Number | None
    horizon_days: int
    regime: str
    figures: dict[str, Number]

    @classmethod
    def of(cls, setup: Setup, features: tuple[float, ...]) -> Case:
        """One setup, by the names of its numbers."""
        named = dict(zip(FEATURES, features, strict=False))
        return cls(
            symbol=setup.symbol,
            sector=sector(setup.sector),
            side=setup.side,
            price=float(setup.price),
            stop=None if setup.stop is None else float(setup.stop),
            target=None if setup.target is None else float(setup.target),
            horizon_days=setup.horizon_days,
            regime=next((name.removeprefix(_REGIME) for name, on in named.items() if on and _REGIME in name), ""),
            figures={name: value for name, value in named.items() if ":" not in name and name != "side"},
        )


class Came(Record):
    """What it came to; fractions of the entry, a gain is positive."""

    course: Course
    return_fraction: Number
    benchmark_return: Number | None
    sessions: int
    best: Number
    worst: Number
    exit_reason: str

    @classmethod
    def of(cls, outcome: Outcome) -> Came:
        """One outcome."""
        return cls(**{name: getattr(outcome, name) for name in cls.model_fields})


class ReflectorFacts(Record):
    """What the Reflector is told: a setup, what was said of it, and what it came to."""

    setup: Case
    reasoning: str
    voices: tuple[Said, ...]
    outcome: Came


def question(prompt: Prompt, memory: Remembered, ask: Asking) -> Question:
    """Ask what a resolved memory teaches. Raises BooksDisagree for one that is not resolved."""
    setup = memory.setup
    if memory.outcome is None:
        raise BooksDisagree(f"memory {setup.memory_id} is not resolved")
    told = ReflectorFacts(
        setup=Case.of(setup, memory.features),
        reasoning=enclose(setup.reasoning, _REASONING_LENGTH),
        voices=tuple(Said.of(voice) for voice in setup.voices),
        outcome=Came.of(memory.outcome),
    )
    return pose(prompt, told, LessonAnswer, ask)


def read(text: str) -> str:
    """Read the lesson. Raises UnreadableAnswer."""
    return read_answer(text, LessonAnswer).lesson
