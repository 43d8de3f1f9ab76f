"""What a language model fills in: a closed record an agent, numbers finite and bounded, nothing extra, all capped.

Providers hold a model to the shape of a schema but not to its ranges, so every bound is checked here again. JSON
numbers arrive as `int` or `Decimal`, exactly as they were written (see `reading`).
"""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    FailFast,
    Field,
    WithJsonSchema,
    model_validator,
)

from trading.agents.envelope import plain
from trading.instruments import Symbol
from trading.money import tick
from trading.signals import Action, Verdict

# More proposals than this in one question would not fit in one readable answer.
BATCH = 256
MOST_POINTS = 5
"""Points in one word of a debate: the best, not all."""
_SHARES = 1_000_000_000
_DOLLARS = 10_000_000
_WEIGHT_STEP = Decimal("0.00000001")


def _exact(value: object) -> object:
    if type(value) is int:
        return Decimal(value)
    return Decimal(0) if isinstance(value, Decimal) and not value else value  # -0.0 is nought like any other


def _whole_ticks(price: Decimal) -> Decimal:
    """A price somebody can trade at; one that rounds to nothing is no price."""
    rounded = price.quantize(tick(price), rounding=ROUND_HALF_EVEN)
    if not rounded:
        message = "rounds to zero"
        raise ValueError(message)
    return rounded


def _weight_steps(weight: Decimal) -> Decimal:
    return weight.quantize(_WEIGHT_STEP, rounding=ROUND_DOWN)


def _one_line(limit: int) -> AfterValidator:
    return AfterValidator(lambda text: plain(text, limit))


_FRACTION_SCHEMA = WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1})
_Fraction = Annotated[Decimal, BeforeValidator(_exact), Field(ge=0, le=1, allow_inf_nan=False), _FRACTION_SCHEMA]
_Weight = Annotated[_Fraction, AfterValidator(_weight_steps)]
_Price = Annotated[
    Decimal,
    BeforeValidator(_exact),
    Field(gt=0, le=_DOLLARS, allow_inf_nan=False),
    AfterValidator(_whole_ticks),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": _DOLLARS}),
]
_Shares = Annotated[int, Field(ge=0, le=_SHARES)]
_Reasoning = Annotated[str, Field(max_length=4000), _one_line(4000)]
_Concern = Annotated[str, Field(max_length=400), _one_line(400)]
_Point = Annotated[str, Field(max_length=200), _one_line(200)]
_Concerns = Annotated[list[_Concern], Field(max_length=12), FailFast()]


class Answer(BaseModel):
    """Any agent's answer. Strict: "10", true and 1.0 are not ten, one and one share; every key must be there."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class SignalAnswer(Answer):
    """The DataAgent's: one size for a buy, one or none for a sell (none: all that is held), none for hold.

    `stop` and `target` are dollars a share.
    """

    symbol: Symbol
    action: Annotated[Action, Field(strict=False)]
    confidence: _Fraction
    weight: _Weight | None
    quantity: _Shares | None
    stop: _Price | None
    target: _Price | None
    horizon_days: Annotated[int, Field(ge=1, le=750)]
    reasoning: _Reasoning

    @model_validator(mode="after")
    def _consistent(self) -> SignalAnswer:
        sizes = sum(1 for size in (self.weight, self.quantity) if size)
        everything = self.action is Action.SELL and self.weight is None and self.quantity is None
        if sizes != (0 if self.action is Action.HOLD or everything else 1):
            message = f"{self.action} with {sizes} sizes"
            raise ValueError(message)
        if self.action is Action.BUY and self.stop and self.target and self.stop >= self.target:
            message = "buy with its stop at or above its target"
            raise ValueError(message)
        return self


class AssessmentAnswer(Answer):
    """One line of the RiskManager's; a refusal needs no quantity, an approval does."""

    symbol: Symbol
    approved: bool
    adjusted_quantity: _Shares
    risk_score: _Fraction
    concerns: _Concerns

    @model_validator(mode="after")
    def _consistent(self) -> AssessmentAnswer:
        if self.approved and not self.adjusted_quantity:
            message = "approved with quantity 0"
            raise ValueError(message)
        return self


class RiskAnswer(Answer):
    """The RiskManager's answer for the batch."""

    assessments: Annotated[list[AssessmentAnswer], Field(max_length=BATCH), FailFast()]


class Pattern(StrEnum):
    """What the Validator may say that it sees in the numbers."""

    UPTREND = "uptrend"
    DOWNTREND = "downtrend"
    GOLDEN_CROSS = "golden_cross"
    DEATH_CROSS = "death_cross"
    BREAKOUT = "breakout"
    PULLBACK = "pullback"
    OVERBOUGHT = "overbought"
    OVERSOLD = "oversold"
    VOLUME_CLIMAX = "volume_climax"
    BEARISH_DIVERGENCE = "bearish_divergence"
    BULLISH_DIVERGENCE = "bullish_divergence"
    BAND_SQUEEZE = "band_squeeze"


class ValidationAnswer(Answer):
    """The Validator's answer on one proposal."""

    symbol: Symbol
    approved: bool
    confidence: _Fraction
    patterns: Annotated[list[Annotated[Pattern, Field(strict=False)]], Field(max_length=12), FailFast()]
    concerns: _Concerns
    reasoning: _Reasoning


class LessonAnswer(Answer):
    """The Reflector's answer on one resolved memory."""

    lesson: Annotated[str, Field(min_length=1, max_length=300), _one_line(300)]


class ArgumentAnswer(Answer):
    """One word of Bull's or Bear's; the first of a debate rebuts nothing."""

    symbol: Symbol
    conviction: _Fraction
    points: Annotated[list[_Point], Field(max_length=MOST_POINTS), FailFast()]
    rebuttal: _Concern


class DecisionAnswer(Answer):
    """One line of the MetaAgent's; a trade of nothing is a contradiction."""

    symbol: Symbol
    verdict: Annotated[Verdict, Field(strict=False)]
    quantity: _Shares
    rationale: _Reasoning

    @model_validator(mode="after")
    def _consistent(self) -> DecisionAnswer:
        if self.verdict is Verdict.EXECUTE and not self.quantity:
            message = "EXECUTE with quantity 0"
            raise ValueError(message)
        return self


class MetaAnswer(Answer):
    """The MetaAgent's answer for the portfolio."""

    decisions: Annotated[list[DecisionAnswer], Field(max_length=BATCH), FailFast()]
