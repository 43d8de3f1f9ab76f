"""A rule in the worker: what it says is heard, and whatever else it does costs its own cycle."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.rules import RuleActivities
from adapters.rule_loader import RuleLoader
from tests.fakes.memory import MemorySnapshots
from tests.making import DESK, cycle
from tests.trading.rules.views import AT, EQUITY, bars, drift, facts, level
from trading.agents.facts import Books, Holding
from trading.errors import BadRule
from trading.market import Adjustment, Snapshot
from trading.steps import RuleAsked, RuleHeard
from trading.strategy import Strategy

HEAD = """
from trading.rules import Signal, View, buy, sell
import sys, threading, time
from decimal import Decimal
HELD = threading.Event()
class Mine:
    def __init__(self, weight: float = 0.1) -> None:
        self.weight = weight
"""
_numbers = itertools.count()


@pytest.fixture(autouse=True)
def path_of_before() -> Iterator[None]:
    """Loading a module of one's own adds folders to where modules are looked for."""
    before = list(sys.path)
    yield
    sys.path[:] = before


def written(folder: Path, body: str) -> str:
    """A module with a class `Mine` whose method `signals` has this body; its source."""
    name = f"mine_{next(_numbers)}"
    lines = [f"        {line}" for line in body.splitlines()]
    (folder / f"{name}.py").write_text("\n".join([HEAD, "    def signals(self, view):", *lines]))
    return f"{name}:Mine"


async def asked(source: str, snapshots: MemorySnapshots, *, strategy_id: str = "mine", **parameters: Any) -> RuleAsked:
    """Ask of AAPL, KO and what is held besides, IBM; MSFT is in the snapshot for somebody else."""
    prices = {"AAPL": drift(50, 100), "IBM": level(10), "KO": drift(100, 50), "MSFT": level(20)}
    snapshot = Snapshot(
        provider="hand",
        adjustment=Adjustment.ALL,
        as_of=AT,
        taken_at=AT,
        symbols=tuple(facts(symbol, bars(closes)) for symbol, closes in prices.items()),
    )
    await snapshots.keep(DESK, snapshot)
    held = Holding(symbol="IBM", sector="Unknown", shares=10, weight=0.1, unrealised_return=0.0)
    return RuleAsked(
        cycle=cycle("AAPL", "KO"),
        snapshot_id=snapshot.snapshot_id,
        strategy=Strategy(strategy_id=strategy_id, source=source, parameters=parameters),
        books=Books(equity=EQUITY, cash=EQUITY, positions=(held,), open_orders=()),
    )


class Worker:
    """The activity with rules of this folder."""

    def __init__(self, folder: Path, patience: float = 5) -> None:
        self.snapshots = MemorySnapshots()
        self.rules = RuleActivities(self.snapshots, RuleLoader(folder), timedelta(seconds=patience))

    async def hears(self, source: str, **more: Any) -> RuleHeard:
        question = await asked(source, self.snapshots, **more)
        heard: RuleHeard = await ActivityEnvironment().run(self.rules.apply_rule, question)
        return heard


async def test_a_rule_of_the_desk_is_heard_under_its_name_and_version(tmp_path: Path) -> None:
    heard = await Worker(tmp_path).hears("sma-crossover", parts=4)
    assert [(one.symbol, one.action.value, str(one.weight)) for one in heard.signals] == [("AAPL", "buy", "0.25000000")]
    name, _, version = heard.rule.partition("@")
    assert (name, len(version)) == ("sma-crossover", 12)


