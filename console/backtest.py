"""`backtest`: from what was typed to a run card, a table of metrics, files, and a row in the list of runs."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from pydantic import JsonValue

from backtest.measures.measuring import measured
from backtest.measures.round_trips import trades_of
from backtest.results.exports import Exported, export
from backtest.results.result import Result, RunCard
from console import backtest_shown
from console.backtest_agents import Panelists, deciders_of, panelists_of, rules_of
from console.backtest_card import card_of, new_run_id
from console.backtest_data import panel_of, plan_of, source_of
from console.backtest_row import keep, row_of
from console.backtest_run import engine_for, run
from console.backtest_wish import Typed, wished
from console.output import Output
from settings import Settings
from trading.errors import BadConfiguration
from trading.metrics import Metrics
from trading.strategy import AGENTS

FOLDER = "backtests"


STOPPED = 3
"""The exit code of a run that its models ended early: what there is was measured, written and kept."""


async def backtest(settings: Settings, output: Output, typed: Typed) -> int:
    """Replay, measure, write, keep and show; or only say what the models would cost."""
    wish = wished(typed, settings)
    strategy = str(wish.fields["strategy"])
    rule_version = _rule_version(strategy, wish.fields["parameters"], settings)
    async with panelists_of(typed, strategy, settings) as who:
        with output.waiting("reading bars"):
            panel = await panel_of(wish, settings)
        plan = plan_of(wish, panel)
        engine = engine_for(wish.engine, plan, panel)
        plan = wish.plan_in(engine, plan)
        if typed.get("estimate"):
            from console.backtest_estimate import show_estimate  # noqa: PLC0415  with the whole of a desk behind it

            return await show_estimate(output, panel, plan, who)
        began, at_first = datetime.now(UTC), time.perf_counter()
        result = await run(engine, panel, plan, output, lambda: who.deciders or deciders_of(settings))
    run_id = new_run_id(plan.strategy, began)
    data = (source_of(wish), panel.data_hash, int((panel.days < result.days[0]).sum()))
    card = card_of(result, run_id, data, rule_version, who)
    metrics = measured(result)
    at = _export(result, card, metrics, _folder(typed, settings, run_id), sheet=not typed.get("no_sheet"))
    no_row = await keep(settings, row_of(result, card, metrics, at, (began, datetime.now(UTC))))
    code = 0 if result.stopped is None else STOPPED
    if output.as_json:
        kept = {"kept": no_row is None, "seconds": _since(at_first)}
        output.show(_document(result, card, metrics, at) | _asked(result, who) | kept)
        return code
    backtest_shown.show(output, result, card, metrics, trades_of(result))
    backtest_shown.models(output, who)
    backtest_shown.files(output, card, at, no_row)
    return code


def _rule_version(strategy: str, parameters: dict[str, JsonValue], settings: Settings) -> str:
    """The rule made once, before any data is read. Raises BadRule for one that cannot be."""
    if strategy == AGENTS:
        if parameters:
            raise BadConfiguration(f"--set: the agents have no parameters ({', '.join(parameters)})")
        return ""
    return rules_of(settings).load(strategy, parameters).version


def _folder(typed: Typed, settings: Settings, run_id: str) -> Path:
    said = typed.get("out")
    return (Path(said).expanduser() if said else settings.desk.home / FOLDER / run_id).resolve()


def _export(result: Result, card: RunCard, metrics: Metrics, folder: Path, *, sheet: bool) -> Exported:
    try:
        return export(result, card, metrics, folder, sheet=sheet)
    except OSError as wrong:
        raise BadConfiguration(f"--out: {folder} cannot be written: {wrong.strerror}") from None


def _document(result: Result, card: RunCard, metrics: Metrics, at: Exported) -> dict[str, object]:
    """The run for a program, every digit of it."""
    return {
        "run_id": card.run_id,
        "final_equity": float(result.equity[-1]),
        "fills": len(result.fills),
        "refusals": len(result.refusals),
        "sessions": len(result.days),
        "metrics": metrics,
        "benchmark_final": _last(result.benchmark),
        "held_final": _last(result.held),
        "interest": result.interest,
        "borrow": result.borrow,
        "dividends": result.dividends,
        "decisions": result.decisions,
        "notes": result.notes,
        "files": {name: str(path) for name, path in at._asdict().items() if path.exists()},
        "card": card,
    }


def _asked(result: Result, who: Panelists) -> dict[str, object]:
    """What the models were asked in this run, and what ended it."""
    if who.deciders is None:
        return {}
    meter = who.deciders.meter
    calls = {"asked": meter.asked, "cached": meter.cached, "spent_usd": meter.spent_usd, "max_usd": meter.most_usd}
    return {"calls": calls, "stopped": result.stopped}


def _last(curve: np.ndarray | None) -> float | None:
    return None if curve is None or not np.isfinite(curve[-1]) else float(curve[-1])


def _since(at_first: float) -> float:
    return round(time.perf_counter() - at_first, 3)
