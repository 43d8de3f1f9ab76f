"""From what was typed to what is to be replayed: every option is read before any data is, each wrong one in a line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from pydantic import JsonValue

from backtest.data import Wanted
from backtest.warm_up import ALL, warm_up_of
from console.universe_file import read_universe
from settings import Settings
from trading.backtest_plan import MOST_SYMBOLS, Engine, FillAt, Frictions, Plan, SizedBy, Sizing
from trading.costs import Costs
from trading.errors import BadConfiguration
from trading.events import storable
from trading.instruments import tickers
from trading.strategy_wording import made

Typed = Mapping[str, Any]
Kind = TypeVar("Kind", bound=StrEnum)
AUTO, NONE, EVERY = "auto", "none", "all"
PROVIDERS: Mapping[str, str] = {"yahoo": "yfinance", "yfinance": "yfinance", "alpaca": "alpaca", "simulated": "simulated"}
"""What may be typed for a provider, and what the settings call it; `file` is MARKET_DATA_DIR."""
FILE = "file"
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Wish:
    """What was typed for one run. `plan` is all of it but the symbols and dates, which the data decide.

    `engine` None takes the fastest that can; `needs_benchmark` says that it was asked for by name.
    """

    wanted: Wanted
    fields: Mapping[str, Any]
    data: Path | None
    provider: str | None
    engine: Engine | None
    benchmark: str | None
    needs_benchmark: bool

    def plan(self, symbols: tuple[str, ...], days: tuple[date, date], benchmark: str | None) -> Plan:
        """The plan, once it is known which symbols and days there are."""
        fields = {**self.fields, "symbols": symbols, "from_on": days[0], "to_on": days[1], "benchmark": benchmark}
        return made(Plan, fields, "backtest")


def wished(typed: Typed, settings: Settings) -> Wish:
    """What was typed. Raises BadConfiguration, in one line, for what cannot be read."""
    strategy = str(typed["strategy"]).strip()
    benchmark = typed.get("benchmark")
    own = settings.desk.benchmark if benchmark is None else benchmark
    named = () if own.lower() == NONE else _tickers("--benchmark", own)
    wanted = Wanted(
        symbols=_symbols(typed),
        from_on=_day("--from", typed.get("from_on")),
        to_on=_day("--to", typed.get("to_on")),
        warm_up=_warm_up(typed.get("warm_up"), strategy),
        beside=named,
    )
    data, provider = _source(typed, settings)
    return Wish(
        wanted=wanted,
        fields=_fields(strategy, typed, settings),
        data=data,
        provider=provider,
        engine=None if typed.get("engine") in {None, AUTO} else _choice("--engine", typed["engine"], Engine),
        benchmark=named[0] if named else None,
        needs_benchmark=benchmark is not None,
    )


def _fields(strategy: str, typed: Typed, settings: Settings) -> dict[str, Any]:
    limits = typed.get("limits") or "on"
    if limits not in {"on", "off"}:
        raise BadConfiguration(f"--limits: on or off, not {limits}")
    cash = typed.get("cash")
    return {
        "strategy": strategy,
        "parameters": _parameters(typed.get("parameters") or ()),
        "cash": settings.trading.opening_cash if cash is None else number("--cash", cash),
        "frictions": _frictions(typed, settings),
        "fill": FillAt.NEXT_OPEN if typed.get("fill") is None else _choice("--fill", typed["fill"], FillAt),
        "sizing": None if typed.get("sizing") is None else _sizing(typed["sizing"]),
        "limits": settings.trading.limits if limits == "on" else None,
        "seed": 0 if typed.get("seed") is None else number("--seed", typed["seed"]),
    }


def _frictions(typed: Typed, settings: Settings) -> Frictions:
    usual = settings.paper
    costs = {
        name: getattr(usual, name) if typed.get(name) is None else number(option_of(name), typed[name])
        for name in ("slippage_bps", "commission_bps", "commission_per_share", "commission_per_order")
    }
    said = {name: typed[name] for name in ("volume_share", "borrow_rate", "cash_rate") if typed.get(name) is not None}
    fields: dict[str, Any] = {name: part(option_of(name), word) for name, word in said.items()}
    if typed.get("spread_bps") is not None:
        fields["spread_bps"] = number("--spread-bps", typed["spread_bps"])
    return _options(Frictions, {**fields, "costs": _options(Costs, costs)})


def _sizing(said: str) -> Sizing:
    by, sign, amount = said.partition(":")
    if not sign or by.strip() not in list(SizedBy):
        raise BadConfiguration(f"--sizing: {said} is no size of an entry (one looks like fixed:1000 or equity:0.15)")
    kind = SizedBy(by.strip())
    size = number("--sizing", amount) if kind is SizedBy.FIXED else part("--sizing", amount)
    if size <= 0:
        raise BadConfiguration(f"--sizing: {said} buys nothing")
    return Sizing(by=kind, amount=size)
