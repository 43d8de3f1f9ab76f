"""The Inquirer's rules: a documented set of questions, answered by templates over the same tools as a model's.

What each kind of question looks up stands in `_PLANS`, what it says of it in `inquirer_answers`; what a question means
in `inquirer_words`. Any text gets an answer, or that it is not known, with what can be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from adapters.rules_model.inquirer_answers import TELLS
from adapters.rules_model.inquirer_decisions import of_cycle, of_symbol
from adapters.rules_model.inquirer_findings import Use, iso, rows_in, seen, spell, using, where
from adapters.rules_model.inquirer_telling import Sight, Words
from adapters.rules_model.inquirer_words import Intent, Meant, meant
from trading.agents.envelope import opened
from trading.agents.inquirer import InquirerFacts
from trading.agents.questions import Agent
from trading.events import EventType
from trading.inquiry import Tool

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
    words = TELLS[said.intent](Sight(said, {name: one for name, one in found.items() if one}, facts.timezone))
    return _answer("answered" if words.ids or words.is_sure else "unknown", words)


def _answer(kind: str, words: Words) -> dict[str, JsonValue]:
    answer: dict[str, JsonValue] = {"kind": kind, "text": words.text[:4000], "citations": [*words.ids[:40]]}
    return {"lookups": [], "answer": answer}


def _of_halt(said: Meant, _: InquirerFacts) -> dict[str, Use]:
    return {"breaker": using(Tool.BREAKER_HISTORY, most=20, **spell(said.since, said.until))}


def _of_cost(said: Meant, facts: InquirerFacts) -> dict[str, Use]:
    since, until = _within(said, facts)
    # What was given back was never asked, and took nothing.
    paid = [where("state", "!=", "released"), *rows_in("at", since, until)]
    calls = [where("agent", "!=", Agent.INQUIRER.value), *rows_in("replied_at", since, until)]
    return {
        "totals": using(Tool.QUERY_VIEW, view="model_spend", where=paid, total_by="agent", most=20),
        "spend": using(Tool.QUERY_VIEW, view="model_spend", where=paid, most=5),
        "answers": using(Tool.QUERY_VIEW, view="model_calls", where=calls, total_by="agent", most=20),
        "calls": using(Tool.QUERY_VIEW, view="model_calls", where=calls, most=5),
    }


def _of_speed(said: Meant, facts: InquirerFacts) -> dict[str, Use]:
    calls = rows_in("replied_at", *_within(said, facts))
    return {
        "totals": using(Tool.QUERY_VIEW, view="model_calls", where=calls, total_by="agent", most=20),
        "calls": using(Tool.QUERY_VIEW, view="model_calls", where=calls, order_by="latency_seconds", most=5),
    }


def _of_trades(said: Meant, _: InquirerFacts) -> dict[str, Use]:
    closed = [where("outcome", "!=", "open"), *rows_in("closed_at", said.since, said.until)]
    ordered: Use = {"order_by": "realised_pnl", "descending": said.best, "most": 5}
    return {"trades": using(Tool.QUERY_VIEW, view="trades", where=closed, **ordered)}


def _of_portfolio(said: Meant, _: InquirerFacts) -> dict[str, Use]:
    at = None if said.at is None else iso(said.at)
    moved = [EventType.TRADE_EXECUTED.value, EventType.CAPITAL_CHANGED.value, EventType.DESK_OPENED.value]
    return {
        "portfolio": using(Tool.PORTFOLIO_AT, at=at),
        "moved": using(Tool.QUERY_EVENTS, types=[*moved], until=at, most=5),
    }


def _of_limit(said: Meant, _: InquirerFacts) -> dict[str, Use]:
    return {} if said.limit is None else {"limit": using(Tool.EXPLAIN_LIMIT, limit=said.limit.value)}


def _of_similar(said: Meant, facts: InquirerFacts) -> dict[str, Use]:
    return {"memories": using(Tool.SEARCH_MEMORY, text=opened(facts.question)[:500], symbol=said.symbol, most=5)}


def _within(said: Meant, facts: InquirerFacts) -> tuple[datetime | None, datetime | None]:
    """The time that is said; a week back where none is."""
    if said.since is not None:
        return said.since, said.until
    now = datetime.fromisoformat(facts.now).astimezone(UTC)
    return now - timedelta(days=_USUAL_DAYS), now


_PLANS: Mapping[Intent, Callable[[Meant, InquirerFacts], dict[str, Use]]] = {
    Intent.SYMBOL: of_symbol,
    Intent.CYCLE: of_cycle,
    Intent.HALT: _of_halt,
    Intent.COST: _of_cost,
    Intent.SLOW: _of_speed,
    Intent.TRADES: _of_trades,
    Intent.PORTFOLIO: _of_portfolio,
    Intent.LIMIT: _of_limit,
    Intent.SIMILAR: _of_similar,
}
