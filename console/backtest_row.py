"""A run's row in the database, so that runs can be listed and compared; without a database there are its files."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from backtest.results.result import Result, RunCard
from console.reach import reach
from settings import Settings
from trading.backtesting import RunKind, RunRow, RunStatus
from trading.errors import TradingError
from trading.metrics import Metrics

if TYPE_CHECKING:
    from backtest.results.exports import Exported  # the pictures come with it, which a study does not draw


async def keep(settings: Settings, row: RunRow) -> str | None:
    """Write the row as the desk's; why there is none, in one line, where it could not be written."""
    try:
        database = reach(settings).database
    except TradingError as error:
        return _line(error)
    from adapters.postgres.backtests import PostgresRuns  # noqa: PLC0415  30 MB that files alone do not need
    from adapters.postgres.engine import application_engine  # noqa: PLC0415  as above

    engine = application_engine(database, pool_size=1)
    try:
        await PostgresRuns(engine).begin(row.model_copy(update={"desk_id": settings.desk.id}))
    except TradingError as error:
        return _line(error)
    finally:
        await engine.dispose()
    return None


def row_of(result: Result, card: RunCard, metrics: Metrics, at: Exported, moments: tuple[datetime, datetime]) -> RunRow:
    """The row of a run that began and ended at these moments."""
    plan = result.plan
    return RunRow(
        run_id=card.run_id,
        kind=RunKind.BACKTEST,
        strategy=plan.strategy,
        symbols=plan.symbols,
        from_on=plan.from_on,
        to_on=plan.to_on,
        status=RunStatus.COMPLETED if result.stopped is None else RunStatus.CANCELLED,
        started_at=moments[0],
        finished_at=moments[1],
        spent_usd=result.spent_usd,
        folder=str(at.folder),
        asked=plan.model_dump(mode="json"),
        card=card.model_dump(mode="json"),
        metrics=metrics.model_dump(mode="json"),
    )


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
