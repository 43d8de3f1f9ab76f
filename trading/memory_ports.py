"""What memory needs of the world."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Protocol

from pydantic import AwareDatetime, Field

from trading.instruments import Side, Symbol
from trading.memory import Outcome, Recalled, Remembered
from trading.money import DeskId, Identifier, Record
from trading.steps import Grounds

Vector = tuple[float, ...]


class NearestAsked(Record):
    """Which resolved entries of a desk are nearest to these features: of one side, and won or lost where that is said.

    Nothing that was resolved after `as_of`, or decided at or after it.
    """

    desk_id: DeskId
    side: Side
    as_of: AwareDatetime
    features: Vector
    won: bool | None = None
    most: Annotated[int, Field(ge=1, le=100)] = 5


class SearchAsked(Record):
    """Which memories of a desk, pending ones too, say something nearest to these words."""

    desk_id: DeskId
    as_of: AwareDatetime
    embedding: Vector
    embedder: str
    symbol: Symbol | None = None
    most: Annotated[int, Field(ge=1, le=100)] = 10


class Embedder(Protocol):
    """A model that turns texts into vectors of unit length, of which like texts have near ones."""

    name: str
    """Vectors of different embedders are not compared."""

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """One vector of `EMBEDDING_SIZE` numbers a text. Raises ModelUnavailable or ModelRefused."""
        ...


EMBEDDING_SIZE = 256
"""Numbers in the vector of a text: what the small model has, and what OpenAI's are asked for."""


class Found(Record):
    """A memory that a search found, with its distance."""

    memory: Remembered
    distance: float


class Memory(Protocol):
    """All memories of all desks. Every method is one transaction, and harmless to repeat."""

    async def remember(self, memories: Sequence[Remembered], embeddings: Sequence[Vector], embedder: str) -> None:
        """Keep pending memories with the embeddings of their reasoning. One that is there is left."""
        ...

    async def pending(self, desk_id: str, most: int | None = None) -> tuple[Remembered, ...]:
        """A desk's memories that are not resolved yet, the oldest first; at most so many."""
        ...

    async def follow(self, memories: Sequence[Remembered]) -> None:
        """Keep how far the thoughts of pending memories have come."""
        ...

    async def resolve(self, outcomes: Sequence[tuple[str, Outcome]]) -> None:
        """Resolve memories, by id, once: a later outcome of the same memory is left."""
        ...

    async def learn(self, memory_id: str, lesson: str) -> None:
        """Keep the lesson of a resolved memory; the first one stays."""
        ...

    async def nearest(self, asked: NearestAsked) -> tuple[Recalled, ...]:
        """The nearest resolved entries, nearest first."""
        ...

    async def search(self, asked: SearchAsked) -> tuple[Found, ...]:
        """The memories whose reasoning is nearest in meaning, nearest first."""
        ...

    async def find(self, desk_id: str, memory_ids: Sequence[Identifier]) -> tuple[Remembered, ...]:
        """These memories, as far as the desk has them."""
        ...

    async def resolved(self, desk_id: str, until: datetime, most: int) -> tuple[Remembered, ...]:
        """The newest resolved memories up to a moment, oldest first."""
        ...


class GroundsKept(Protocol):
    """What past cycles decided from, so that they can be decided again."""

    async def keep(self, grounds: Grounds) -> None:
        """Keep a cycle's grounds. Keeping them twice keeps the first."""
        ...

    async def load(self, desk_id: str, cycle_id: str) -> Grounds:
        """Those of one cycle. Raises BooksDisagree when they are not there."""
        ...

    async def cycles(self, desk_id: str, since: datetime, until: datetime) -> tuple[Identifier, ...]:
        """The cycles of a time whose grounds are kept, oldest first."""
        ...
