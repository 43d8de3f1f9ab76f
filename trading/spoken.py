"""A cycle's events as one line a symbol: who said what of it, on whose words, and what came of that.

The same lines are read from the log of a past cycle and from what its replay would have written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from trading.agents.questions import Agent
from trading.events import Event, EventType
from trading.instruments import Symbol
from trading.money import ZERO, Quantity, Record

MOST_WHY = 300
"""A hundred lines travel in one payload, twice: the events hold every word."""
Short = Annotated[str, Field(max_length=MOST_WHY)]
CODE, RULE = "limits", "rule"
"""Who speaks where no agent does."""
EVERYBODY = "*"
"""Of which symbol an abstention about the whole batch is."""


class Word(Record):
    """What one of them said of a symbol, and why; `model`, `prompt` and `call_id` are empty for code."""

    who: Short
    says: Short
    why: Short = ""
    model: Short = ""
    prompt: Short = ""
    prompt_hash: Short = ""
    call_id: Short = ""


class Line(Record):
    """One symbol's way through a cycle; `decided` in shares, signed: what was to be bought or sold in the end."""

    symbol: Symbol
    words: tuple[Word, ...] = ()
    decided: Quantity = ZERO
    action: Short = ""

    def by(self, who: str) -> Word | None:
        """What one of them said."""
        return next((word for word in self.words if word.who == who), None)

    @property
    def decision(self) -> tuple[str, Decimal]:
        """What is done, in the end."""
        return (self.action if self.decided else "", self.decided)


def lines(events: Iterable[Event]) -> tuple[Line, ...]:
    """By symbol; what was said of the whole batch, and nobody by name, is said of each."""
    words: dict[str, list[Word]] = {}
    ends: dict[str, Decimal] = {}
    actions: dict[str, str] = {}
    batch: list[Word] = []
    for event in events:
        told = _TOLD.get(event.type)
        if told is None:
            continue
        symbol = event.data.get("symbol")
        (batch if symbol is None else words.setdefault(str(symbol), [])).append(told(event.data))
        if event.type is EventType.SIGNAL_GENERATED:
            actions[str(symbol)] = str(event.data["action"])
        if event.type in _LAST:
            ends[str(symbol)] = Decimal(str(event.data["quantity"])) if event.data["verdict"] == "EXECUTE" else ZERO
    return tuple(
        Line(
            symbol=symbol,
            words=(*said, *batch),
            decided=ends.get(symbol, ZERO),
            action=actions.get(symbol, ""),
        )
        for symbol, said in sorted(words.items())
    )


def _signal(data: dict[str, Any]) -> Word:
    size = (
        f" {_shares(data['quantity'])}"
        if data["quantity"]
        else f" {Decimal(data['weight']):.1%}"
        if data["weight"]
        else ""
    )
    return _word(RULE if "rule" in data else Agent.DATA, f"{data['action']}{size}, {data['confidence']:.2f}", data)


def _limited(data: dict[str, Any]) -> Word:
    says = f"{_shares(data['before'])} to {_shares(data['after'])}: {data['limit']}"
    return Word(who=CODE, says=_short(says), why=_short(data["reason"]))


def _assessed(data: dict[str, Any]) -> Word:
    verdict = _shares(data["quantity"]) if data["approved"] else "no"
    return _word(Agent.RISK, f"{verdict}, risk {data['risk_score']:.2f}", data, "; ".join(data["concerns"]))


def _validated(data: dict[str, Any]) -> Word:
    verdict = "yes" if data["approved"] else "no"
    why = data["reasoning"] or "; ".join(data["concerns"])
    return _word(Agent.VALIDATOR, f"{verdict}, {data['confidence']:.2f}", data, why)


def _decided(data: dict[str, Any]) -> Word:
    who = RULE if "rule" in data else Agent.META
    return _word(who, _shares(data["quantity"]) if data["verdict"] == "EXECUTE" else "no", data, data["rationale"])


def _abstained(data: dict[str, Any]) -> Word:
    return _word(str(data["agent"]), f"nothing: {data['cause']}", data, data["reason"])


def _word(who: str, says: str, data: dict[str, Any], why: str | None = None) -> Word:
    source = data.get("source") or {}
    return Word(
        who=who,
        says=_short(says),
        why=_short(data.get("reasoning", "") if why is None else why),
        model=_short(source.get("model") or data.get("rule", "")),
        prompt=_short(source.get("prompt_version", "")),
        prompt_hash=_short(source.get("prompt_hash", "")),
        call_id=_short(source.get("call_id", "")),
    )


def _shares(quantity: object) -> str:
    return f"{Decimal(str(quantity)).normalize():f}"


def _short(words: str) -> str:
    return words[:MOST_WHY]


_TOLD: dict[EventType, Callable[[dict[str, Any]], Word]] = {
    EventType.SIGNAL_GENERATED: _signal,
    EventType.CONSTRAINT_APPLIED: _limited,
    EventType.RISK_ASSESSED: _assessed,
    EventType.VALIDATION_COMPLETE: _validated,
    EventType.META_AGENT_DECISION: _decided,
    EventType.RULE_DECISION: _decided,
    EventType.AGENT_ABSTAINED: _abstained,
}
_LAST = frozenset({EventType.META_AGENT_DECISION, EventType.RULE_DECISION})
