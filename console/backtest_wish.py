"""From what was typed to what is to be replayed: every option is read before any data is, each wrong one in a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import JsonValue, ValidationError

from backtest.data.loading import Wanted
from console.strategy_wish import rounds_of
from console.universe_file import read_universe
from settings import Settings
from trading.backtest_plan import Engine, FillAt, Frictions, Plan, SizedBy, Sizing
from trading.breaker_rules import BreakerRules
from trading.costs import Costs
from trading.errors import BadConfiguration
from trading.events import storable
from trading.instruments import tickers
from trading.money import Record
from trading.strategy import AGENTS

Typed = Mapping[str, Any]
Choice = TypeVar("Choice", bound=StrEnum)
Kind = TypeVar("Kind", bound=Record)
MOST_SYMBOLS = 1000
MOST_WARM_UP = 100_000
AUTO, NONE, EVERY = "auto", "none", "all"
PROVIDERS = MappingProxyType(
    {"yahoo": "yfinance", "yfinance": "yfinance", "alpaca": "alpaca", "simulated": "simulated"}
)
"""What may be typed for a provider, and what the settings call it; `file` is MARKET_DATA_DIR."""
FILE = "file"
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Wish:
    """What was typed for one run. `plan` is all of it but the symbols and dates, which the data decide.

    `engine` None takes the fastest that can, `warm_up` None what suits strategy and engine; `needs_benchmark` says
    that it was asked for by name. `in_cycles` is the circuit breaker where nobody said whether there is one: it goes
    with the limits, and columns have none.
    """

    wanted: Wanted
    fields: Mapping[str, Any]
    data: Path | None
    provider: str | None
    engine: Engine | None
    warm_up: int | None
    benchmark: str | None
    needs_benchmark: bool
    in_cycles: BreakerRules | None = None

    def plan(self, symbols: tuple[str, ...], days: tuple[date, date], benchmark: str | None) -> Plan:
        """The plan, once it is known which symbols and days there are."""
        fields = {**self.fields, "symbols": symbols, "from_on": days[0], "to_on": days[1], "benchmark": benchmark}
        return _record(Plan, fields)

    def plan_in(self, engine: Engine, plan: Plan) -> Plan:
        """The plan as an engine runs it: whole cycles have the desk's circuit breaker, unless somebody said no."""
        if engine is Engine.COLUMNS or self.in_cycles is None:
            return plan
        return plan.model_copy(update={"breaker": self.in_cycles})


def wished(typed: Typed, settings: Settings) -> Wish:
    """What was typed. Raises BadConfiguration, in one line, for what cannot be read."""
    strategy = str(typed["strategy"]).strip()
    if not strategy:
        raise BadConfiguration("--strategy: nothing is named (there are agents, rules, and classes as module:Class)")
    benchmark = typed.get("benchmark")
    own = settings.desk.benchmark if benchmark is None else benchmark
    named = () if own.lower() == NONE else _tickers("--benchmark", own)
    wanted = Wanted(
        symbols=_symbols(typed),
        from_on=_day("--from", typed.get("from_on")),
        to_on=_day("--to", typed.get("to_on")),
        beside=named,
    )
    data, provider = _source(typed, settings)
    fields = _fields(strategy, typed, settings)
    unsaid = typed.get("breaker") is None and fields["limits"] is not None
    return Wish(
        wanted=wanted,
        fields=fields,
        data=data,
        provider=provider,
        engine=_engine(typed.get("engine")),
        warm_up=_warm_up(typed.get("warm_up")),
        benchmark=named[0] if named else None,
        needs_benchmark=benchmark is not None,
        in_cycles=settings.breaker.rules if unsaid else None,
    )


