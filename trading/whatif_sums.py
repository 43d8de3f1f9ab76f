"""Replays of many cycles in a few numbers: what changed, what that would have made, how good the words were.

Dollars are known where a setup of the same cycle, symbol and side is remembered and has resolved: shares decided, then
and now, by what each share made. What was never proposed then has no outcome, and is counted as unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from trading.agents.budget import Cost
from trading.memory import Remembered
from trading.money import ZERO, Dollars, Record, cents
from trading.scores import AgentScore
from trading.scoring import Costs, a_share, scores
from trading.spoken import Line, voices
from trading.whatif import Replayed

Count = Annotated[int, Field(ge=0)]
_Key = tuple[str, str, str]


class Replays(Record):
    """Replayed cycles, summed up; `failed` are those that could not be decided again.

    `decisions` are symbols of which something was done then or now; of the `changed` ones `known` have an outcome.
    `pnl_then` and `pnl_now` are of all decisions with one, dollars.
    """

    cycles: Count
    failed: Count
    decisions: Count
    changed: Count
    known: Count
    unknown: Count
    pnl_then: Dollars
    pnl_now: Dollars
    scores_then: tuple[AgentScore, ...] = ()
    scores_now: tuple[AgentScore, ...] = ()
    calls: Count
    usd: Cost


def sum_up(replays: Sequence[Replayed], remembered: Iterable[Remembered], costs: Costs) -> Replays:
    """All of them; `remembered` are the memories of these cycles."""
    outcomes = {_key(memory): memory for memory in remembered if memory.outcome is not None}
    whole = [one for one in replays if not one.because]
    pairs = [(one.cycle_id, then, now) for one in whole for then, now in one.pairs]
    changed = [pair for pair in pairs if pair[1].decision != pair[2].decision]
    known = [pair for pair in changed if _is_known(pair, outcomes)]
    then = [(one.cycle_id, line) for one in whole for line in one.then]
    now = [(one.cycle_id, line) for one in whole for line in one.now]
    return Replays(
        cycles=len(replays),
        failed=len(replays) - len(whole),
        decisions=sum(bool(before.decided or after.decided) for _, before, after in pairs),
        changed=len(changed),
        known=len(known),
        unknown=len(changed) - len(known),
        pnl_then=_made(then, outcomes),
        pnl_now=_made(now, outcomes),
        scores_then=scores(_spoken(then, outcomes), costs),
        scores_now=scores(_spoken(now, outcomes), costs),
        calls=sum(len(one.paid.call_ids) for one in replays),
        usd=sum((one.paid.usd for one in replays), ZERO),
    )


def _key(memory: Remembered) -> _Key:
    setup = memory.setup
    return setup.cycle_id, setup.symbol, setup.side.value


def _found(cycle_id: str, line: Line, outcomes: Mapping[_Key, Remembered]) -> Remembered | None:
    return outcomes.get((cycle_id, line.symbol, line.action))


def _is_known(pair: tuple[str, Line, Line], outcomes: Mapping[_Key, Remembered]) -> bool:
    """Whether all that was or would be done has an outcome; nothing needs none."""
    cycle_id, *both = pair
    return all(_found(cycle_id, line, outcomes) is not None for line in both if line.decided)


def _made(said: Iterable[tuple[str, Line]], outcomes: Mapping[_Key, Remembered]) -> Decimal:
    found = ((line, _found(cycle_id, line, outcomes)) for cycle_id, line in said)
    return cents(sum((line.decided * a_share(memory) for line, memory in found if memory is not None), ZERO))


def _spoken(said: Iterable[tuple[str, Line]], outcomes: Mapping[_Key, Remembered]) -> Iterable[Remembered]:
    """The memories with these voices in place of their own."""
    for cycle_id, line in said:
        memory = _found(cycle_id, line, outcomes)
        if memory is not None:
            setup = memory.setup.model_copy(update={"voices": voices(line)})
            yield memory.model_copy(update={"setup": setup})
