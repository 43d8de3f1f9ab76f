"""The RiskManager's rules: volatility, bets that are the same bet, and entries that come late."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from pydantic import JsonValue

from trading.agents.facts import Figures, Proposed
from trading.agents.risk import RiskFacts
from trading.instruments import Side

HIGH_VOLATILITY = 0.40
EXTREME_VOLATILITY = 0.80
LATE_ATRS = 2.0  # this far above the 20-day average, the move has been made
EXTREME_RISK = 0.75
SELLING_RISK = 0.05

# The risk score: what each part adds at most.
BASE = 0.10
VOLATILITY = 0.45
SAME_SECTOR = 0.10  # each, for at most two
LATE = 0.10
FALLING = 0.15  # of the whole batch below its 200-day averages


def assess(facts: RiskFacts) -> dict[str, JsonValue]:
    """Answer the RiskManager's question as a `RiskAnswer`."""
    peers = _peers(facts)
    falling = _falling(facts.figures)
    return {
        "assessments": [
            _selling(p) if p.side is Side.SELL else _buying(p, facts.figures[p.symbol], peers[p.symbol], falling)
            for p in facts.proposals
        ]
    }


def risk_score(figures: Figures, peers: int, falling: float) -> float:
    """0 to 1: a base, volatility, the same sector's other bets, a late entry, and the part of the batch that falls."""
    score = BASE + VOLATILITY * min(figures.realised_volatility_20 / EXTREME_VOLATILITY, 1.0)
    score += SAME_SECTOR * min(peers, 2) + LATE * _late(figures) + FALLING * falling
    return round(min(score, 1.0), 3)


def _selling(proposal: Proposed) -> dict[str, JsonValue]:
    return _assessment(proposal, proposal.quantity, SELLING_RISK, [])


def _buying(proposal: Proposed, figures: Figures, peers: int, falling: float) -> dict[str, JsonValue]:
    volatility = figures.realised_volatility_20
    score = risk_score(figures, peers, falling)
    concerns = []
    halvings = 0
    if volatility > HIGH_VOLATILITY:
        halvings += 1
        concerns.append(f"Volatility is {volatility * 100:.0f} % a year.")
    if peers:
        halvings += peers
        concerns.append(f"The {peers + 1}. bet on {proposal.sector}.")
    if _late(figures):
        concerns.append(f"Late: {figures.price:.2f} is far above the 20-day average {figures.sma_20:.2f}.")
    extreme = volatility > EXTREME_VOLATILITY or score > EXTREME_RISK
    quantity = 0 if extreme else proposal.quantity // 2**halvings
    return _assessment(proposal, quantity, score, concerns)


def _assessment(proposal: Proposed, quantity: int, score: float, concerns: list[str]) -> dict[str, JsonValue]:
    return {
        "symbol": proposal.symbol,
        "approved": quantity > 0,
        "adjusted_quantity": quantity,
        "risk_score": score,
        "concerns": [*concerns],
    }


def _peers(facts: RiskFacts) -> dict[str, int]:
    """For each buy, the holdings and the surer buys of its sector: bets that are partly the same one."""
    leaving = {p.symbol for p in facts.proposals if p.side is Side.SELL}
    taken = Counter(h.sector for h in facts.books.positions if h.symbol not in leaving)
    own = {h.symbol: h.sector for h in facts.books.positions if h.symbol not in leaving}
    peers: dict[str, int] = {}
    buys = [p for p in facts.proposals if p.side is Side.BUY]
    for proposal in sorted(buys, key=lambda p: (-p.confidence, p.symbol)):
        already = own.get(proposal.symbol) == proposal.sector
        peers[proposal.symbol] = taken[proposal.sector] - already
        taken[proposal.sector] += not already
    return peers


def _falling(figures: Mapping[str, Figures]) -> float:
    return sum(f.price < f.sma_200 for f in figures.values()) / max(len(figures), 1)


def _late(figures: Figures) -> bool:
    return figures.price - figures.sma_20 > LATE_ATRS * figures.atr_14