def _fields(strategy: str, typed: Typed, settings: Settings) -> dict[str, Any]:
    if strategy == AGENTS and typed.get("sizing") is not None:
        raise BadConfiguration("--sizing: of rules, and the agents say themselves how much they want")
    cash, memory = typed.get("cash"), _is_on("--memory", typed.get("memory"), unsaid=_heeds(strategy, settings))
    return {
        "strategy": strategy,
        "parameters": _parameters(typed.get("parameters") or ()),
        "cash": settings.trading.opening_cash if cash is None else number("--cash", cash),
        "frictions": _frictions(typed, settings),
        "fill": FillAt.NEXT_OPEN if typed.get("fill") is None else _choice("--fill", typed["fill"], FillAt),
        "sizing": None if typed.get("sizing") is None else _sizing(typed["sizing"]),
        "limits": settings.trading.limits if _is_on("--limits", typed.get("limits"), unsaid=True) else None,
        "breaker": settings.breaker.rules if _is_on("--breaker", typed.get("breaker"), unsaid=False) else None,
        "style": settings.style.style,
        "seed": 0 if typed.get("seed") is None else number("--seed", typed["seed"]),
        "mask": bool(typed.get("mask")),
        "debate_rounds": _rounds(strategy, typed.get("debate_rounds")),
        "heed": settings.memory.heed if memory else None,
    }


def _rounds(strategy: str, said: str | None) -> int:
    if said is not None and strategy != AGENTS:
        raise BadConfiguration("--debate-rounds: of the agents, and a rule has no debates")
    return 0 if said is None else rounds_of(said)


def _heeds(strategy: str, settings: Settings) -> bool:
    """As on the desk: setups of the agents that have failed too often are denied, unless the settings say no."""
    return strategy == AGENTS and settings.memory.enabled and settings.memory.denies


def _is_on(option: str, said: str | None, *, unsaid: bool) -> bool:
    if said is None:
        return unsaid
    if said not in {"on", "off"}:
        raise BadConfiguration(f"{option}: on or off, not {said or 'nothing'}")
    return said == "on"


def _frictions(typed: Typed, settings: Settings) -> Frictions:
    usual = settings.paper
    costs = {
        name: getattr(usual, name) if typed.get(name) is None else number(option_of(name), typed[name])
        for name in ("slippage_bps", "commission_bps", "commission_per_share", "commission_per_order")
    }
    said = {name: typed[name] for name in ("volume_share", "borrow_rate", "cash_rate") if typed.get(name) is not None}
    fields: dict[str, Any] = {name: part(option_of(name), word) for name, word in said.items()}
    if fields.get("volume_share") == 0:
        raise BadConfiguration("--volume-share: of nothing of a bar nothing is filled")
    if typed.get("spread_bps") is not None:
        fields["spread_bps"] = number("--spread-bps", typed["spread_bps"])
    return _record(Frictions, {**fields, "costs": _record(Costs, costs)})


def _sizing(said: str) -> Sizing:
    by, sign, amount = said.partition(":")
    if not sign or by.strip() not in list(SizedBy):
        raise BadConfiguration(f"--sizing: {said} is no size of an entry (one looks like fixed:1000 or equity:0.15)")
    kind = SizedBy(by.strip())
    size = number("--sizing", amount) if kind is SizedBy.FIXED else part("--sizing", amount)
    if size <= 0:
        raise BadConfiguration(f"--sizing: {said} buys nothing")
    if kind is SizedBy.FIXED and size != int(size):
        raise BadConfiguration(f"--sizing: {said} is no whole number of shares, and entries are of whole shares")
    return Sizing(by=kind, amount=size)


def _symbols(typed: Typed) -> tuple[str, ...] | None:
    said, path = typed.get("symbols"), typed.get("universe")
    if said is not None and path is not None:
        raise BadConfiguration("--symbols and --universe both name symbols: use one of them")
    if path is not None:
        return read_universe(Path(path), most=MOST_SYMBOLS)
    if said is None or said.strip().lower() == EVERY:
        return None
    symbols = _tickers("--symbols", said)
    if not symbols:
        raise BadConfiguration("--symbols: none are named (one writes AAPL,MSFT, or all)")
    return symbols


