"""How strategies are shown to a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from adapters.postgres.strategy_reports import ChangeLine, Share
from console.output import Output, Tone, dollars, grid, pairs, plain, title, toned
from console.tables import STATE_TONES
from trading.agents.questions import Agent
from trading.breaker import CircuitBreaker, TradingState
from trading.evidence import Evidence
from trading.portfolio import Portfolio, drawdown
from trading.strategy import Rung, Strategy, Universe
from trading.strategy_changes import allocated, limit_words, percent

Lines = list[tuple[str, str | Text]]
RUNG_TONES: dict[Rung, Tone] = {Rung.SHADOW: "faint", Rung.PAPER: "plain", Rung.LIVE: "odd"}
MOST_NAMED = 4


def listed(
    known: Sequence[Strategy], shares: Mapping[str, Share], reserve: Decimal, output: Output
) -> list[RenderableType]:
    """A line each, and what of the equity is given out."""
    wide = output.is_wide
    more = ("scans", "~limits of its own") if wide else ()
    table = grid("strategy", "decides", "rung", "state", ">part", ">equity", "~looks at", *more)
    for one in known:
        share = shares[one.strategy_id]
        cells: list[RenderableType] = [one.strategy_id, plain(one.source), toned(one.rung, RUNG_TONES[one.rung])]
        cells += [_state(one, share.breaker), percent(one.allocation), dollars(share.part.equity)]
        table.add_row(*cells, _universe(one.universe), *((_scans(one), _limits(one)) if wide else ()))
    given = allocated(known)
    words = f"  {percent(given)} of the equity is given out (in shadow nothing is), {percent(1 - given)} is free"
    return [title("Strategies"), table, toned(f"{words}; the reserve has {dollars(reserve)} USD of cash", "faint")]


def summed(one: Strategy, breaker: CircuitBreaker = CircuitBreaker()) -> Text:  # noqa: B008  frozen
    """All that a strategy is."""
    lines: Lines = [
        ("strategy", one.strategy_id),
        ("decides", plain(one.source) + "".join(f", {name} {plain(str(of))}" for name, of in one.parameters.items())),
        ("rung", toned(one.rung, RUNG_TONES[one.rung])),
        ("state", _state(one, breaker)),
        ("allocation", percent(one.allocation) + ("" if one.is_funded else ", to think with")),
        ("looks at", _universe(one.universe, most=len(one.universe.symbols))),
        ("scans", _scans(one)),
    ]
    lines += [("because", plain(breaker.reason))] if breaker.reason else []
    lines += [("models", _by_agent(one.models))] if one.models else []
    lines += [("prompts", _by_agent(one.prompts))] if one.prompts else []
    lines += [("challenges", one.challenges)] if one.challenges else []
    lines += [("budget", f"{dollars(one.budget_usd_per_day)} USD a day")] if one.budget_usd_per_day is not None else []
    lines += [("debate", _rounds(one.debate_rounds))] if one.debate_rounds else []
    lines += [("memory", _heeds(one.heeds_memory))] if one.heeds_memory is not None else []
    lines += [("limits", _limits(one))] if _limits(one) else []
    lines += [("approval", _record(one.approval))] if one.approval else []
    lines += [("rule", _record(one.rules))] if one.rules else []
    return pairs(lines)


def shown_on(rung: Rung, shown: Evidence, lacking: Sequence[str]) -> list[RenderableType]:
    """What a strategy has shown on its rung, and what is missing for real money."""
    ratios = f"Sharpe {_ratio(shown.sharpe)}, hits {_percent(shown.hit_rate)}"
    ratios += f", profit factor {_ratio(shown.profit_factor)}"
    over = f"{shown.trades} traded, {shown.shadow_trades} thought, {shown.open} open"
    lines: Lines = [
        ("since", f"{shown.since_at:%Y-%m-%d %H:%M} UTC, {shown.days} days with a cycle"),
        ("cycles", f"{shown.cycles}, {shown.failed_cycles} failed"),
        ("trades", over),
        ("made", f"{shown.pnl:,.2f} USD, and {shown.open_gain:,.2f} USD so far by what is open"),
        ("return", f"{shown.total_return:.2%}, at the deepest {shown.max_drawdown:.2%} below its peak"),
        ("ratios", ratios),
        ("orders", f"{shown.denied} denied, {shown.rejected} rejected"),
        ("audit", f"{shown.findings} findings"),
        ("models", f"{shown.model_usd:,.2f} USD"),
    ]
    words = f"  missing for real money: {'; '.join(lacking)}" if lacking else "  enough for real money"
    return [title(f"On the rung {rung} of {shown.desk_id}"), pairs(lines), toned(words, "odd" if lacking else "good")]


def worth(part: Portfolio, today: Decimal, month: Decimal) -> Text:
    """What a strategy has of the desk, and the dollars that its models took."""
    fallen = drawdown(part.equity, part.peak_equity)
    lines: Lines = [
        ("equity", f"{dollars(part.equity)} USD" + (f", {fallen:.2%} below its peak" if fallen else "")),
        ("cash", f"{dollars(part.cash)} USD"),
        ("open orders", str(len(part.open_orders))),
        ("models", f"{today:,.4f} USD today, {month:,.4f} USD this month"),
    ]
    return pairs(lines)


def changes_of(lines: Sequence[ChangeLine]) -> Table:
    """Who changed it."""
    table = grid("when", "by", "what", "~why")
    for one in lines:
        table.add_row(f"{one.at:%Y-%m-%d %H:%M}", plain(one.by), one.what, plain(one.reason))
    return table


def _state(one: Strategy, breaker: CircuitBreaker) -> Text:
    if breaker.state is not TradingState.ACTIVE:
        return toned(f"{breaker.state}" + ("" if one.enabled else ", disabled"), STATE_TONES[breaker.state])
    return toned("enabled", "good") if one.enabled else toned("disabled", "odd")


def _universe(universe: Universe, most: int = MOST_NAMED) -> str:
    more = len(universe.symbols) - most
    words = [", ".join(universe.symbols[:most]) + (f" +{more}" if more > 0 else "")] if universe.symbols else []
    if universe.screen is not None:
        words.append(f"screen: {_record(universe.screen)}")
    return "; ".join(words) or "the watchlist"


def _rounds(rounds: int) -> str:
    return f"{rounds} round{'s' * (rounds > 1)} of Bull and Bear before the MetaAgent"


def _heeds(heeds: bool) -> str:  # noqa: FBT001  it is what the strategy says
    return "what has failed too often is denied" if heeds else "told, and denies nothing"


def _scans(one: Strategy) -> str:
    return "with the desk" if one.scan_times is None else ", ".join(f"{at:%H:%M}" for at in one.scan_times)


def _limits(one: Strategy) -> str:
    own = one.limits.model_dump(exclude_none=True, exclude={"restricted_symbols"})
    words = [f"{name.replace('_', ' ')} {limit_words(name, value)}" for name, value in own.items()]
    never = one.limits.restricted_symbols
    return ", ".join([*words, *([f"never {' '.join(never)}"] if never else [])])


def _by_agent(named: Mapping[Agent, str]) -> str:
    return ", ".join(f"{agent} {plain(name)}" for agent, name in named.items())


def _record(record: object) -> str:
    """Its fields that say something, in words."""
    told = record.model_dump(mode="json", exclude_none=True)  # type: ignore[attr-defined]
    said = {name: ", ".join(value) if isinstance(value, list) else value for name, value in told.items()}
    return ", ".join(
        f"{name.replace('_', ' ')} {plain(str(value))}" for name, value in said.items() if value not in {"", None}
    )


def _ratio(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2f}"


def _percent(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.0%}"
