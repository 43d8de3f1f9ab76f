"""A plan over columns: what a rule wants for all days at once, then one pass over what happens."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import JsonValue

from adapters.rule_loader import RuleLoader
from backtest.columns import kernel
from backtest.columns.ground import Ground
from backtest.columns.kernel import BALANCE, FILLS, Bars, Book, Events, Marks, Tape, Terms
from backtest.columns.table import SweepTable
from backtest.columns.telling import result_of
from backtest.columns.terms import beyond, terms_of
from backtest.data.panel import Column, Panel
from backtest.results.result import Result
from trading.backtest_plan import Plan
from trading.errors import BadConfiguration, BadRule, TradingError
from trading.rules.columns import ColumnRule, Wishes
from trading.rules.sma_cross import SmaCross
from trading.rules.vetting import told

PAYS = 1_000_000
"""Symbol-bars from which on compiled code pays: the compiler takes a second and 120 MB before it does anything."""
MOST_REFUSALS = 10_000
"""That are kept of one run; further ones are counted."""
Play = Callable[[Bars, Events, Terms, Book], None]


def can_run(plan: Plan, panel: Panel | None = None) -> str | None:
    """Why this engine cannot run a plan (over a panel), in one sentence; None when it can."""
    reason = beyond(plan, panel)
    if reason is not None:
        return reason
    try:
        _rule(plan, {})
    except BadRule as wrong:
        return str(wrong)
    return None


def run_columns(panel: Panel, plan: Plan, *, compiled: bool | None = None) -> Result:
    """What the plan would have brought; `compiled` or in plain Python, with the same fills, None is what is sooner.

    Raises BadConfiguration for a plan that this engine or this panel cannot serve, BadRule for its rule.
    """
    ground = _ground(panel, plan)
    wishes = _wishes(_rule(plan, {}), ground)
    events, terms = ground.events(wishes), terms_of(plan, ground.sectors, wishes)
    book = _book(terms, len(events.day), float(plan.cash), np.full(len(ground.days), np.nan), MOST_REFUSALS)
    play = _player(compiled=pays(ground.present.size) if compiled is None else compiled)
    play(ground.bars, events, terms, book)
    return result_of(panel, ground, book)


def sweep_columns(
    panel: Panel, plan: Plan, combinations: Sequence[Mapping[str, JsonValue]], *, compiled: bool | None = None
) -> SweepTable:
    """The plan once for each combination of parameters, which go over the plan's own. One that fails says why.

    Raises BadConfiguration for what no combination could run with.
    """
    ground = _ground(panel, plan)
    equity = np.full((len(combinations), len(ground.days)), np.nan)
    fills = np.zeros(len(combinations), np.int64)
    errors: list[str | None] = []
    if compiled is None:
        compiled = pays(ground.present.size * len(combinations))
    sweep = _Sweep(ground, compiled=compiled)
    for row, parameters in enumerate(combinations):
        try:
            fills[row] = sweep.run(parameters, equity[row])
            errors.append(None)
        except TradingError as error:
            equity[row] = np.nan
            errors.append(str(error))
    return SweepTable(ground.days, tuple(combinations), equity, fills, tuple(errors))


class _Sweep:
    """Many runs over the same ground: what does not change from one to the next is made once."""

    def __init__(self, ground: Ground, *, compiled: bool) -> None:
        self._ground = ground
        self._play = _player(compiled=compiled)
        self._loader = RuleLoader()
        self._terms: dict[tuple[int, bool], Terms] = {}
        self._crossings = _Crossings.of(ground) if compiled and not ground.barred.any() else None

    def run(self, parameters: Mapping[str, JsonValue], equity: Column) -> int:
        """Write a combination's equity into a row; how many fills it had."""
        rule = _rule(self._ground.plan, parameters, self._loader)
        if self._crossings is not None and isinstance(rule, SmaCross):
            parts, capped, events = rule.parts, False, self._crossings.events(rule)
        else:
            wishes = _wishes(rule, self._ground)
            parts, capped, events = wishes.parts, wishes.capped, self._ground.events(wishes)
        terms = self._terms_for(parts, capped=capped)
        book = _book(terms, len(events.day), float(self._ground.plan.cash), equity, 0)
        self._play(self._ground.bars, events, terms, book)
        return int(book.counts[FILLS])

    def _terms_for(self, parts: int, *, capped: bool) -> Terms:
        if (parts, capped) not in self._terms:
            none = np.empty((0, 0), np.bool_)
            wishes = Wishes(none, none, parts, capped=capped)
            self._terms[parts, capped] = terms_of(self._ground.plan, self._ground.sectors, wishes)
        return self._terms[parts, capped]


@dataclass(frozen=True, slots=True)
class _Crossings:
    """Where two averages cross, by the compiler; the same places as `SmaCross.columns` finds."""

    tape: Tape
    marks: Marks
    found: Events

    @classmethod
    def of(cls, ground: Ground) -> _Crossings | None:
        """None where sums are no whole numbers: then the rule itself is asked."""
        if ground.tape is None:
            return None
        most = ground.present.size
        return cls(
            ground.tape, np.zeros(ground.present.shape, np.int8), Events(*(np.empty(most, np.int64) for _ in "123"))
        )

    def events(self, rule: SmaCross) -> Events:
        """Those of one pair of averages; overwritten by the next."""
        from backtest.columns import compiled  # noqa: PLC0415  it imports numba, which takes half a second

        many = compiled.cross(self.tape, rule.fast, rule.slow, self.marks, self.found)
        return Events(*(column[:many] for column in self.found))


def _ground(panel: Panel, plan: Plan) -> Ground:
    reason = beyond(plan, panel)
    if reason is not None:
        raise BadConfiguration(reason)
    return Ground.of(panel, plan)


def _rule(plan: Plan, parameters: Mapping[str, JsonValue], loader: RuleLoader | None = None) -> ColumnRule:
    """The plan's rule. Raises BadRule for one that cannot be made or has no form for columns."""
    rule = (loader or RuleLoader()).load(plan.strategy, {**plan.parameters, **parameters}).rule
    if not isinstance(rule, ColumnRule):
        raise BadRule(f"{plan.strategy} has no form for columns")
    return rule


def _wishes(rule: ColumnRule, ground: Ground) -> Wishes:
    try:
        return rule.columns(ground.history)
    except TradingError:
        raise
    except Exception as error:  # noqa: BLE001  it may be somebody's code
        raise BadRule(f"{ground.plan.strategy} raised {told(error)}") from None


def pays(symbol_bars: int) -> bool:
    """Whether so much is worth compiling for."""
    return symbol_bars >= PAYS or "backtest.columns.compiled" in sys.modules


def _player(*, compiled: bool) -> Play:
    if not compiled:
        return kernel.play
    from backtest.columns.compiled import play  # noqa: PLC0415  it imports numba, which takes half a second

    return play


def _book(terms: Terms, events: int, cash: float, equity: Column, refusals: int) -> Book:
    """An account with nothing but cash; each event can make one order, and each order be cut once and refused once."""
    symbols, days = len(terms.sectors), len(equity)
    money = np.zeros(3)
    money[BALANCE] = cash
    return Book(
        shares=np.zeros(symbols),
        order=np.zeros(symbols),
        decided=np.zeros(symbols, np.int64),
        money=money,
        in_sector=np.zeros(symbols),
        cash=np.empty(days),
        equity=equity,
        fills=np.empty((events, 5)),
        refused=np.empty((min(2 * events, refusals), 4)),
        counts=np.zeros(2, np.int64),
    )
