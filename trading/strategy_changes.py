"""What may be changed of a desk's strategies: every reason against it, as one sentence.

What asks for less passes whatever else is wrong: nobody is kept from disabling, demoting or allocating less.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from trading.limits import Limits, OwnLimits
from trading.money import ZERO, Identifier, Record
from trading.orders import OPERATOR
from trading.strategy import MOST_STRATEGIES, Rung, Strategy, StrategyChange

_RESERVED = frozenset({OPERATOR, "adopted"})
"""Names by which the books know what no strategy has done."""
_RUNGS = tuple(Rung)
_MOST_NAMED = 8

ByName = Mapping[str, Strategy]


class Ties(Record):
    """What binds a strategy to its desk: symbols that it holds, orders that are open, a cycle that is under way."""

    held: tuple[str, ...] = ()
    open_orders: int = 0
    cycles: tuple[Identifier, ...] = ()


def refusal(
    changes: Sequence[StrategyChange], existing: Sequence[Strategy], limits: Limits, ties: Mapping[str, Ties]
) -> str | None:
    """Why these changes may not be made together, the first reason found; `ties` are of those to be removed."""
    before = {one.strategy_id: one for one in existing}
    return next(_refusals(changes, before, limits, ties), None)


def changed(existing: Sequence[Strategy], changes: Sequence[StrategyChange]) -> dict[str, Strategy]:
    """The strategies by name once these changes are made."""
    after = {one.strategy_id: one for one in existing}
    for change in changes:
        after[change.strategy.strategy_id] = change.strategy
        if change.removed:
            del after[change.strategy.strategy_id]
    return after


def allocated(strategies: Sequence[Strategy]) -> Decimal:
    """What is given out of the desk's equity, as a part of one; what is in shadow is not."""
    return sum((one.allocation for one in strategies if one.is_funded), ZERO)


def percent(part: Decimal) -> str:
    """A part of one in words, with decimals only where there are any."""
    return f"{(part * 100).normalize():f}%"


def limit_words(name: str, value: Decimal | int) -> str:
    """A limit of a strategy as a person reads it."""
    if name in {"max_position", "max_sector"}:
        return percent(Decimal(value))
    return f"{value}" if isinstance(value, int) else f"{value:,.2f} USD"


def _refusals(
    changes: Sequence[StrategyChange], before: ByName, limits: Limits, ties: Mapping[str, Ties]
) -> Iterator[str]:
    names = [change.strategy.strategy_id for change in changes]
    yield from (f"{name} is named twice" for name in dict.fromkeys(names) if names.count(name) > 1)
    for change in changes:
        was = before.get(change.strategy.strategy_id)
        yield from _unlike(change, was)
        if change.removed:
            yield from _bound(change.strategy.strategy_id, ties.get(change.strategy.strategy_id, Ties()))
        else:
            yield from _wrong(change, was, limits)
    yield from _together(tuple(before.values()), tuple(changed(tuple(before.values()), changes).values()), names)


def _unlike(change: StrategyChange, was: Strategy | None) -> Iterator[str]:
    """The books are not as whoever wants the change believed."""
    name = change.strategy.strategy_id
    if change.is_new and was is not None:
        yield f"there is a strategy {name} already"
    if was is None and (change.removed or change.seen is not None):
        yield f"there is no strategy {name}"
    if was is not None and change.seen is not None and was != change.seen:
        yield f"somebody has changed {name} meanwhile: look again"


def _bound(name: str, ties: Ties) -> Iterator[str]:
    """A strategy that has something of the desk's cannot be removed; one that is disabled sells it in its cycles."""
    if ties.held:
        yield f"{name} holds {_listed(ties.held)}: disable it, and remove it once it holds nothing"
    if ties.open_orders:
        yield f"{name} has {ties.open_orders} open orders: disable it, and remove it once they are over"
    if ties.cycles:
        yield f"{name} has a cycle under way, {ties.cycles[0]}: remove it once that is over"


