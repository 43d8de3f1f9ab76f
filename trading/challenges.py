"""Whether a challenger may take its champion's seats: a shadow copy of a strategy under other models or prompts.

Both are judged by the setups decided since the challenger's first, so that neither has seen a market that the other
has not.

| the bar                   | the challenger                                                                          |
|---------------------------|-----------------------------------------------------------------------------------------|
| enough                    | has so many resolved setups, vetoed ones among them                                     |
| not less well calibrated  | has a Brier score no higher, over every confidence that its agents stated               |
| not less paid             | made no less by what it decided, its models' costs since it was added taken off         |
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from trading.contest import ChallengeBar, Contest, Showing
from trading.memory import Remembered
from trading.money import ZERO, cents
from trading.scoring import a_share, brier, spoken
from trading.strategy import Rung, Strategy


def contest(
    pair: tuple[Strategy, Strategy], remembered: Sequence[Remembered], costs: tuple[Decimal, Decimal], bar: ChallengeBar
) -> Contest:
    """A challenger and its champion by their memories; `costs` are what the models of each took, dollars."""
    ours, theirs = (one.strategy_id for one in pair)
    since = min((one.setup.decided_at for one in remembered if one.setup.strategy_id == ours), default=None)
    within = [one for one in remembered if since is not None and one.setup.decided_at >= since]
    challenger, champion = (_shown(name, within, cost) for name, cost in zip((ours, theirs), costs, strict=True))
    lacking = tuple(missing(challenger, champion, bar))
    return Contest(challenger=challenger, champion=champion, since_at=since, missing=lacking)


def missing(challenger: Showing, champion: Showing, bar: ChallengeBar) -> Iterator[str]:
    """What is not shown, in words with both numbers; nothing when the bar is passed."""
    if challenger.resolved < bar.min_resolved:
        yield f"{challenger.resolved} of {bar.min_resolved} setups have resolved"
    if champion.brier is not None and challenger.brier is None:
        yield f"no confidence was stated, whose Brier score could be held against {champion.brier:.4f}"
    elif champion.brier is not None and challenger.brier is not None and challenger.brier > champion.brier:
        yield f"a Brier score of {challenger.brier:.4f}, at most {champion.brier:.4f}"
    if challenger.net < champion.net:
        yield f"made {challenger.net:,.2f} USD after its models, at least {champion.net:,.2f}"


def challenger_of(champion: Strategy, name: str) -> Strategy:
    """A copy of a strategy that thinks beside it, still with the same models and prompts."""
    return champion.model_copy(update={"strategy_id": name, "rung": Rung.SHADOW, "challenges": champion.strategy_id})


def crowned(champion: Strategy, challenger: Strategy) -> Strategy:
    """The champion with the challenger's models and prompts, and nothing else of it."""
    return champion.model_copy(update={"models": challenger.models, "prompts": challenger.prompts})


def no_challenge(challenger: Strategy, champion: Strategy) -> str | None:
    """Why a strategy is none that challenges this one."""
    if not champion.asks_agents:
        return f"{champion.strategy_id} decides by {champion.source}: there are no models or prompts to challenge"
    if champion.challenges:
        return f"{champion.strategy_id} challenges {champion.challenges} itself"
    if (challenger.models, challenger.prompts) == (champion.models, champion.prompts):
        return f"{challenger.strategy_id} would be {champion.strategy_id} once more: name a --model or a --prompt"
    return None


def _shown(name: str, within: Iterable[Remembered], cost: Decimal) -> Showing:
    ours = [one for one in within if one.setup.strategy_id == name]
    known = [(one, one.outcome) for one in ours if one.outcome is not None]
    said = [
        (voice.confidence, outcome.won)
        for one, outcome in known
        for voice in spoken(one.setup)
        if voice.confidence is not None
    ]
    traded = [(one, outcome) for one, outcome in known if one.setup.decided]
    return Showing(
        strategy_id=name,
        resolved=len(known),
        pending=len(ours) - len(known),
        traded=len(traded),
        hit_rate=sum(outcome.won for _, outcome in traded) / len(traded) if traded else None,
        brier=brier(said),
        pnl=cents(sum((a_share(one) * one.setup.decided for one, _ in traded), ZERO)),
        cost_usd=cost,
    )
