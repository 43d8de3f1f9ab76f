"""What the Inquirer's rules say of what was found: a template a kind of question, each with what it cites."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation

from adapters.rules_model.inquirer_decisions import tell_cycle, tell_symbol
from adapters.rules_model.inquirer_findings import EMPTY, Row
from adapters.rules_model.inquirer_telling import Sight, Words, cited, listed, once
from adapters.rules_model.inquirer_words import Intent


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
    stands = "; ".join(now[:5]) or "how it stands is not told"
    return Words(f"{text} {stands[0].upper()}{stands[1:]}.", once(found.ids_of(stops or found.rows)), is_sure=True)


def _cost(sight: Sight) -> Words:
    rows = sight.rows("totals")
    when = sight.when or " in the last 7 days"
    if not rows:
        free = sight.rows("calls")
        answers = sum(int(_number(row.get("rows"))) for row in sight.rows("answers"))
        by_whom = f"all {answers} answers were free" if answers else "none was asked"
        return Words(f"Models cost nothing{when}: {by_whom}.", cited(sight, "calls", 5), is_sure=not free)
    ranked = sorted(((_number(row.get("sum counted_usd")), row.get("agent", EMPTY)) for row in rows), reverse=True)
    parts = ", ".join(f"{agent} {usd:.4f}" for usd, agent in ranked)
    calls = sum(int(_number(row.get("rows"))) for row in rows)
    total = sum((usd for usd, _ in ranked), Decimal(0))
    # What questions took names nothing that can be cited; the agents' own answers of that time do.
    named = cited(sight, "spend", 5) or cited(sight, "calls", 5)
    return Words(f"Models cost {total:.4f} USD{when}, in {calls} calls: {parts}.", named, is_sure=True)


def _slow(sight: Sight) -> Words:
    rows, calls = sight.rows("totals"), sight.rows("calls")
    when = sight.when or " in the last 7 days"
    if not rows:
        return Words(f"No model answered{when}.{sight.why_nothing}")
    means = sorted(((_number(row.get("mean latency_seconds")), row) for row in rows), key=lambda one: -one[0])
    parts = ", ".join(f"{row.get('agent')} {_seconds(mean)} over {row.get('rows')} calls" for mean, row in means)
    text = f"Slowest{when} is the {means[0][1].get('agent')}: on average {parts}."
    if calls:
        longest = _seconds(_number(calls[0].get("latency_seconds")))
        text += f" The longest answer: {calls[0].get('agent')} took {longest} at {calls[0].get('replied_at')}."
    return Words(text, cited(sight, "calls", 5), is_sure=True)


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
    return Words(f"The {kind} trade{sight.when}: {first}.{after}", cited(sight, "trades"))


def _portfolio(sight: Sight) -> Words:
    found = sight.found.get("portfolio")
    if found is None or found.error or not found.lines:
        return Words(f"What was held is not known.{sight.why_nothing}")
    return Words(listed(found.lines), once([*found.ids, *cited(sight, "moved", 5)]), is_sure=True)


def _limit(sight: Sight) -> Words:
    found = sight.found.get("limit")
    if found is None or found.error or not found.lines:
        return Words(f"Name the limit as events do, such as max_position or cash.{sight.why_nothing}")
    return Words(listed(found.lines), once(found.ids), is_sure=True)


def _similar(sight: Sight) -> Words:
    found = sight.found.get("memories")
    if found is None or not found.rows:
        return Words(f"Nothing similar is remembered.{sight.why_nothing}")
    said = [
        f"{row.get('symbol')} {row.get('side')} decided {row.get('decided_at')}, {row.get('course')}: "
        f"return {row.get('return')}{_why(row, 'lesson')}"
        for row in found.rows
    ]
    return Words(f"The nearest that is remembered: {'; '.join(said)}.", cited(sight, "memories"))


TELLS: Mapping[Intent, Callable[[Sight], Words]] = {
    Intent.SYMBOL: tell_symbol,
    Intent.CYCLE: tell_cycle,
    Intent.HALT: _halt,
    Intent.COST: _cost,
    Intent.SLOW: _slow,
    Intent.TRADES: _trades,
    Intent.PORTFOLIO: _portfolio,
    Intent.LIMIT: _limit,
    Intent.SIMILAR: _similar,
}


def _seconds(time: Decimal) -> str:
    """A time that may be of rules or of a model that thought for minutes."""
    return f"{time:.2f} s" if time >= 1 else f"{1000 * time:.2f} ms"


def _whose(row: Row) -> str:
    return f" of strategy {row['strategy_id']}" if row.get("strategy_id", EMPTY) != EMPTY else ""


def _why(row: Row, column: str = "exit_reason") -> str:
    return f" ({row[column]})" if row.get(column, EMPTY) != EMPTY else ""


def _number(words: str | None) -> Decimal:
    """A cell as a number; nought where it is none."""
    try:
        said = Decimal(words or "0")
    except InvalidOperation:
        return Decimal(0)
    return said if said.is_finite() else Decimal(0)
