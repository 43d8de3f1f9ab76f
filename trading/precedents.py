"""What came of setups like the one at hand, and whether so many have failed that it is not tried again.

A setup counts that lies within `similar_distance` and is of the same side, traded or not: a veto that was right teaches
as a loss does. What was open at one time in one symbol counts once, and so does what was decided within one `MOMENT`:
one bet is one failure, however many orders it was and whichever strategies made it, for a challenger thinks of what its
champion does, some seconds later. It is told so too: three precedents are three bets. A proposal is denied when
`failed_times` such bets lost and not half as many won: of many coins more are lost than won every second time, and that
is no reason. What was denied is scored like the rest, so a setup that works again is let in again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from trading.instruments import Side
from trading.memory import Precedents, Recalled
from trading.money import Record

MOST_SEEN = 50
"""Resolved setups of each kind that are looked at: some are of one bet, and the rule wants as many as it counts."""
MOMENT = timedelta(hours=1)
"""What was decided within it saw one market: cycles of one scan take turns, and scans are hours apart."""


class Heed(Record):
    """How many precedents an agent is told of each kind, and when so many failures deny."""

    nearest: Annotated[int, Field(ge=0, le=10)] = 3
    failed_times: Annotated[int, Field(ge=1, le=MOST_SEEN // 2)] = 3
    similar_distance: Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)] = 0.75


def precedents_of(
    about: tuple[str, Side], wins: Sequence[Recalled], losses: Sequence[Recalled], heed: Heed
) -> Precedents:
    """The precedents of one symbol and side, of what was recalled of both kinds, each nearest first."""
    symbol, side = about
    failed, won = _near(losses, heed), _near(wins, heed)
    flagged = len(failed) >= heed.failed_times and 2 * len(won) < len(failed)
    return Precedents(
        symbol=symbol,
        side=side,
        wins=_one_each(wins)[: heed.nearest],
        losses=_one_each(losses)[: heed.nearest],
        failed=tuple(one.memory_id for one in failed) if flagged else (),
        because=_words(failed, won, heed) if flagged else "",
    )


def bets(recalled: Iterable[Recalled]) -> tuple[Recalled, ...]:
    """One of each bet, the earliest, in the order of deciding."""
    return _one_each(sorted(recalled, key=lambda one: (one.decided_at, one.distance, one.memory_id)))


def _one_each(ordered: Iterable[Recalled]) -> tuple[Recalled, ...]:
    """The first of each bet, in the order that they have."""
    kept: list[Recalled] = []
    for one in ordered:
        if not any(_is_one_bet(before, one) for before in kept):
            kept.append(one)
    return tuple(kept)


def _near(recalled: Iterable[Recalled], heed: Heed) -> list[Recalled]:
    near = bets(one for one in recalled if one.distance <= heed.similar_distance)
    return sorted(near, key=lambda one: (one.distance, one.memory_id))


def _is_one_bet(one: Recalled, other: Recalled) -> bool:
    before, later = (one, other) if one.decided_at <= other.decided_at else (other, one)
    if later.decided_at - before.decided_at < MOMENT:
        return True
    return before.symbol == later.symbol and later.decided_at < before.resolved_at


def _words(failed: Sequence[Recalled], won: Sequence[Recalled], heed: Heed) -> str:
    worst = min(one.return_fraction for one in failed)
    since = min(one.decided_at for one in failed)
    return (
        f"{len(failed)} setups within {heed.similar_distance:g} of this one have failed since {since:%Y-%m-%d}, "
        f"{len(won)} worked; the worst lost {-worst:.1%}"
    )
