"""What the Inquirer's rules say of what was found: a template a kind of question, each with what it cites."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from adapters.rules_model.inquirer_findings import Row, Seen
from adapters.rules_model.inquirer_words import Intent, Meant
from trading.events import EventType

STAGES = (
    EventType.SYMBOL_DROPPED,
    EventType.SIGNAL_GENERATED,
    EventType.AGENT_ABSTAINED,
    EventType.CONSTRAINT_APPLIED,
    EventType.RISK_ASSESSED,
    EventType.VALIDATION_COMPLETE,
    EventType.META_AGENT_DECISION,
    EventType.RULE_DECISION,
    EventType.ORDER_DENIED,
    EventType.ORDER_REJECTED,
    EventType.TRADE_EXECUTED,
)
"""What may happen to a symbol in a cycle, in this order: the last that did says how it ended."""
CYCLES = (EventType.CYCLE_COMPLETED, EventType.CYCLE_SKIPPED, EventType.CYCLE_FAILED)
_WHO: Mapping[str, str] = {
    "dropped": "the market's data was left out",
    "signal": "the DataAgent said",
    "constrained": "the limits cut",
    "risk": "the RiskManager",
    "validator": "the Validator",
    "meta": "the MetaAgent",
    "rule": "the rule",
    "abstained": "no answer of",
    "became": "the order was",
}
_EMPTY = "-"
_MOST_LINES = 15
_MOST_WORDS = 400
_ENDED = re.compile(r"/Cycle[A-Za-z]+$")


class Words(NamedTuple):
    """What is said, and the ids that it rests on; `is_sure` where there was something, though nothing with an id."""

    text: str
    ids: Sequence[str] = ()
    is_sure: bool = False


class Sight(NamedTuple):
    """What was asked, and what each look-up of the plan told."""

    meant: Meant
    found: Mapping[str, Seen]
    timezone: str

    def rows(self, name: str) -> Sequence[Row]:
        """The rows of one look-up."""
        return self.found[name].rows if name in self.found else ()

    @property
    def when(self) -> str:
        """The time that is asked about, to be put behind a sentence."""
        return f" {self.meant.when}" if self.meant.when else ""

    @property
    def why_nothing(self) -> str:
        """What the tools said where they told nothing."""
        said = [one.error for one in self.found.values() if one.error]
        return f" ({said[0][:_MOST_WORDS]})" if said else ""


def newest_cycle(ended: Seen | None) -> str | None:
    """The newest of these cycles; events are named by the cycle and their type."""
    names = [row["event_id"] for row in ended.rows if "event_id" in row] if ended else []
    cycles = [_ENDED.sub("", name) for name in names if _ENDED.search(name)]
    return cycles[0] if cycles else None


def _symbol(sight: Sight) -> Words:
    decisions = sight.rows("decisions")
    if not decisions:
        return _undecided(sight)
    row = decisions[0]
    cycle = row.get("cycle_id", "")
    stages = [(name, row[name]) for name in _WHO if row.get(name, _EMPTY) != _EMPTY]
    course = "; ".join(f"{_WHO[name]} {said}" for name, said in stages)
    events = [one for one in sight.rows("events") if one.get("event_id", "").startswith(f"{cycle}/")]
    last = max(events, key=_stage, default=None)
    because = f" The last word on it, {last['type']}: {_said(last)}" if last else ""
    before = f" It was looked at {len(decisions)} times; this is the last." if len(decisions) > 1 else ""
    text = f"{sight.meant.symbol}{sight.when}, in cycle {cycle} at {row.get('decided_at')}: {course}.{because}{before}"
    cited = [*sight.found["decisions"].ids_of([row])]
    cited += sight.found["events"].ids_of([last, *events]) if last else []
    return Words(text, _once(cited))


def _undecided(sight: Sight) -> Words:
    """No decision about a symbol: what the cycles of that time were, and when it was looked at last."""
    symbol, cycles, newest = sight.meant.symbol, sight.rows("cycles"), sight.rows("newest")
    text = f"Nothing was decided about {symbol}{sight.when}"
    if sight.meant.when and not cycles:
        text += ", and no cycle ended then"
    if cycles:
        ended = "; ".join(f"{_cycle_of(row)} {_kind(row)}: {_said(row, 150)}" for row in cycles[:5])
        text += f". Cycles that ended then: {ended}"
    if newest:
        text += f". It was last looked at in cycle {newest[0].get('cycle_id')} at {newest[0].get('decided_at')}"
    cited = [name for key in ("cycles", "newest") if key in sight.found for name in _cited(sight, key, 5)]
    return Words(f"{text}.{'' if cited else sight.why_nothing}", _once(cited))


def _cycle(sight: Sight) -> Words:
    events, cycles = sight.rows("events"), sight.rows("cycles")
    if not events:
        return Words(f"No cycle that ended{sight.when} was found.{sight.why_nothing}")
    lines = [f"{row.get('type')}{_of(row)}: {_said(row, 200)}" for row in reversed(events)]
    cycle = sight.meant.cycle_id or newest_cycle(sight.found.get("cycles"))
    others = f" {len(cycles)} cycles ended{sight.when or ' lately'}; this is the newest." if len(cycles) > 1 else ""
    text = f"Cycle {cycle}, in its order. {' | '.join(lines[:_MOST_LINES])}.{others}"
    ends = [row for row in events if row.get("type") in CYCLES]
    return Words(text, _once(sight.found["events"].ids_of([*ends, *events])))


def _halt(sight: Sight) -> Words:
    found = sight.found.get("breaker")
    if found is None or found.error:
        return Words(f"Nothing is known of halts{sight.when}.{sight.why_nothing}")
    now = [line.strip() for line in found.lines if line.startswith(("now ", "  "))]
    stops = [row for row in found.rows if row.get("state") in {"HALTED", "REDUCING"}]
    said = [
        f"{row.get('occurred_at')} {row.get('state')}{_whose(row)} by {row.get('changed_by')}: {row.get('reason')}"
        for row in stops[:5]
    ]
    text = f"Halted or reduced{sight.when}: {'; '.join(said)}." if said else f"Nothing halted us{sight.when}."
    return Words(f"{text} {'. '.join(now[:5])}", _once(found.ids_of(stops or found.rows)), is_sure=True)


def _cost(sight: Sight) -> Words:
    rows, found = sight.rows("spend"), sight.found.get("spend")
    when = sight.when or " in the last 7 days"
    if not rows or found is None:
        free = sight.rows("calls")
        by_whom = f"the newest {len(free)} answers were free" if free else "none was asked"
        return Words(f"Models cost nothing{when}: {by_whom}.", _cited(sight, "calls", 5))
    by: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        by[row.get("agent", _EMPTY)] += _number(row.get("counted_usd"))
    ranked = sorted(by.items(), key=lambda one: (-one[1], one[0]))
    parts = ", ".join(f"{agent} {usd:.4f}" for agent, usd in ranked)
    more = f" Of the newest {len(rows)} calls only: there are more." if found.more else ""
    total = sum(by.values(), Decimal(0))
    return Words(f"Models cost {total:.4f} USD{when}, in {len(rows)} calls: {parts}.{more}", _cited(sight, "spend"))


def _slow(sight: Sight) -> Words:
    rows = sight.rows("calls")
    when = sight.when or " in the last 7 days"
    if not rows:
        return Words(f"No model answered{when}.{sight.why_nothing}")
    by: dict[str, list[Decimal]] = defaultdict(list)
    for row in rows:
        by[row.get("agent", _EMPTY)].append(_number(row.get("latency_seconds")))
    means = sorted(((sum(times, Decimal(0)) / len(times), agent) for agent, times in by.items()), reverse=True)
    parts = ", ".join(f"{agent} {mean:.2f} s over {len(by[agent])} calls" for mean, agent in means)
    worst = rows[0]
    longest = f"{worst.get('agent')} took {worst.get('latency_seconds')} s at {worst.get('replied_at')}"
    text = f"Slowest{when} is the {means[0][1]}: on average {parts}. The longest answer: {longest}."
    return Words(text, _cited(sight, "calls", 5))


def _trades(sight: Sight) -> Words:
    rows = sight.rows("trades")
    kind = "best" if sight.meant.best else "worst"
    if not rows:
        return Words(f"No trade has ended{sight.when}.{sight.why_nothing}")
    first, *others = [
        f"{row.get('symbol')}, {row.get('realised_pnl')} USD, {row.get('side')} {row.get('quantity')} at "
        f"{row.get('entry_price')} from {row.get('opened_at')} to {row.get('closed_at')} at {row.get('exit_price')}"
        f"{_why(row)}"
        for row in rows
    ]
    after = f" Then: {'; '.join(others)}." if others else ""
    return Words(f"The {kind} trade{sight.when}: {first}.{after}", _cited(sight, "trades"))


def _portfolio(sight: Sight) -> Words:
    found = sight.found.get("portfolio")
    if found is None or found.error or not found.lines:
        return Words(f"What was held is not known.{sight.why_nothing}")
    return Words(_listed(found.lines), _once([*found.ids, *_cited(sight, "moved", 5)]), is_sure=True)


def _limit(sight: Sight) -> Words:
    found = sight.found.get("limit")
    if found is None or found.error or not found.lines:
        return Words(f"Name the limit as events do, such as max_position or cash.{sight.why_nothing}")
    bound = sight.rows("bound")
    newest = f" Last seen: {bound[0].get('occurred_at')}{_of(bound[0])}: {_said(bound[0], 200)}" if bound else ""
    return Words(f"{_listed(found.lines)}{newest}", _once([*_cited(sight, "bound"), *found.ids]), is_sure=True)


def _similar(sight: Sight) -> Words:
    found = sight.found.get("memories")
    if found is None or not found.rows:
        return Words(f"Nothing similar is remembered.{sight.why_nothing}")
    said = [
        f"{row.get('symbol')} {row.get('side')} decided {row.get('decided_at')}, {row.get('course')}: "
        f"return {row.get('return')}{_why(row, 'lesson')}"
        for row in found.rows
    ]
    return Words(f"The nearest that is remembered: {'; '.join(said)}.", _cited(sight, "memories"))


TELLS: Mapping[Intent, Callable[[Sight], Words]] = {
    Intent.SYMBOL: _symbol,
    Intent.CYCLE: _cycle,
    Intent.HALT: _halt,
    Intent.COST: _cost,
    Intent.SLOW: _slow,
    Intent.TRADES: _trades,
    Intent.PORTFOLIO: _portfolio,
    Intent.LIMIT: _limit,
    Intent.SIMILAR: _similar,
}


def _stage(row: Row) -> int:
    kinds = [kind.value for kind in STAGES]
    return kinds.index(row["type"]) if row.get("type") in kinds else -1


def _said(row: Row, most: int = _MOST_WORDS) -> str:
    return row.get("what it says", "")[:most].rstrip()


def _listed(lines: Iterable[str]) -> str:
    return " ".join(f"{line.strip()}." for line in [*lines][:_MOST_LINES])


def _cycle_of(row: Row) -> str:
    return _ENDED.sub("", row.get("event_id", ""))


def _kind(row: Row) -> str:
    return row.get("type", "").removeprefix("Cycle").lower()


def _of(row: Row) -> str:
    return f" {row['symbol']}" if row.get("symbol", _EMPTY) != _EMPTY else ""


def _whose(row: Row) -> str:
    return f" of strategy {row['strategy_id']}" if row.get("strategy_id", _EMPTY) != _EMPTY else ""


def _why(row: Row, column: str = "exit_reason") -> str:
    return f" ({row[column]})" if row.get(column, _EMPTY) != _EMPTY else ""


def _cited(sight: Sight, name: str, most: int = 20) -> list[str]:
    found = sight.found.get(name)
    return [] if found is None else found.ids_of(found.rows)[:most]


def _once(ids: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(ids))


def _number(words: str | None) -> Decimal:
    try:
        number = Decimal(words or "0")
    except InvalidOperation:
        return Decimal(0)
    return number if number.is_finite() else Decimal(0)
