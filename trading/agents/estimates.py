"""The most that a call may take, before it is made, and what it took, after."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_UP, Decimal
from typing import NamedTuple

from trading.agents.budget import Tally
from trading.agents.questions import Question, Reply
from trading.events import canonical

# What a provider adds of its own: the frame of the turns, the schema in its own words.
FRAME_TOKENS = 1000
_PLACES = Decimal("0.000000001")
_MILLION = 1_000_000


class Tokens(NamedTuple):
    """Tokens of a call: all that goes in, of that the standing text, which a provider may keep at a price, and out."""

    told: int
    standing: int
    answered: int


Tariff = Callable[[Tokens], Decimal | None]
"""The most dollars that so many tokens may cost; None when no price is known."""


def unknown(tokens: Tokens) -> Decimal | None:  # noqa: ARG001  a tariff
    """The tariff of a model without a price."""
    return None


def upper_tokens(question: Question) -> Tokens:
    """No fewer tokens than any model counts: none is shorter than a byte, and no answer longer than was allowed."""
    repair = question.repair
    said = [question.system, question.user, canonical(question.answer_schema)]
    said += [repair.said, repair.wrong] if repair else []
    told = sum(len(text.encode("utf-8", "surrogatepass")) for text in said)
    standing = len(question.system.encode("utf-8", "surrogatepass"))
    return Tokens(told + FRAME_TOKENS, standing, question.most_tokens)


def most_of(question: Question, tariff: Tariff, unknown_usd_per_million: Decimal) -> Tally:
    """The most that this call may take."""
    tokens = upper_tokens(question)
    usd = tariff(tokens)
    count = tokens.told + tokens.answered
    worst = count * unknown_usd_per_million / _MILLION
    return Tally(calls=1, tokens=count, usd=_up(worst if usd is None else usd), unpriced=usd is None)


def taken_by(reply: Reply, most: Tally, unknown_usd_per_million: Decimal) -> Tally:
    """What a call took: what its provider says, and where it says nothing, the worst case."""
    tokens = most.tokens if reply.usage is None else reply.usage.input_tokens + reply.usage.output_tokens
    if reply.cost_usd is not None:
        return Tally(calls=1, tokens=tokens, usd=_up(reply.cost_usd))
    counted = tokens * unknown_usd_per_million / _MILLION
    return Tally(calls=1, tokens=tokens, usd=_up(most.usd if reply.usage is None else counted), unpriced=1)


def _up(usd: Decimal) -> Decimal:
    return usd.quantize(_PLACES, rounding=ROUND_UP)
