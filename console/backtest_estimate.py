"""`backtest --estimate`: what the models would be asked, and what that costs."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from backtest.cycles.estimate import AgentEstimate, estimate
from backtest.panel import Panel
from console.backtest_agents import Panelists
from console.backtest_run import progress
from console.output import Output, grid, pairs, title, toned
from trading.backtest_plan import Plan

_CENT = Decimal("0.01")


async def show_estimate(output: Output, panel: Panel, plan: Plan, who: Panelists) -> int:
    """Count the questions and show them; nothing is sent to anybody."""
    with progress(output) as tell:
        found = await estimate(panel, plan, who.deciders, who.stores, tell)
    usual = [_usual(one, who) for one in found]
    if output.as_json:
        output.show(
            {"estimate": [_line(*pair) for pair in zip(found, usual, strict=True)], "total": _total(found, usual)}
        )
        return 0
    output.say(title(f"Estimate: {plan.from_on} to {plan.to_on}, {len(plan.symbols)} symbols"))
    if not found:
        output.say(toned("  The rules model answers for every agent: nothing is asked that costs anything.", "faint"))
        return 0
    output.say(_table(found, usual))
    total = _total(found, usual)
    output.say("", pairs([("in all", _range(total["usual_usd"], total["most_usd"]))]))
    output.say(toned(_HONEST, "faint"), *_unpriced(found))
    return 0


_HONEST = (
    "  Rules answered in the place of what no model has answered yet; a model goes its own way from its first other\n"
    "  answer on. An answer that cannot be read is asked for once more, which is not counted here. Nothing was sent."
)


def _usual(one: AgentEstimate, who: Panelists) -> tuple[float, Decimal | None] | None:
    """Tokens and dollars of the new questions, if they take what such questions took; None where none was kept yet."""
    known = None if who.file is None else who.file.usual(one.agent, one.model)
    if known is None:
        return None
    return one.new * known.tokens, None if known.usd is None else one.new * known.usd


def _line(one: AgentEstimate, usual: tuple[float, Decimal | None] | None) -> dict[str, object]:
    tokens, usd = usual or (None, None)
    return {
        **one.model_dump(mode="json"),
        "new": one.new,
        "usual_tokens": None if tokens is None else round(tokens),
        "usual_usd": usd,
    }


def _total(
    found: Sequence[AgentEstimate], usual: Sequence[tuple[float, Decimal | None] | None]
) -> dict[str, int | Decimal | None]:
    known = [one[1] for one in usual if one is not None and one[1] is not None]
    return {
        "questions": sum(one.questions for one in found),
        "cached": sum(one.cached for one in found),
        "new": sum(one.new for one in found),
        "most_tokens": sum(one.most_tokens for one in found),
        "most_usd": sum((one.most_usd for one in found), Decimal(0)),
        "usual_usd": sum(known, Decimal(0)) if len(known) == len(found) else None,
    }


def _table(found: Sequence[AgentEstimate], usual: Sequence[tuple[float, Decimal | None] | None]) -> object:
    table = grid("agent", "model", ">questions", ">answered before", ">new", ">tokens at most", ">USD")
    for one, known in zip(found, usual, strict=True):
        words = _range(known[1] if known else None, one.most_usd)
        counts = (one.questions, one.cached, one.new, one.most_tokens)
        table.add_row(one.agent.value, one.model, *(f"{count:,}" for count in counts), words)
    return table


def _range(usual: object, most: object) -> str:
    at_most = f"at most {_dollars(most)}"
    return at_most if usual is None else f"about {_dollars(usual)}, {at_most}"


def _dollars(usd: object) -> str:
    return f"{Decimal(str(usd)).quantize(_CENT):,}"


def _unpriced(found: Sequence[AgentEstimate]) -> list[object]:
    names = sorted({one.model for one in found if one.unpriced})
    words = f"  No price is known of {', '.join(names)}: counted at LLM_UNKNOWN_USD_PER_MILLION_TOKENS."
    return [toned(words, "odd")] if names else []
