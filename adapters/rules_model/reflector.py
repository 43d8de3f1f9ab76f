"""The Reflector's rules: one sentence by what ended it, against the market and against what was said."""

from __future__ import annotations

from pydantic import JsonValue

from trading.agents.reflector import Came, ReflectorFacts

LATE = 0.03  # of the entry: what was there to be had and was not kept
MARKET = 0.01  # a return this near to the benchmark's is the market's
SURE = 0.6


def reflect(facts: ReflectorFacts) -> dict[str, JsonValue]:
    """Answer the Reflector's question as a `LessonAnswer`."""
    setup, outcome = facts.setup, facts.outcome
    regime = f" in a {setup.regime.replace('-', ' ')} regime" if setup.regime else ""
    made = f"{'made' if outcome.return_fraction > 0 else 'lost'} {abs(outcome.return_fraction):.1%}"
    first = f"A {setup.side} of {setup.symbol}{regime} {made} in {outcome.sessions} sessions ({outcome.exit_reason})."
    return {"lesson": f"{first} {_why(outcome)}{_wrong(facts)}"[:300].rstrip()}


def _why(outcome: Came) -> str:
    made, market = outcome.return_fraction, outcome.benchmark_return
    if market is not None and abs(made - market) <= MARKET:
        return f"The market made {market:.1%}: it says little of the setup."
    if outcome.best - made >= LATE:
        return f"It stood at {outcome.best:.1%} before: the exit may have been late."
    if made <= 0 and outcome.best < LATE:
        return "It never went its way: the entry may have been wrong."
    return "It went as it was argued." if made > 0 else "What the argument foresaw did not come."


def _wrong(facts: ReflectorFacts) -> str:
    """Who was sure, and wrong."""
    won = facts.outcome.return_fraction > 0
    sure = [one.agent for one in facts.voices if one.confidence is not None and one.confidence >= SURE]
    return f" Sure and wrong: {', '.join(sure)}." if sure and not won else ""
