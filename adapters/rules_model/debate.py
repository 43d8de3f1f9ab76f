"""Bull's and Bear's rules: each tells what of the figures is on his side, and is moved a little by the other.

A debater begins at the mean confidence of those before him, a twentieth up for each pattern that speaks for the
candidate (Bull) or a tenth down for each flaw (Bear). From his second word on he goes a quarter of the way to what the
other said last.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue

from adapters.rules_model.validator import (
    GOOD_FOR_BUYING,
    GOOD_FOR_SELLING,
    contradictions,
    doubts,
    failures,
    misquotes,
    patterns,
)
from trading.agents.answers import MOST_POINTS
from trading.agents.debate import DebateFacts, NotValidated
from trading.instruments import Side

FOR_EACH, AGAINST_EACH = 0.05, 0.1
MOVED = 0.25
LEAST, MOST = 0.05, 0.95


def bull(facts: DebateFacts) -> dict[str, JsonValue]:
    """Answer Bull's question as an `ArgumentAnswer`."""
    points = list(_for(facts))
    return _argument(facts, points, _confidence(facts) + FOR_EACH * len(points))


def bear(facts: DebateFacts) -> dict[str, JsonValue]:
    """Answer Bear's question as an `ArgumentAnswer`."""
    points = list(_against(facts))
    return _argument(facts, points, _confidence(facts) - AGAINST_EACH * len(points))


def _for(facts: DebateFacts) -> Iterator[str]:
    side = facts.candidate.proposal.side
    good = GOOD_FOR_BUYING if side is Side.BUY else GOOD_FOR_SELLING
    for pattern in patterns(facts.figures):
        if pattern in good:
            yield f"Shows {pattern.replace('_', ' ')}, which is for a {side}."


def _against(facts: DebateFacts) -> Iterator[str]:
    proposal = facts.candidate.proposal
    yield from contradictions(proposal, facts.figures)
    yield from misquotes(proposal.reasoning, facts.figures)
    yield from doubts(proposal, list(patterns(facts.figures)))
    yield from failures(facts.precedents)


def _confidence(facts: DebateFacts) -> float:
    """The mean confidence of the DataAgent and of the Validator, if he was asked."""
    validation = facts.candidate.validation
    second = [] if isinstance(validation, NotValidated) else [validation.confidence]
    said = [facts.candidate.proposal.confidence, *second]
    return sum(said) / len(said)


def _argument(facts: DebateFacts, points: list[str], conviction: float) -> dict[str, JsonValue]:
    said, rebuttal = facts.arguments, ""
    if said:
        other = said[-1]
        rebuttal = f"{other.speaker} makes {len(other.points)} points, these are {len(points)}."
        conviction += MOVED * (other.conviction - conviction) if len(said) > 1 else 0
    return {
        "symbol": facts.candidate.proposal.symbol,
        "conviction": round(min(max(conviction, LEAST), MOST), 3),
        "points": [point[:200] for point in points[:MOST_POINTS]],
        "rebuttal": rebuttal,
    }
