"""A cycle's events as one line a symbol: who said what of it, on whose words, and what came of that.

The same lines are read from the log of a past cycle and from what its replay would have written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from trading.agents.questions import Agent
from trading.events import DECISIONS, Event, EventType
from trading.instruments import Symbol
from trading.memory import Voice
from trading.money import ZERO, Quantity, Record
from trading.scoring import confidence_of_risk
from trading.signals import FOR_IT, Action, Score, Verdict

MOST_WHY = 300
"""A hundred lines travel in one payload, twice: the events hold every word."""
Short = Annotated[str, Field(max_length=MOST_WHY)]
CODE, RULE, OPERATOR = "limits", "rule", "operator"
"""Who speaks where no agent does."""


class Word(Record):
    """What one of them said of a symbol, and why; `model`, `prompt` and `call_id` are empty for code.

    As an opinion it `approves` or not, with a confidence and a quantity where it states them; None of an abstention.
    """

    who: Short
    says: Short
    why: Short = ""
    model: Short = ""
    prompt: Short = ""
    prompt_hash: Short = ""
    call_id: Short = ""
    approves: bool | None = None
    confidence: Score | None = None
    quantity: Quantity = ZERO


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
        word, said = told(event.data), batch if symbol is None else words.setdefault(str(symbol), [])
        if event.type is EventType.ARGUMENT_MADE:  # of a debate, each side's last word
            said[:] = [one for one in said if one.who != word.who]
        said.append(word)
        if event.type is EventType.SIGNAL_GENERATED:
            actions[str(symbol)] = str(event.data["action"])
        if event.type in DECISIONS:
            ends[str(symbol)] = (
                Decimal(str(event.data["quantity"])) if event.data["verdict"] == Verdict.EXECUTE else ZERO
            )
    return tuple(
        Line(
            symbol=symbol,
            words=(*said, *batch),
            decided=ends.get(symbol, ZERO),
            action=actions.get(symbol, ""),
        )
        for symbol, said in sorted(words.items())
    )


def voices(line: Line) -> tuple[Voice, ...]:
    """The opinions in a line as they are scored: those of agents that were asked, for it or against."""
    return tuple(
        Voice(
            agent=Agent(word.who),
            approves=word.approves,
            confidence=word.confidence,
            quantity=word.quantity,
            model=word.model,
            prompt_version=word.prompt,
            prompt_hash=word.prompt_hash,
            call_id=word.call_id,
        )
        for word in line.words
        if word.call_id and word.who in set(Agent) and word.approves is not None
    )


def _signal(data: dict[str, Any]) -> Word:
    shares, weight = data["quantity"], data["weight"]
    size = f" {_shares(shares)}" if shares else f" {Decimal(weight):.1%}" if weight else ""
    opinion = {} if data["action"] == Action.HOLD else {"approves": True, "confidence": data["confidence"]}
    says = f"{data['action']}{size}, {data['confidence']:.2f}"
    return _word(_alone(data) or Agent.DATA, says, data, **opinion)


def _limited(data: dict[str, Any]) -> Word:
    says = f"{_shares(data['before'])} to {_shares(data['after'])}: {data['limit']}"
    return Word(who=CODE, says=_short(says), why=_short(data["reason"]))


def _assessed(data: dict[str, Any]) -> Word:
    verdict = _shares(data["quantity"]) if data["approved"] else "no"
    opinion = {"approves": data["approved"], "confidence": confidence_of_risk(data["risk_score"])}
    says, why = f"{verdict}, risk {data['risk_score']:.2f}", "; ".join(data["concerns"])
    return _word(Agent.RISK, says, {**data, "reasoning": why}, **opinion, quantity=data["quantity"])


def _validated(data: dict[str, Any]) -> Word:
    verdict = "yes" if data["approved"] else "no"
    why = data["reasoning"] or "; ".join(data["concerns"])
    opinion = {"approves": data["approved"], "confidence": data["confidence"]}
    return _word(Agent.VALIDATOR, f"{verdict}, {data['confidence']:.2f}", {**data, "reasoning": why}, **opinion)


def _argued(data: dict[str, Any]) -> Word:
    why = data["rebuttal"] or "; ".join(data["points"])
    opinion = {"approves": data["conviction"] >= FOR_IT, "confidence": data["conviction"]}
    return _word(str(data["speaker"]), f"{data['conviction']:.2f}", {**data, "reasoning": why}, **opinion)


def _decided(data: dict[str, Any]) -> Word:
    does = data["verdict"] == Verdict.EXECUTE
    opinion = {"approves": does, "quantity": data["quantity"] if does else ZERO}
    says = _shares(data["quantity"]) if does else "no"
    return _word(_alone(data) or Agent.META, says, {**data, "reasoning": data["rationale"]}, **opinion)


def _alone(data: dict[str, Any]) -> str:
    """Who decided without the agents; empty where they did."""
    return next((who for who in (RULE, OPERATOR) if who in data), "")


def _abstained(data: dict[str, Any]) -> Word:
    return _word(str(data["agent"]), f"nothing: {data['cause']}", {**data, "reasoning": data["reason"]})


def _word(who: str, says: str, data: dict[str, Any], **opinion: Any) -> Word:
    source = data.get("source") or {}
    return Word(
        who=who,
        says=_short(says),
        why=_short(data["reasoning"]),
        model=_short(source.get("model") or data.get(RULE) or data.get(OPERATOR, "")),
        prompt=_short(source.get("prompt_version", "")),
        prompt_hash=_short(source.get("prompt_hash", "")),
        call_id=_short(source.get("call_id", "")),
        **opinion,
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
    EventType.ARGUMENT_MADE: _argued,
    EventType.META_AGENT_DECISION: _decided,
    EventType.RULE_DECISION: _decided,
    EventType.OPERATOR_DECISION: _decided,
    EventType.AGENT_ABSTAINED: _abstained,
}
