"""`reconcile`: the books against the broker's account, and taking over a difference on a person's word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import RenderableType
from temporalio.client import Client

from activities.correcting import Corrector
from activities.following import Follower
from adapters.temporal.connection import connect
from console.desk import DeskBooks, books_of
from console.output import Output, Tone, grid, plain, toned
from console.reach import reach
from console.watchlist import Prices
from settings import Settings
from trading.adjustments import AdjustmentKind
from trading.corrections import BookAdjustment, Correction
from trading.errors import BadConfiguration
from trading.reconciliation import acceptance, unexplained
from trading.reconciling import Reconciled, ReconciliationAsked, ignored_orders
from wiring.brokers import broker_of
from workflows import policies
from workflows.reconciliation import Reconciliation


@dataclass(frozen=True)
class Wish:
    """What the operator typed: the differences to take over, as the table names them, why, and whose shares are."""

    accept: tuple[str, ...] = ()
    reason: str = ""
    strategy: str | None = None


async def reconcile(settings: Settings, output: Output, wish: Wish) -> int:
    """Compare now and show the table; what nobody explains is exit code 1."""
    found = reach(settings)
    async with books_of(found.database, settings.desk.id) as books:
        if wish.accept:
            await _accept(settings, books, wish)
        client = await connect(found.temporal_address)
        reconciled = await _compared(client, books.desk_id)
    open_questions = [one for one in reconciled.differences if not one.explained]
    output.show(reconciled, *_shown(reconciled))
    return 1 if open_questions else 0


async def _compared(client: Client, desk_id: str) -> Reconciled:
    now = f"{desk_id}-asked-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    asked = ReconciliationAsked(desk_id=desk_id, reconciliation_id=now, trace_id=now)
    return await client.execute_workflow(
        Reconciliation.run,
        asked,
        id=asked.workflow_id,
        task_queue=policies.DESK_QUEUE,
        task_timeout=policies.TASK,
        execution_timeout=policies.RECONCILING_LIFE,
        static_summary="books and broker, asked for",
    )


async def _accept(settings: Settings, books: DeskBooks, wish: Wish) -> None:
    """Tell the books each difference that was named. Raises BadConfiguration for one that there is not."""
    if not wish.reason.strip():
        raise BadConfiguration("a difference is taken over for a reason: --reason, for whoever reads the log")
    known = {one.strategy_id for one in await books.ledger.strategies(books.desk_id)}
    if wish.strategy is not None and wish.strategy not in known:
        raise BadConfiguration(f"there is no strategy {wish.strategy} (there are: {', '.join(sorted(known))})")
    broker = broker_of(settings, books.engine, Prices.of(settings).market)
    kept = await books.ledger.books(books.desk_id)
    statement = await broker.statement(books.desk_id, kept.events[0].event.occurred_at)
    found = unexplained(kept, statement, late_visibility=broker.late_visibility, ignored=ignored_orders(kept))
    named = {f"{one.case}:{one.about}": one for one in found}
    corrector = Corrector(books.ledger, Follower(broker, books.ledger))
    for name in wish.accept:
        if name not in named:
            raise BadConfiguration(f"there is no difference {name} (there are: {', '.join(named) or 'none'})")
        correction = acceptance(kept, statement, named[name])
        if correction is None:
            raise BadConfiguration(f"{name} cannot be taken over: look at the broker what happened")
        await corrector.apply(books.desk_id, _owned(correction, wish.strategy))


def _owned(correction: Correction, strategy: str | None) -> Correction:
    """Shares that are taken over, for the strategy that was named."""
    if isinstance(correction, BookAdjustment) and correction.adjustment.kind is AdjustmentKind.ADOPTION:
        theirs = correction.adjustment.model_copy(update={"strategy_id": strategy})
        return correction.model_copy(update={"adjustment": theirs})
    return correction


def _shown(reconciled: Reconciled) -> list[RenderableType]:
    if not reconciled.differences:
        return [toned("  the books and the broker's account agree", "good")]
    table = grid("case", "about", "ours", "theirs", "follows")
    for one in reconciled.differences:
        tone: Tone = "good" if one.explained else "bad"
        cells: list[RenderableType] = [one.case, plain(one.about), plain(one.ours), plain(one.theirs)]
        table.add_row(*cells, toned(one.consequence, tone))
    return [table]
