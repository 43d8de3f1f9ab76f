"""Whatever a desk has lived through, it recalls at a moment only what it knew then."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.memory.exact import ExactMemory
from tests.making import AT, DESK
from tests.trading.remembered import COUNT, memory, outcome
from trading.instruments import Side
from trading.memory_ports import EMBEDDING_SIZE, NearestAsked
from trading.precedents import MOST_SEEN, Heed, precedents_of

NO_WORDS = (0.0,) * EMBEDDING_SIZE
# Days of deciding and of the end, how far it lies, and what it made; None has not ended.
LIVES = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 30) | st.none(), st.floats(0, 1), st.floats(-0.2, 0.2)), max_size=25
)


async def lived(lives: list[tuple[int, int | None, float, float]], until: datetime) -> ExactMemory:
    """A memory of what happened up to a moment, and of nothing after."""
    store = ExactMemory()
    for number, (day, lasted, far, made) in enumerate(lives):
        decided_at = AT + timedelta(days=day)
        if decided_at > until:
            continue
        one = memory(f"m-{number}", (far, *(0.0,) * (COUNT - 1)), decided_at=decided_at)
        await store.remember([one], [NO_WORDS], "none")
        if lasted is not None and decided_at + timedelta(days=lasted) <= until:
            await store.resolve([(f"m-{number}", outcome(day + lasted, made))])
    return store


@settings(deadline=None)
@given(LIVES, st.integers(0, 90))
async def test_nothing_that_was_resolved_later_is_recalled(
    lives: list[tuple[int, int | None, float, float]], day: int
) -> None:
    as_of = AT + timedelta(days=day)
    whole, then = await lived(lives, AT + timedelta(days=1000)), await lived(lives, as_of)
    asked = NearestAsked(desk_id=DESK, side=Side.BUY, as_of=as_of, features=(0.0,) * COUNT, most=MOST_SEEN)
    told = []
    for store in (whole, then):
        wins, losses = [await store.nearest(asked.model_copy(update={"won": won})) for won in (True, False)]
        assert all(one.resolved_at <= as_of and one.decided_at < as_of for one in (*wins, *losses))
        told.append(precedents_of(("AAPL", Side.BUY), wins, losses, Heed()))
    # What a desk is told at a moment is what one would be told that ends there.
    assert told[0] == told[1]
