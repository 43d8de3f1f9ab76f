"""The past behind a mask: other names, other sectors, other levels of prices; taken off again when all is decided.

| is | becomes in all that is asked | and afterwards |
|---|---|---|
| a symbol | `S01`, `S02` …, by a shuffle of the plan's seed | itself |
| a sector | `Sector A` …, so that who shares one still does; `Unknown` stays | itself |
| a price | times its symbol's factor, which puts the close before the first day between 40 and 160 | divided by it |
| shares, volume | divided by the factor | times it |
| a date | in no question at all | itself |
| dollars, returns | the same | the same |

It is a split that nobody was told of: an order for a tenth of the equity is for as many dollars, in whole shares of the
masked price. The factor comes from nothing later than the first day with a bar, so a mask looks ahead no more than the
rest. What no mask can hide are the returns themselves.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from string import ascii_uppercase

import numpy as np

from backtest.cycles.market import PLACES
from backtest.data.panel import Column, Panel
from backtest.measures.yardsticks import benchmark_of, held_of
from backtest.results.result import Fills, Refusal, Result
from trading.backtest_plan import Plan
from trading.corporate_actions import CorporateAction
from trading.instruments import UNKNOWN_SECTOR

LOWEST, HIGHEST = 40.0, 160.0
_PLACES = Decimal("0.000001")


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """A panel and a plan as the agents see them; `factors` are what each symbol's prices are times."""

    panel: Panel
    plan: Plan
    names: Mapping[str, str]
    factors: Mapping[str, float]

    @classmethod
    def of(cls, panel: Panel, plan: Plan) -> Mask:
        """The mask of a plan's seed; the benchmark stays away, for nobody is asked about it."""
        chance = np.random.default_rng(plan.seed)
        symbols = sorted(set(plan.symbols) & set(panel.symbols))
        beside = sorted({one.new_symbol for one in panel.actions if one.new_symbol} - set(symbols))
        names = _names([*symbols, *beside], chance)
        levels = chance.uniform(LOWEST, HIGHEST, len(symbols))
        sectors = _sectors(panel, symbols, chance)
        factors = {symbol: _factor(panel, plan, symbol, level) for symbol, level in zip(symbols, levels, strict=True)}
        told = {
            "symbols": tuple(names.get(symbol, symbol) for symbol in plan.symbols),
            "benchmark": None,
            "mask": False,
        }
        return cls(_panel(panel, names, factors, sectors), plan.model_copy(update=told), names, factors)

    def taken_off(self, result: Result, panel: Panel, plan: Plan) -> Result:
        """The result by its own names, in the shares and prices of the panel; each dollar stays where it was.

        Prices that stand within a text, as in the reason of a refusal, stay as they were told.
        """
        symbols = {alias: symbol for symbol, alias in self.names.items()}
        own = [symbols[alias] for alias in result.symbols]
        order = np.argsort(own)
        factor = np.array([self.factors[symbol] for symbol in own])
        plan = plan.model_copy(update={"to_on": result.plan.to_on})
        words = _Words(symbols)
        return replace(
            result,
            plan=plan,
            symbols=tuple(own[column] for column in order),
            positions=(result.positions * factor)[:, order],
            closes=(result.closes / factor)[:, order],
            highs=None if result.highs is None else (result.highs / factor)[:, order],
            lows=None if result.lows is None else (result.lows / factor)[:, order],
            fills=_fills(result.fills, factor, np.argsort(order)),
            refusals=tuple(self._refusal(one, words) for one in result.refusals),
            cautions=tuple(
                one.model_copy(update={"symbol": one.symbol and words(one.symbol), "reason": words(one.reason)})
                for one in result.cautions
            ),
            opinions=tuple(one.model_copy(update={"symbol": symbols[one.symbol]}) for one in result.opinions),
            notes=tuple(words(note) for note in result.notes),
            benchmark=benchmark_of(panel, plan, result.days),
            held=held_of(panel, plan, result.days),
        )

    def _refusal(self, one: Refusal, words: _Words) -> Refusal:
        symbol = words(one.symbol)
        shares = one.shares * self.factors.get(symbol, 1.0)
        return one.model_copy(update={"symbol": symbol, "shares": shares, "reason": words(one.reason)})