def _wrong(change: StrategyChange, was: Strategy | None, limits: Limits) -> Iterator[str]:
    """What one strategy may not be, whatever the others are."""
    now = change.strategy
    if was is None and now.strategy_id in _RESERVED:
        yield f"the books have another use for the name {now.strategy_id}: take another"
    if was is None or was.limits != now.limits:
        yield from (f"{now.strategy_id}: {words}" for words in _looser(now.limits, limits))
    yield from _climbs(change, was)
    if now.challenges and now.is_funded:
        yield f"{now.strategy_id} challenges {now.challenges}: it only thinks until it is crowned"
    if _is_idle(now) and (was is None or not _is_idle(was)):
        yield f"{now.strategy_id} is to trade and has an allocation of 0%: allocate some, or disable it"
    yield from _of_no_use(now, was)


def _climbs(change: StrategyChange, was: Strategy | None) -> Iterator[str]:
    now, name = change.strategy.rung, change.strategy.strategy_id
    if was is None:
        if now is Rung.LIVE:
            yield f"{name} is new: it begins in shadow or on paper, and trades with money once it is promoted"
        return
    steps = _RUNGS.index(now) - _RUNGS.index(was.rung)
    if steps > 1:
        yield f"{name} is in {was.rung}: {_RUNGS[_RUNGS.index(was.rung) + 1]} comes before {now}"
    elif steps == 1 and now is Rung.LIVE and change.evidence is None:
        yield f"{name} is to trade with money: its promotion keeps the evidence"


def _is_idle(strategy: Strategy) -> bool:
    return strategy.enabled and strategy.is_funded and not strategy.allocation


def _of_no_use(now: Strategy, was: Strategy | None) -> Iterator[str]:
    """What is said of a strategy that nobody would ever read."""
    said = {"source", "parameters", "models", "prompts", "universe"}
    if was is not None and was.model_dump(include=said) == now.model_dump(include=said):
        return
    name, screen = now.strategy_id, now.universe.screen
    if now.asks_agents and now.parameters:
        yield f"{name} asks the agents, who take no parameters ({_listed(tuple(now.parameters))})"
    if not now.asks_agents and (now.models or now.prompts):
        yield f"{name} decides by {now.source}, which asks no agents: it has no models or prompts"
    if screen is not None and screen.max_price is not None and screen.max_price < screen.min_price:
        yield f"{name}: a screen from {screen.min_price} to {screen.max_price} USD a share finds nothing"


def _together(before: Sequence[Strategy], after: Sequence[Strategy], names: Sequence[str]) -> Iterator[str]:
    """What a desk's strategies may not be as a whole."""
    if not after:
        yield f"{_listed(names)} is the last strategy of the desk: it needs one"
    if len(after) > max(len(before), MOST_STRATEGIES):
        yield f"a desk has {MOST_STRATEGIES} strategies at most"
    total = allocated(after)
    if total > max(allocated(before), Decimal(1)):
        funded = sorted((one for one in after if one.is_funded), key=lambda one: -one.allocation)
        parts = _listed([f"{one.strategy_id} {percent(one.allocation)}" for one in funded])
        free = max(1 - allocated([one for one in after if one.strategy_id not in names]), ZERO)
        yield f"allocations would sum to {percent(total)} ({parts}): {percent(free)} is free for {_listed(names)}"


def _looser(own: OwnLimits, limits: Limits) -> Iterator[str]:
    for name in own.looser_than(limits):
        ours, theirs = (limit_words(name, getattr(of, name)) for of in (own, limits))
        yield f"{name} of {ours} is looser than the desk's {theirs} (TRADING_{name.upper()})"


def _listed(words: Sequence[str]) -> str:
    more = f" and {len(words) - _MOST_NAMED} more" if len(words) > _MOST_NAMED else ""
    return ", ".join(words[:_MOST_NAMED]) + more
