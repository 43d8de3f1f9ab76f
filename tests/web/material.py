"""A desk with something of everything, so that no page of it is empty."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.embedding.small import SmallEmbedder
from adapters.postgres.backtests import PostgresRuns
from adapters.postgres.memory import PostgresMemory
from backtest.results.exports import export
from tests.backtest.made import card_of, metrics_of, wavy
from tests.trading.opinions import remembered, voice
from tests.web.api import Api
from trading.agents.questions import Agent
from trading.backtesting import RunKind, RunRow, RunStatus
from trading.features import FEATURES

MARKUP = '<img src="/planted" onerror="document.title = 1"><s>struck</s>'
"""What somebody writes who would like to see whether it becomes a picture."""


async def keep_run(engine: AsyncEngine, root: Path, name: str, sessions: int) -> None:
    """Keep a backtest with its files, a tear sheet among them."""
    result = wavy(sessions)
    card, metrics = card_of(result, run_id=name, banners=(MARKUP,)), metrics_of(result)
    export(result, card, metrics, root / name)
    plan = card.plan
    row = {
        "run_id": name,
        "kind": RunKind.BACKTEST,
        "strategy": plan.strategy,
        "symbols": plan.symbols,
        "from_on": plan.from_on,
        "to_on": plan.to_on,
        "status": RunStatus.COMPLETED,
        "finished_at": datetime.now(UTC) + timedelta(seconds=2),
        "folder": str(root / name),
        "asked": {"plan": plan.model_dump(mode="json")},
        "metrics": metrics.model_dump(mode="json"),
    }
    await PostgresRuns(engine).begin(RunRow.model_validate(row))


async def keep_memories(engine: AsyncEngine) -> None:
    """Keep a setup that won and one that waits for its end."""
    reasons = f"A breakout above the average on thin volume. {MARKUP}", "A dip in a steady trend."
    kept = [
        remembered(pnl, voice(Agent.RISK, 0.6), desk_id="main", cycle_id="main-1", symbol=symbol, reasoning=reason)
        for pnl, symbol, reason in zip(("120", None), ("AAPL", "MSFT"), reasons, strict=True)
    ]
    whole = [one.model_copy(update={"features": (0.0,) * len(FEATURES)}) for one in kept]
    embedder = SmallEmbedder()
    await PostgresMemory(engine).remember(whole, await embedder.embed(reasons), embedder.name)


async def furnish(desk: Api, root: Path) -> None:
    """Write, ask, halt and resume, and keep runs; whatever takes words has markup in them."""
    for name, sessions in (("long", 300), ("short", 100)):
        await keep_run(desk.desk.books.engine, root, name, sessions)
    await keep_memories(desk.desk.books.engine)
    fields = {"source": "sma-cross", "universe": {"symbols": ["AAPL"]}}
    asked = (
        ("/api/events", {"text": MARKUP}),
        ("/api/inquiries", {"question": MARKUP}),
        ("/api/strategies", {"strategy_id": "second", "fields": fields, "reason": MARKUP}),
        ("/api/capital", {"kind": "deposit", "amount": "100.00", "reason": MARKUP}),
        ("/api/breaker/halt", {"reason": MARKUP}),
        ("/api/breaker/resume", {"reason": MARKUP}),
    )
    for path, said in asked:
        answer = await desk.post(path, said)
        assert answer.is_success, (path, answer.text)