def _source(typed: Typed, settings: Settings) -> tuple[Path | None, str | None]:
    data, provider = typed.get("data"), typed.get("provider")
    if data is not None and provider is not None:
        raise BadConfiguration("--data and --provider are both where bars come from: use one of them")
    if provider in {None, FILE}:
        return Path(data) if data else settings.market.data_dir, None
    if provider not in PROVIDERS:
        raise BadConfiguration(f"--provider: there is no {provider} (there are yahoo, alpaca, simulated and {FILE})")
    return None, PROVIDERS[provider]


def _parameters(words: Iterable[str]) -> dict[str, JsonValue]:
    """Parameters as JSON has them; whatever is no JSON is a text."""
    found: dict[str, JsonValue] = {}
    for word in words:
        name, sign, said = (each.strip() for each in word.partition("="))
        if not (name and sign and said):
            raise BadConfiguration(f"--set: {word or 'nothing'} is not NAME=VALUE (one looks like fast=10)")
        if name in found:
            raise BadConfiguration(f"--set: {name} is named twice")
        found[name] = _json(name, said)
    return found


def _json(name: str, said: str) -> JsonValue:
    try:
        value = json.loads(said)
    except ValueError:
        value = said
    try:
        kept: JsonValue = storable(value)
    except ValueError as error:
        raise BadConfiguration(f"--set: {name}={said} is no number") from error
    return kept


def _warm_up(said: str | None) -> int | None:
    if said is None:
        return None
    if said.strip().lower() == EVERY:
        return MOST_WARM_UP
    sessions = number("--warm-up", said)
    if sessions < 0 or sessions != int(sessions) or sessions > MOST_WARM_UP:
        raise BadConfiguration(f"--warm-up: {said} is no number of sessions (0 to {MOST_WARM_UP}, or all)")
    return int(sessions)


def number(option: str, said: str) -> Decimal:
    """A number that was typed for an option."""
    try:
        value = Decimal(said.strip().replace("_", ""))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise BadConfiguration(f"{option}: {said or 'nothing'} is no number")
    return value


def part(option: str, said: str) -> Decimal:
    """A part of one that was typed for an option, as 15% or 0.15."""
    text = said.strip()
    value = number(option, text.removesuffix("%"))
    value = value / _HUNDRED if text.endswith("%") else value
    if not 0 <= value <= 1:
        raise BadConfiguration(f"{option}: {said} is no part of one (one looks like 15% or 0.15)")
    return value


def option_of(name: str) -> str:
    """How a field is typed."""
    return _TYPED.get(name, f"--{name.replace('_', '-')}")


_TYPED = {"from_on": "--from", "to_on": "--to", "parameters": "--set"}


def _day(option: str, said: str | None) -> date | None:
    if said is None:
        return None
    try:
        return date.fromisoformat(said.strip())
    except ValueError:
        raise BadConfiguration(f"{option}: {said} is no date (one looks like 2017-11-10)") from None


def _engine(said: str | None) -> Engine | None:
    if said in {None, AUTO}:
        return None
    if said not in list(Engine):
        raise BadConfiguration(f"--engine: {said} is none of {', '.join((AUTO, *Engine))}")
    return Engine(said)


def _choice(option: str, said: str, kind: type[Choice]) -> Choice:
    try:
        return kind(said.strip())
    except ValueError:
        raise BadConfiguration(f"{option}: {said} is none of {', '.join(kind)}") from None


def _tickers(option: str, said: str) -> tuple[str, ...]:
    try:
        return tickers(said.split(","))
    except BadConfiguration as wrong:
        raise BadConfiguration(f"{option}: {wrong}") from None


def _record(kind: type[Kind], fields: Mapping[str, Any]) -> Kind:
    """A record of what was typed. Raises BadConfiguration with the option that is wrong."""
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        said = first["msg"].removeprefix("Value error, ")
        where = option_of(str(first["loc"][0])) if first["loc"] else kind.__name__.lower()
        raise BadConfiguration(f"{where}: {said}") from error
