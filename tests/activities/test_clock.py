"""Activities go by the wall's clock, unless whoever called them has set another for his own task."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from activities import clock

THEN = datetime(2012, 3, 4, 21, tzinfo=UTC)


def test_it_is_now_unless_somebody_says_otherwise() -> None:
    before = datetime.now(UTC)
    assert before <= clock.now() <= datetime.now(UTC)
    with clock.by(lambda: THEN):
        assert clock.now() == THEN
        with clock.by(lambda: THEN + timedelta(days=1)):
            assert clock.now() == THEN + timedelta(days=1)
        assert clock.now() == THEN
    assert clock.now() >= before


async def test_replays_side_by_side_do_not_meet() -> None:
    both = asyncio.Barrier(2)

    async def read() -> datetime:
        return clock.now()

    async def replay(at: datetime) -> list[datetime]:
        with clock.by(lambda: at):
            await both.wait()
            return [clock.now(), await asyncio.create_task(read()), clock.now()]

    later = THEN + timedelta(days=400)
    assert list(await asyncio.gather(replay(THEN), replay(later))) == [[THEN] * 3, [later] * 3]
    assert clock.now() > later