async def test_a_rule_of_ones_own_sees_what_it_watches_and_what_it_holds_and_nothing_of_others(tmp_path: Path) -> None:
    source = written(
        tmp_path,
        "assert set(view.symbols) == {'AAPL', 'KO', 'IBM'} and view.watched == {'AAPL', 'KO'}\n"
        "assert view.held == ('IBM',) and view.cash == 100000 and threading.current_thread().daemon\n"
        "return [buy('KO', self.weight, 'cheap'), sell('IBM', 'dear')]",
    )
    heard = await Worker(tmp_path).hears(source, weight=0.2)
    assert [(one.symbol, str(one.weight)) for one in heard.signals] == [("IBM", "None"), ("KO", "0.20000000")]
    assert heard.rule.startswith(f"{source}@")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("raise ValueError('no prices today')", "raised ValueError: no prices today"),
        ("raise SystemExit(3)", "raised SystemExit: 3"),
        ("raise KeyboardInterrupt", "raised KeyboardInterrupt"),
        ("sys.exit('enough')", "raised SystemExit: enough"),
        ("return self.signals(view)", "raised RecursionError"),
        ("return [buy('AAPL', float('nan'), '')]", "raised ValueError: no part of the equity is nan"),
        ("return [buy('AAPL', 0.1, '', confidence=float('inf'))]", "Signal: confidence: Input should be a finite"),
        ("return [Signal(symbol='AAPL', action='buy', confidence=1, weight=2, reasoning='')]", "Signal: weight"),
        ("return [buy('MSFT', 0.1, '')]", "gave a signal of MSFT, which it was not shown"),
        ("return [buy('AAPL', 0.1, ''), sell('AAPL', '')]", "gave two signals of AAPL"),
        ("return [{'symbol': 'AAPL'}]", "gave a dict among its signals"),
        ("return None", "gave a NoneType and no list of signals"),
        ("yield buy('AAPL', 0.1, '')\nraise OSError('half-way')", "raised OSError: half-way"),
        ("while True: yield buy('KO', 0.1, '')", "gave two signals of KO"),
        ("view.symbols['AAPL'].bars.close[:] = 1", "raised ValueError: assignment destination is read-only"),
    ],
)
async def test_a_rule_that_is_none_costs_its_cycle_and_says_why(tmp_path: Path, body: str, sentence: str) -> None:
    worker = Worker(tmp_path)
    source = written(tmp_path, body)
    with pytest.raises(BadRule) as refused:
        await worker.hears(source)
    assert str(refused.value).startswith(source)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)
    assert (await worker.hears("sma-crossover")).signals, "the worker goes on"


async def test_a_rule_that_blocks_is_given_up_and_not_asked_again_while_it_does(tmp_path: Path) -> None:
    worker = Worker(tmp_path, patience=0.1)
    source = written(tmp_path, "HELD.wait()\nreturn []")
    with pytest.raises(BadRule, match=r"took more than 0\.1 s"):
        await worker.hears(source)
    with pytest.raises(BadRule, match="has not come back from the last time"):
        await worker.hears(source)
    assert (await worker.hears("sma-crossover", strategy_id="another")).signals, "the loop and the others go on"
    sys.modules[source.partition(":")[0]].HELD.set()
    while True:
        with suppress(BadRule):
            assert (await worker.hears(source)).signals == ()
            break
        await asyncio.sleep(0.01)


async def test_a_snapshot_that_was_taken_for_no_rule_says_so(tmp_path: Path) -> None:
    worker = Worker(tmp_path)
    question = await asked("sma-crossover", worker.snapshots)
    kept = await worker.snapshots.load(question.snapshot_id)
    without = kept.model_copy(
        update={"symbols": tuple(one.model_copy(update={"history": None}) for one in kept.symbols)}
    )
    await worker.snapshots.keep(DESK, without)
    with pytest.raises(BadRule, match="keeps no bars of AAPL"):
        await ActivityEnvironment().run(
            worker.rules.apply_rule, question.model_copy(update={"snapshot_id": without.snapshot_id})
        )


async def test_the_rule_of_the_handbook_works_as_it_is_printed(tmp_path: Path) -> None:
    handbook = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    printed = next(block for block in handbook.split("```")[1::2] if block.startswith("python\n# my_strategies.py"))
    (tmp_path / "handbook_rules.py").write_text(printed.removeprefix("python\n"))
    heard = await Worker(tmp_path).hears("handbook_rules:Breakout2", sessions=40)
    assert [(one.symbol, one.action.value) for one in heard.signals] == [("AAPL", "buy")]
    assert heard.signals[0].stop == 90