class _Words:
    """A text with the symbols in the place of their aliases."""

    def __init__(self, symbols: Mapping[str, str]) -> None:
        self._symbols = symbols
        self._pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, symbols))})\b")

    def __call__(self, text: str) -> str:
        return self._pattern.sub(lambda found: self._symbols[found[0]], text)


def _names(symbols: list[str], chance: np.random.Generator) -> dict[str, str]:
    """Aliases that are no symbol here."""
    wide = max(len(str(len(symbols))), 2)
    letter = next(one for one in "SXQZ" if not any(re.fullmatch(rf"{one}\d+", symbol) for symbol in symbols))
    places = chance.permutation(len(symbols)) + 1
    return {symbol: f"{letter}{place:0{wide}}" for symbol, place in zip(symbols, places.tolist(), strict=True)}


def _sectors(panel: Panel, symbols: list[str], chance: np.random.Generator) -> dict[str, str]:
    there = sorted({panel.sectors[panel.symbols.index(one)] for one in symbols} - {UNKNOWN_SECTOR})
    places = chance.permutation(len(there)).tolist()
    return {sector: f"Sector {_letters(place)}" for sector, place in zip(there, places, strict=True)}


def _letters(place: int) -> str:
    more, last = divmod(place, len(ascii_uppercase))
    return (ascii_uppercase[more - 1] if more else "") + ascii_uppercase[last]


def _factor(panel: Panel, plan: Plan, symbol: str, level: float) -> float:
    """To four digits, by the newest close before the first day, else by the first there is."""
    closes = panel.close[:, panel.symbols.index(symbol)]
    known = np.flatnonzero(np.isfinite(closes))
    if not len(known):
        return 1.0
    before = known[panel.days[known] < np.datetime64(plan.from_on, "D")]
    return float(f"{level / closes[before[-1] if len(before) else known[0]]:.4g}")


def _panel(panel: Panel, names: Mapping[str, str], factors: Mapping[str, float], sectors: Mapping[str, str]) -> Panel:
    symbols = sorted(factors, key=lambda symbol: names[symbol])
    columns = [panel.symbols.index(symbol) for symbol in symbols]
    times = np.array([factors[symbol] for symbol in symbols])

    def told(name: str) -> Column:
        return np.ascontiguousarray(np.round(getattr(panel, name)[:, columns] * times, PLACES))

    own = [panel.sectors[column] for column in columns]
    return replace(
        panel,
        symbols=tuple(names[symbol] for symbol in symbols),
        open=told("open"),
        high=told("high"),
        low=told("low"),
        close=told("close"),
        volume=np.ascontiguousarray(np.round(panel.volume[:, columns] / times)),
        sectors=tuple(sectors.get(sector, sector) for sector in own),
        actions=tuple(_action(one, names, factors) for one in panel.actions if one.symbol in factors),
    )


def _action(action: CorporateAction, names: Mapping[str, str], factors: Mapping[str, float]) -> CorporateAction:
    amount = action.amount_usd
    if amount is not None:
        amount = max((amount * Decimal(repr(factors[action.symbol]))).quantize(_PLACES), _PLACES)
    new = names[action.new_symbol] if action.new_symbol else None
    return action.model_copy(update={"symbol": names[action.symbol], "amount_usd": amount, "new_symbol": new})


def _fills(fills: Fills, factor: Column, place: np.ndarray) -> Fills:
    times = factor[fills.symbol]
    return replace(
        fills, symbol=place[fills.symbol].astype(np.int64), shares=fills.shares * times, price=fills.price / times
    )
