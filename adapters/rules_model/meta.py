"""The MetaAgent's rules: sales first, then the best buys by confidence less risk."""

from __future__ import annotations

from pydantic import JsonValue

from trading.agents.debate import CandidateFacts, NotValidated
from trading.agents.meta import MetaFacts
from trading.instruments import Side

LEAST_SCORE = 0.35
MOST_BUYS = 5  # a cycle: one day's market should not fill the whole desk


def decide(facts: MetaFacts) -> dict[str, JsonValue]:
    """Answer the MetaAgent's question as a `MetaAnswer`."""
    buys = [c for c in facts.candidates if c.proposal.side is Side.BUY]
    ranked = sorted(buys, key=lambda c: (-score(c), c.proposal.symbol))
    ranks = {candidate.proposal.symbol: rank for rank, candidate in enumerate(ranked, start=1)}
    return {"decisions": [_decision(c, ranks.get(c.proposal.symbol)) for c in facts.candidates]}


def score(candidate: CandidateFacts) -> float:
    """The mean confidence of DataAgent and Validator, if he was asked, less the part that risk takes: 0 to 1."""
    said = _confidences(candidate)
    confidence = sum(said) / len(said)
    return round(confidence * (1 - candidate.assessment.risk_score), 4)


def _decision(candidate: CandidateFacts, rank: int | None) -> dict[str, JsonValue]:
    """One candidate; `rank` counts the buys from the best, None for a sale."""
    quantity = candidate.assessment.approved_quantity
    good = rank is None or (rank <= MOST_BUYS and score(candidate) >= LEAST_SCORE)
    execute = good and quantity > 0
    return {
        "symbol": candidate.proposal.symbol,
        "verdict": "EXECUTE" if execute else "DO_NOT_EXECUTE",
        "quantity": quantity if execute else 0,
        "rationale": _rationale(candidate, rank),
    }


def _rationale(candidate: CandidateFacts, rank: int | None) -> str:
    place = "a sale lowers risk" if rank is None else f"rank {rank} among the buys, the five best may trade"
    confidence = " and ".join(f"{one:.2f}" for one in _confidences(candidate))
    return (
        f"Score {score(candidate):.2f} of {LEAST_SCORE:.2f} needed: confidence {confidence}, "
        f"risk {candidate.assessment.risk_score:.2f}; {place}."
    )


def _confidences(candidate: CandidateFacts) -> list[float]:
    validation = candidate.validation
    second = [] if isinstance(validation, NotValidated) else [validation.confidence]
    return [candidate.proposal.confidence, *second]
