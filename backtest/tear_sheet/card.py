"""The top of the page: what was run, what to be wary of, the numbers that are asked for first, and the run card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from backtest.data.panel import Caution
from backtest.results.comparing import settings_of
from backtest.results.result import Result, RunCard
from backtest.tear_sheet.figures import MINUS, NOTHING, dollars
from backtest.tear_sheet.markup import Html, Inner, element, joined
from backtest.tear_sheet.parts import Heading, counted, more, note, prose, section, table, text
from trading.backtest_plan import Plan, Sizing
from trading.metrics import MEASURES, Measure, Metrics, Unit, shown

MOST_SYMBOLS = 30
MOST_CAUTIONS = 100
_FIRST = ("final_equity_usd", "total_return", "cagr", "sharpe", "max_drawdown", "trades")
"""The metrics that are asked for first."""


def title_of(plan: Plan) -> str:
    """A strategy with its parameters: `sma_cross fast 10, slow 30`."""
    words = ", ".join(f"{name} {value}" for name, value in plan.parameters.items())
    return f"{plan.strategy} {words}".strip()


def head(result: Result, card: RunCard) -> Html:
    """What was run, on what, and what must be known before any number is read."""
    told = (
        f"{counted(len(result.symbols), 'symbol')} · {result.days[0]} to {result.days[-1]} · "
        f"{counted(len(result.days), 'session')} · {dollars(float(result.plan.cash))} to begin with"
    )
    lines = [
        element("p", card.kind, class_="kind"),
        element("h1", title_of(card.plan)),
        element("p", told, class_="told"),
    ]
    return element("header", *lines, banners(card.banners))


def banners(words: tuple[str, ...]) -> Html | None:
    """Words that nobody may miss, in a box."""
    if not words:
        return None
    return element(
        "aside", element("b", "Before you read on"), *(element("p", each) for each in words), class_="banner"
    )


def tiles(card: RunCard, metrics: Metrics) -> Html:
    """The numbers that are asked for first, and how many combinations were tried before this one."""
    told = {measure.field: measure for measure in MEASURES}
    pairs = [(told[name].label, _value(told[name], metrics)) for name in _FIRST]
    pairs.append(("Trials", f"{card.trials:,}"))
    return element("dl", *(_pair(label, value) for label, value in pairs), class_="tiles")


def run_card(result: Result, card: RunCard) -> Html:
    """Everything that somebody needs to get this result again."""
    rows = element("dl", *(_pair(label, value) for label, value in _told(result, card) if value), class_="card")
    settings = table(
        "Every setting of the plan",
        [text("Setting"), prose("Value")],
        [[name, value] for name, value in settings_of(card.plan)],
    )
    return section("Run card", rows, _cautions(result, card), more("Every setting of the plan", settings))


def measures(metrics: Metrics) -> Html:
    """All metrics; what each means stands under them, and beside each when it is pointed at."""
    rows = (_pair(measure.label, _value(measure, metrics), measure.definition) for measure in MEASURES)
    definitions = table(
        "What each metric means",
        [text("Metric"), Heading("Value"), prose("Definition"), prose("Source")],
        [[each.label, _value(each, metrics), each.definition, each.source or NOTHING] for each in MEASURES],
    )
    return section("Metrics", element("dl", *rows, class_="measures"), more("What each metric means", definitions))


def _value(measure: Measure, metrics: Metrics) -> str:
    value = getattr(metrics, measure.field)
    if measure.unit is Unit.USD and value is not None:
        return dollars(value)
    return shown(measure, value).replace("-", MINUS).replace(Unit.DAYS, "days")


def _pair(label: str, value: Inner, meaning: str | None = None) -> Html:
    term = element("dt", element("abbr", label, title=meaning) if meaning else label)
    return element("div", term, element("dd", value))


def _told(result: Result, card: RunCard) -> Iterator[tuple[str, str]]:
    plan, costs = card.plan, card.plan.frictions.costs
    yield "Run", card.run_id
    yield "Trials", _trials(card.trials)
    yield "Strategy", title_of(plan) + (f" ({card.rule_version})" if card.rule_version else "")
    yield "Engine", card.engine.value
    yield "Symbols", _symbols(plan.symbols)
    yield "From, to", f"{plan.from_on} to {plan.to_on}"
    yield "Warmed up by", counted(card.warm_up, "session") if card.warm_up else ""
    yield "Filled at", plan.fill.value.replace("_", " ")
    yield "Sizing", _sizing(plan.sizing)
    yield "Limits", "none" if plan.limits is None else "on"
    yield "Circuit breaker", "none" if plan.breaker is None else "on"
    yield (
        "Commission",
        f"{costs.commission_bps} bps, ${costs.commission_per_share} a share, ${costs.commission_per_order} an order",
    )
    yield "Slippage, spread", f"{costs.slippage_bps} bps, {plan.frictions.spread_bps} bps"
    yield "Benchmark", plan.benchmark or ""
    yield "Data", card.data
    yield "Hash of the data", card.data_hash
    yield "Code", card.code_version
    yield "Models", _mapped(card.models)
    yield "Prompts", _mapped(card.prompts)
    yield "Cost of models", dollars(result.spent_usd) if card.models else ""
    yield "Decisions", f"{result.decisions:,}" if result.decisions else ""
    yield "Notes", "; ".join(result.notes)


def _trials(trials: int) -> str:
    if trials == 1:
        return "1: this combination is the only one that was tried"
    return f"{trials:,}: the best of so many looks good by luck alone; ask for its deflated Sharpe ratio"


def _symbols(symbols: tuple[str, ...]) -> str:
    rest = len(symbols) - MOST_SYMBOLS
    return " ".join(symbols[:MOST_SYMBOLS]) + (f" and {rest:,} more" if rest > 0 else "")


def _sizing(sizing: Sizing | None) -> str:
    return "weights of the strategy" if sizing is None else f"{sizing.by.value}: {sizing.amount}"


def _mapped(words: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in words.items())


def _cautions(result: Result, card: RunCard) -> Html:
    every = tuple(dict.fromkeys((*card.cautions, *result.cautions)))
    if not every:
        return note("Nothing in the data gave cause for caution.")
    words = f"{counted(len(every), 'caution')} about the data or the run."
    if len(every) > MOST_CAUTIONS:
        words += f" The first {MOST_CAUTIONS} are shown."
    headings = [text("Code"), text("Symbol"), prose("Why")]
    return joined(note(words), table("Cautions", headings, map(_caution, every[:MOST_CAUTIONS])))


def _caution(caution: Caution) -> list[Inner]:
    # A narrow page breaks a code at its joints.
    code = Html(joined(caution.code).replace("_", "_<wbr>"))
    return [code, caution.symbol or NOTHING, caution.reason]
