"""The Inquirer's rules: a documented set of questions, answered by templates over the same tools as a model's.

What each kind of question looks up stands in `_PLANS`, what it says of it in `inquirer_answers`; what a question means
in `inquirer_words`. Any text gets an answer, or that it is not known, with what can be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from adapters.rules_model import inquirer_answers as answers
from adapters.rules_model.inquirer_answers import Sight, Words
from adapters.rules_model.inquirer_findings import seen, using, where
from adapters.rules_model.inquirer_words import Intent, Meant, meant
from trading.agents.envelope import opened
from trading.agents.inquirer import InquirerFacts
from trading.agents.questions import Agent
from trading.events import EventType
from trading.inquiry import Tool

Use = dict[str, JsonValue]
_USUAL_DAYS = 7

CAN = (
    "why we did or did not buy or sell a symbol (on a day); what happened in a cycle, or on a day; what halted us; "
    "what models cost (today, this week, this month); which agent is slowest; the worst or best trade; what we hold, "
    "or held at a time; what a limit means; which past setups are similar"
)
_REFUSED = "I only answer questions about this desk: I cannot trade, halt, resume, approve or change anything."
_ELSEWHERE = "I only answer questions about the desk {}: ask the other one's owner."
_UNKNOWN = f"I do not understand that. I can answer: {CAN}."


def inquire(facts: InquirerFacts) -> dict[str, JsonValue]:
    """Answer the Inquirer's question as an `InquirerAnswer`."""
    asked = opened(facts.question)
    said = meant(asked, facts.desk, datetime.fromisoformat(facts.now), ZoneInfo(facts.timezone))
    match said.intent:
        case Intent.ACT:
            return _answer("refused", Words(_REFUSED))
        case Intent.ELSEWHERE:
            return _answer("refused", Words(_ELSEWHERE.format(facts.desk)))
        case Intent.UNKNOWN:
            return _answer("unknown", Words(_UNKNOWN))
    uses = _PLANS[said.intent](said, facts)
    found = {name: seen(facts, use) for name, use in uses.items()}
    missing: list[JsonValue] = [use for name, use in uses.items() if found[name] is None]
    if missing and facts.steps_left > 1 and not facts.looked_up_before:
        return {"lookups": missing, "answer": None}
    words = answers.TELLS[said.intent](Sight(said, {name: one for name, one in found.items() if one}, facts.timezone))
    return _answer("answered" if words.ids or words.is_sure else "unknown", words)


def _answer(kind: str, words: Words) -> dict[str, JsonValue]:
    answer: dict[str, JsonValue] = {"kind": kind, "text": words.text[:4000], "citations": [*words.ids[:40]]}
    return {"lookups": [], "answer": answer}


def _spell(said: Meant) -> dict[str, JsonValue]:
    return {"since": _iso(said.since), "until": _iso(said.until)}


def _rows_in(column: str, said: Meant) -> list[JsonValue]:
    bounds = ((">=", said.since), ("<=", said.until))
    return [where(column, op, moment) for op, at in bounds if (moment := _iso(at))]


def _iso(at: datetime | None) -> str | None:
    return None if at is None else f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _of_symbol(said: Meant, _: InquirerFacts) -> dict[str, Use]:
    ours = where("symbol", "=", said.symbol or "")
    plan = {
        "decisions": using(Tool.QUERY_VIEW, view="decisions", where=[ours, *_rows_in("decided_at", said)], most=5),
        "events": using(Tool.QUERY_EVENTS, symbol=said.symbol, types=[*answers.STAGES], most=40, **_spell(said)),
    }
    if said.since is None:
        return plan
    cycles = using(Tool.QUERY_EVENTS, types=[*answers.CYCLES], most=20, **_spell(said))
    newest = using(Tool.QUERY_VIEW, view="decisions", where=[ours], most=1)
    return {**plan, "cycles": cycles, "newest": newest}


