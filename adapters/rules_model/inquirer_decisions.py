"""Of a symbol and of a cycle: what the Inquirer's rules look up, and what they say of it.

| asked | told of |
|---|---|
| why did we buy a symbol | the newest decision that bought it |
| why did we sell it | its newest sale, by a decision or by an entry's stop or target, and the decision behind it |
| why did we not | the newest decision that did not; then when it was done all the same, and when it was last proposed |
| anything else | the newest decision |

What is looked up depends on what was found: first the decisions, then the words of the one that is told of.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from adapters.rules_model.inquirer_findings import EMPTY, Row, Seen, Use, rows_in, seen, spell, using, where
from adapters.rules_model.inquirer_telling import (
    CYCLES,
    MOST_LINES,
    Sight,
    Words,
    cycle_of,
    kind_of,
    newest_cycle,
    once,
    said_in,
)
from adapters.rules_model.inquirer_words import Meant, Trade
from trading.agents.inquirer import InquirerFacts
from trading.events import EventType
from trading.inquiry import Tool

_STAGES = (
    EventType.SYMBOL_DROPPED,
    EventType.SIGNAL_GENERATED,
    EventType.AGENT_ABSTAINED,
    EventType.CONSTRAINT_APPLIED,
    EventType.RISK_ASSESSED,
    EventType.VALIDATION_COMPLETE,
    EventType.META_AGENT_DECISION,
    EventType.RULE_DECISION,
    EventType.OPERATOR_DECISION,
    EventType.ORDER_DENIED,
    EventType.ORDER_REJECTED,
)
"""What may happen to a symbol until it is traded, in this order: the last that did says why it was, or was not."""
_WHO: Mapping[str, str] = {
    "dropped": "the market's data was left out",
    "signal": "the DataAgent said",
    "constrained": "the limits cut",
    "risk": "the RiskManager",
    "validator": "the Validator",
    "meta": "the MetaAgent",
    "rule": "the rule",
    "operator": "the operator",
    "abstained": "no answer of",
    "became": "the order was",
}
_PROTECTIVE = re.compile(r"-(stop|target)$")
_DONE = {Trade.BUY: "bought", Trade.SELL: "sold"}


def of_symbol(said: Meant, facts: InquirerFacts) -> dict[str, Use]:
    """What is looked up of a symbol, as far as it is known by now what to look for."""
    ours, then = where("symbol", "=", said.symbol or ""), rows_in("decided_at", said.since, said.until)
    during = spell(said.since, said.until)
    plan = {"decisions": using(Tool.QUERY_VIEW, view="decisions", where=[ours, *then], most=10)}
    if said.since is not None:
        plan["cycles"] = using(Tool.QUERY_EVENTS, types=[*CYCLES], most=20, **during)
        plan["newest"] = using(Tool.QUERY_VIEW, view="decisions", where=[ours], most=1)
    if said.trade is Trade.BUY and not said.negated:
        bought = [where("signal", "contains", "buy"), where("became", "contains", "filled")]
        plan["made"] = using(Tool.QUERY_VIEW, view="decisions", where=[ours, *bought, *then], most=1)
    if said.trade is Trade.SELL and not said.negated:
        sold = [ours, where("side", "=", "sell"), *rows_in("recorded_at", said.since, said.until)]
        plan["sold"] = using(Tool.QUERY_VIEW, view="fills", where=sold, order_by="recorded_at", most=1)
    found = {name: one for name, use in plan.items() if (one := seen(facts, use)) is not None}
    order = _sale(found).order
    if order:
        plan["made"] = using(Tool.QUERY_VIEW, view="decisions", where=[where("order_id", "=", order)], most=1)
        made = seen(facts, plan["made"])
        found |= {} if made is None else {"made": made}
    row = _told_of(said, found)
    if row is not None:
        cycle_id = row.get("cycle_id")
        plan["words"] = using(Tool.QUERY_EVENTS, symbol=said.symbol, cycle_id=cycle_id, types=[*_STAGES], most=40)
    return plan


def of_cycle(said: Meant, facts: InquirerFacts) -> dict[str, Use]:
    """What is looked up of a cycle; one that is not named is the newest that has ended, in the time that is said."""
    ended = using(Tool.QUERY_EVENTS, types=[*CYCLES], most=10, **spell(said.since, said.until))
    plan = {} if said.cycle_id else {"cycles": ended}
    cycle_id = said.cycle_id or newest_cycle(seen(facts, ended))
    if cycle_id is None:
        return plan
    bounds = [EventType.CYCLE_STARTED.value, *CYCLES]
    return {
        **plan,
        "bounds": using(Tool.QUERY_EVENTS, cycle_id=cycle_id, types=[*bounds], most=5),
        # What was traded comes first, then what was decided, should there be too many to be told.
        "course": using(
            Tool.QUERY_VIEW, view="decisions", where=[where("cycle_id", "=", cycle_id)], order_by="became", most=100
        ),
    }


def tell_symbol(sight: Sight) -> Words:
    """Why a symbol was bought or sold, or was not."""
    meant, found = sight.meant, sight.found
    row = _told_of(meant, found)
    if row is None:
        return _undecided(sight)
    done = _is_done(meant, found)
    head, cited = f"{meant.symbol}{sight.when}", []
    if meant.trade is not None and not meant.negated and not done:
        head = f"{meant.symbol} was not {_DONE[meant.trade]}{sight.when}. The newest decision"
    sale = _sale(found)
    if done and sale.row is not None:
        by = f"by its {sale.leg}" if sale.leg else "by a decision"
        head = f"{meant.symbol} was sold {by}: {sale.row.get('quantity')} at {sale.row.get('price')}, filled at "
        head += f"{sale.row.get('filled_at')}. What was decided"
        cited += found["sold"].ids_of([sale.row])
    words = _why(found.get("words"), traded=done and not sale.leg)
    text = f"{head}, in {_where(row)}: {_course(row)}.{words}"
    cited += [*_ids(found, [row]), *(found["words"].ids if "words" in found else ())]
    return Words(f"{text}{_besides(sight, row, cited)}", once(cited))


def tell_cycle(sight: Sight) -> Words:
    """How a cycle ended, and what became of each symbol in it."""
    bounds, course, cycles = sight.rows("bounds"), sight.rows("course"), sight.rows("cycles")
    if not bounds and not course:
        return Words(f"No cycle that ended{sight.when} was found.{sight.why_nothing}")
    cycle = sight.meant.cycle_id or newest_cycle(sight.found.get("cycles"))
    ends = [row for row in bounds if row.get("type") in CYCLES]
    how = f"{kind_of(ends[0])}: {said_in(ends[0])}" if ends else "has not ended"
    acted = [row for row in course if not _is_idle(row)]
    idle = [row.get("symbol", EMPTY) for row in course if _is_idle(row)]
    told = [f"{row.get('symbol')}: {_course(row)}" for row in acted[:MOST_LINES]]
    more = len(acted) - len(told)
    text = f"Cycle {cycle} {how}." + (f" {'; '.join(told)}." if told else "")
    text += f" {more} more symbols were proposed." if more else ""
    text += f" {len(idle)} symbols were left as they are: {', '.join(idle[:40])}." if idle else ""
    text += (
        " There were more symbols than are told here." if "course" in sight.found and sight.found["course"].more else ""
    )
    if len(cycles) > 1:
        others = "; ".join(f"{cycle_of(row)} {kind_of(row)}: {said_in(row, 100)}" for row in cycles[1:6])
        text += f" It is the newest of {len(cycles)} that ended{sight.when or ' lately'}. Before it: {others}."
    cited = [one for name, rows in (("bounds", [*ends, *bounds]), ("course", acted)) for one in _of(sight, name, rows)]
    return Words(text, once(cited))


class _Sale(NamedTuple):
    """The newest sale: its fill, the order behind which a decision stands, and the leg that sold in its place."""

    row: Row | None = None
    order: str = ""
    leg: str = ""


def _sale(found: Mapping[str, Seen]) -> _Sale:
    rows = found["sold"].rows if "sold" in found else ()
    if not rows:
        return _Sale()
    order = rows[0].get("client_order_id", "")
    protective = _PROTECTIVE.search(order)
    return _Sale(rows[0], _PROTECTIVE.sub("", order), protective[1] if protective else "")


def _told_of(said: Meant, found: Mapping[str, Seen]) -> Row | None:
    """The decision that is told of, once it is known which; None until then, and where there is none."""
    if "decisions" not in found or (_sale(found).order and "made" not in found):
        return None
    made, rows = found["made"].rows if "made" in found else (), found["decisions"].rows
    if made:
        return made[0]
    other = [row for row in rows if not _traded(row, said.trade)] if said.negated else rows
    return next(iter([*other, *rows]), None)


def _is_done(said: Meant, found: Mapping[str, Seen]) -> bool:
    """Whether it is told of what was traded as it is asked."""
    return not said.negated and said.trade is not None and bool("made" in found and found["made"].rows)


def _besides(sight: Sight, row: Row, cited: list[str]) -> str:
    """What else there was, to a question why something was not done."""
    meant, rows = sight.meant, sight.rows("decisions")
    if meant.trade is None or not meant.negated:
        return f" It was looked at {len(rows)} times; this is the newest." if len(rows) > 1 and row is rows[0] else ""
    done = next((one for one in rows if _traded(one, meant.trade)), None)
    tried = next((one for one in rows if one is not row and _wanted(one, meant.trade) and one is not done), None)
    said = ""
    if tried is not None and not _wanted(row, meant.trade):
        said += f" It was proposed and not {_DONE[meant.trade]} in {_where(tried)}: {_course(tried)}."
    if done is not None:
        said += f" It was {_DONE[meant.trade]} in {_where(done)}."
    cited += _ids(sight.found, [one for one in (tried if said else None, done) if one is not None])
    return said


def _undecided(sight: Sight) -> Words:
    """No decision about a symbol: what the cycles of that time were, and when it was looked at last."""
    symbol, cycles, newest = sight.meant.symbol, sight.rows("cycles"), sight.rows("newest")
    text = f"Nothing was decided about {symbol}{sight.when}"
    if sight.meant.when and not cycles:
        text += ", and no cycle ended then"
    if cycles:
        ended = "; ".join(f"{cycle_of(row)} {kind_of(row)}: {said_in(row, 150)}" for row in cycles[:5])
        text += f". Cycles that ended then: {ended}"
    if newest:
        text += f". It was last looked at in {_where(newest[0])}"
    cited = [name for key in ("cycles", "newest") for name in _of(sight, key, sight.rows(key))[:5]]
    return Words(f"{text}.{'' if cited else sight.why_nothing}", once(cited))


def _where(row: Row) -> str:
    return f"cycle {row.get('cycle_id')} at {row.get('decided_at')}"


def _course(row: Row) -> str:
    alone = next((_WHO[name] for name in ("rule", "operator") if row.get(name, EMPTY) != EMPTY), "")
    who = {**_WHO, "signal": f"{alone} said"} if alone else _WHO
    said = [f"{each} {row[name]}" for name, each in who.items() if row.get(name, EMPTY) != EMPTY]
    return "; ".join(said) or "nothing was said of it"


def _why(words: Seen | None, *, traded: bool) -> str:
    """The word that decided; of what was traded what it began with, too."""
    staged = sorted((row for row in (words.rows if words else ()) if row.get("type") in _ORDER), key=_stage)
    if not staged:
        return ""
    first = [row for row in staged if row["type"] == EventType.SIGNAL_GENERATED] if traded else []
    told = "".join(f" {row['type']}: {said_in(row)}" for row in first)
    return f"{told} The last word on it, {staged[-1]['type']}: {said_in(staged[-1])}"


_ORDER = {stage.value: number for number, stage in enumerate(_STAGES)}


def _stage(row: Row) -> int:
    return _ORDER[row["type"]]


def _wanted(row: Row, trade: Trade) -> bool:
    return row.get("signal", EMPTY).startswith(trade.value)


def _traded(row: Row, trade: Trade | None) -> bool:
    return trade is not None and _wanted(row, trade) and "filled" in row.get("became", EMPTY)


def _is_idle(row: Row) -> bool:
    """Whether nobody wanted anything with a symbol."""
    said = [name for name in _WHO if row.get(name, EMPTY) != EMPTY]
    return said == ["signal"] and row["signal"].startswith("hold")


def _ids(found: Mapping[str, Seen], rows: Sequence[Row]) -> list[str]:
    """The ids of decisions, from whichever look-up named them."""
    named = [one for name in ("made", "decisions") if name in found for one in found[name].ids_of(rows)]
    return once(named)


def _of(sight: Sight, name: str, rows: Iterable[Row]) -> list[str]:
    return sight.found[name].ids_of([*rows]) if name in sight.found else []
