"""`search_memory`: decisions that are remembered, nearest in meaning to some words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from adapters.looking_up.reading import Whose, patient
from adapters.looking_up.telling import Told, Untold, table
from trading.errors import ModelRefused
from trading.inquiry_arguments import SearchMemory
from trading.memory_ports import Embedder, Found, Memory, SearchAsked

_COLUMNS = (
    *("memory_id", "distance", "decided_at", "symbol", "side", "course", "decided", "return", "against", "pnl"),
    *("sessions", "exit", "reasoning", "lesson"),
)


class Remembering(NamedTuple):
    """Where memories are, and who turns words into the numbers by which they are found."""

    memory: Memory
    embedder: Embedder


class Unembedded(NamedTuple):
    """Where memories are while nobody here can embed a question, and why that is."""

    memory: Memory
    why: str


async def search_memory(remembering: Remembering | Unembedded | None, whose: Whose, asked: SearchMemory) -> Told:
    """The nearest memories. Raises ModelUnavailable when the embedder may be asked again."""
    if remembering is None:
        raise Untold("this desk keeps no memory of its decisions")
    if isinstance(remembering, Unembedded):
        message = f"words cannot be embedded here: {remembering.why}"
        raise Untold(message)
    memory, embedder = remembering
    try:
        (embedding,) = await embedder.embed([asked.text])
    except ModelRefused as error:
        message = f"the words could not be embedded: {error}"
        raise Untold(message) from error
    search = SearchAsked(
        desk_id=whose.desk_id,
        as_of=whose.as_of,
        embedding=embedding,
        embedder=embedder.name,
        symbol=asked.symbol,
        most=asked.most,
    )
    async with patient():
        found = await memory.search(search)
    ours = [one for one in found if one.memory.setup.desk_id == whose.desk_id]
    if not ours:
        raise Untold("no memory of the desk is near these words")
    ids = [name for one in ours for name in (one.memory.setup.memory_id, one.memory.setup.cycle_id)]
    return Told(table(_COLUMNS, map(_row, ours)), ids, len(ours))


def _row(found: Found) -> Mapping[str, object]:
    setup, outcome = found.memory.setup, found.memory.outcome
    return dict(
        zip(
            _COLUMNS,
            (
                setup.memory_id,
                found.distance,
                setup.decided_at,
                setup.symbol,
                setup.side.value,
                setup.course.value,
                setup.decided,
                outcome.return_fraction if outcome else "pending",
                outcome.benchmark_return if outcome else None,
                outcome.pnl if outcome else None,
                outcome.sessions if outcome else None,
                outcome.exit_reason if outcome else None,
                setup.reasoning,
                found.memory.lesson,
            ),
            strict=True,
        )
    )