def _of_cycle(said: Meant, facts: InquirerFacts) -> dict[str, Use]:
    """A cycle that is not named is the newest that has ended, in the time that is said."""
    ended = using(Tool.QUERY_EVENTS, types=[*answers.CYCLES], most=10, **_spell(said))
    plan = {} if said.cycle_id else {"cycles": ended}
    cycle_id = said.cycle_id or answers.newest_cycle(seen(facts, ended))
    if cycle_id is None:
        return plan
    return {**plan, "events": using(Tool.QUERY_EVENTS, cycle_id=cycle_id, most=100)}


def _of_halt(said: Meant, _: InquirerFacts) -> dict[str, Use]:
    return {"breaker": using(Tool.BREAKER_HISTORY, most=20, **_spell(said))}


def _of_cost(said: Meant, facts: InquirerFacts) -> dict[str, Use]:
    spell, of_cycles = _within(said, facts), where("agent", "!=", Agent.INQUIRER.value)
    return {
        "spend": using(Tool.QUERY_VIEW, view="model_spend", where=_rows_in("at", spell), most=200),
        "calls": using(Tool.QUERY_VIEW, view="model_calls", where=[of_cycles, *_rows_in("replied_at", spell)], most=20),
    }


def _of_speed(said: Meant, facts: InquirerFacts) -> dict[str, Use]:
    calls = _rows_in("replied_at", _within(said, facts))
    slowest = using(Tool.QUERY_VIEW, view="model_calls", where=calls, order_by="latency_seconds", most=200)
    return {"calls": slowest}


def _of_trades(said: Meant, _: InquirerFacts) -> dict[str, Use]:
    closed = [where("outcome", "!=", "open"), *_rows_in("closed_at", said)]
    ordered: Use = {"order_by": "realised_pnl", "descending": said.best, "most": 5}
    return {"trades": using(Tool.QUERY_VIEW, view="trades", where=closed, **ordered)}


def _of_portfolio(said: Meant, _: InquirerFacts) -> dict[str, Use]:
    moved = [EventType.TRADE_EXECUTED.value, EventType.CAPITAL_CHANGED.value, EventType.DESK_OPENED.value]
    return {
        "portfolio": using(Tool.PORTFOLIO_AT, at=_iso(said.at)),
        "moved": using(Tool.QUERY_EVENTS, types=[*moved], until=_iso(said.at), most=5),
    }


def _of_limit(said: Meant, _: InquirerFacts) -> dict[str, Use]:
    if said.limit is None:
        return {}
    bound = [EventType.CONSTRAINT_APPLIED.value, EventType.ORDER_DENIED.value]
    return {
        "limit": using(Tool.EXPLAIN_LIMIT, limit=said.limit.value),
        "bound": using(Tool.QUERY_EVENTS, types=[*bound], text=said.limit.value, most=5),
    }


def _of_similar(said: Meant, facts: InquirerFacts) -> dict[str, Use]:
    return {"memories": using(Tool.SEARCH_MEMORY, text=opened(facts.question)[:500], symbol=said.symbol, most=5)}


def _within(said: Meant, facts: InquirerFacts) -> Meant:
    """A week back where no time is said."""
    if said.since is not None:
        return said
    now = datetime.fromisoformat(facts.now).astimezone(ZoneInfo("UTC"))
    return said._replace(since=now - timedelta(days=_USUAL_DAYS), until=now)


_PLANS: Mapping[Intent, Callable[[Meant, InquirerFacts], dict[str, Use]]] = {
    Intent.SYMBOL: _of_symbol,
    Intent.CYCLE: _of_cycle,
    Intent.HALT: _of_halt,
    Intent.COST: _of_cost,
    Intent.SLOW: _of_speed,
    Intent.TRADES: _of_trades,
    Intent.PORTFOLIO: _of_portfolio,
    Intent.LIMIT: _of_limit,
    Intent.SIMILAR: _of_similar,
}
