"""`backtest --estimate`: what the models would be asked, and what that costs."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from rich.table import Table
from rich.text import Text

from backtest.cycles.estimate import AgentEstimate, estimate
from backtest.data.panel import Panel
from console.backtest_agents import Panelists
from console.backtest_run import bar
from console.output import Output, grid, pairs, title, toned
from trading.backtest_plan import Plan
from trading.errors import BadConfiguration
from trading.money import Record

_CENT, _PLACES = Decimal("0.01"), Decimal("0.000001")


class Total(Record):
    """All agents together; `usual_usd` None unless such calls of each are kept, with a price."""

    questions: int
    cached: int
    new: int
    most_tokens: int
    most_usd: Decimal
    usual_usd: Decimal | None


async def show_estimate(output: Output, panel: Panel, plan: Plan, who: Panelists) -> int:
    """Count the questions and show them; nothing is sent to anybody."""
    if who.deciders is None:
        raise BadConfiguration("--estimate: nobody is asked")
    with bar(output) as tell:
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
    output.say("", pairs([("in all", _range(total.usual_usd, total.most_usd))]))
    output.say(*(toned(line, "faint") for line in _HONEST), *_unpriced(found))
    return 0


_HONEST = (
    "  Rules answered in the place of what no model has answered yet; from its first other answer on a model goes",
    "  its own way. What cannot be read is asked for once more, which is not counted here. Nothing was sent.",
)


def _usual(one: AgentEstimate, who: Panelists) -> tuple[float, Decimal | None] | None:
    """Tokens and dollars of the new questions, if they take what such questions took; None where none was kept yet."""
    known = None if who.file is None else who.file.usual(one.agent, one.model)
    if known is None:
        return None
    return one.new * known.tokens, None if known.usd is None else (one.new * known.usd).quantize(_PLACES)


def _line(one: AgentEstimate, usual: tuple[float, Decimal | None] | None) -> dict[str, object]:
    tokens, usd = usual or (None, None)
    return {
        **one.model_dump(mode="json"),
        "new": one.new,
        "usual_tokens": None if tokens is None else round(tokens),
        "usual_usd": usd,
    }


def _total(found: Sequence[AgentEstimate], usual: Sequence[tuple[float, Decimal | None] | None]) -> Total:
    known = [one[1] for one in usual if one is not None and one[1] is not None]
    return Total(
        questions=sum(one.questions for one in found),
        cached=sum(one.cached for one in found),
        new=sum(one.new for one in found),
        most_tokens=sum(one.most_tokens for one in found),
        most_usd=sum((one.most_usd for one in found), Decimal(0)),
        usual_usd=sum(known, Decimal(0)).quantize(_PLACES) if len(known) == len(found) else None,
    )


def _table(found: Sequence[AgentEstimate], usual: Sequence[tuple[float, Decimal | None] | None]) -> Table:
    """Of the tokens and dollars those of what is not known yet."""
    table = grid("agent", "model", ">asked", ">known", ">tokens <", ">USD <", ">USD ~")
    for one, known in zip(found, usual, strict=True):
        likely = "" if known is None or known[1] is None else _dollars(known[1])
        counts = (f"{count:,}" for count in (one.questions, one.cached, one.most_tokens))
        table.add_row(one.agent.value, one.model, *counts, _dollars(one.most_usd), likely)
    return table


def _range(usual: Decimal | None, most: Decimal) -> str:
    at_most = f"at most {_dollars(most)}"
    return at_most if usual is None else f"about {_dollars(usual)}, {at_most}"


def _dollars(usd: Decimal) -> str:
    return f"{usd.quantize(_CENT):,}"


def _unpriced(found: Sequence[AgentEstimate]) -> list[Text]:
    names = sorted({one.model for one in found if one.unpriced})
    words = f"  No price is known of {', '.join(names)}: counted at LLM_UNKNOWN_USD_PER_MILLION_TOKENS."
    return [toned(words, "odd")] if names else []
