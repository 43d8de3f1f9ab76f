"""A desk that several strategies share: changed, funded, and ordering side by side."""

from __future__ import annotations

from itertools import count
from typing import Any

from sqlalchemy import delete, update

from adapters.postgres.engine import transaction
from adapters.postgres.ledger import PostgresLedger
from adapters.postgres.tables import strategies
from tests.adapters.postgres.desk import DESK, LIMITS, NOON, accepted, booked, buy, fill_of, intent
from tests.making import example, sending
from trading.breaker import CircuitBreaker, TradingState
from trading.events import EventType
from trading.evidence import Evidence
from trading.limits import Limits
from trading.orders import Order, OrderRequest
from trading.ports import Ledger
from trading.settlement import Denied
from trading.strategy import Rung, Strategy, StrategyChange

_numbers = count(1)
HALF = {"allocation": "0.5", "rung": Rung.PAPER}


async def changed(ledger: Ledger, strategy_id: str, **terms: Any) -> None:
    """Make a strategy what these terms say."""
    strategy = Strategy.model_validate({"strategy_id": strategy_id, **HALF, **terms})
    asked = {"desk_id": DESK, "change_id": f"change-{next(_numbers)}", "strategy": strategy, "by": "ann", "at": NOON}
    evidence = example(Evidence) if strategy.rung is Rung.LIVE else None
    change = StrategyChange.model_validate({**asked, "evidence": evidence})
    assert await ledger.change_strategy(change, Limits()) == strategy


async def gone(ledger: PostgresLedger, strategy_id: str) -> None:
    """A strategy that was removed while a fill of its was on the way: nobody can remove one that holds something."""
    ours = (strategies.c.desk_id == DESK) & (strategies.c.strategy_id == strategy_id)
    async with transaction(ledger._engine) as connection:  # noqa: SLF001  nothing else writes it without its rules
        await connection.execute(delete(strategies).where(ours))


async def shared(ledger: Ledger, *names: str, **terms: Any) -> None:
    """Share the desk among its first strategy and these, in equal parts, each funded."""
    parts = {"allocation": f"{1 / (len(names) + 1):.4f}"}
    for name in ("agents", *names):
        await changed(ledger, name, **(parts | (terms if name != "agents" else {})))
    for name in ("agents", *names):
        await ledger.fund(DESK, name, NOON)


async def stopped(ledger: PostgresLedger, strategy_id: str, state: TradingState) -> None:
    """Put a strategy's own breaker into a state."""
    ours = (strategies.c.desk_id == DESK) & (strategies.c.strategy_id == strategy_id)
    breaker = CircuitBreaker(state=state).model_dump(mode="json")
    async with transaction(ledger._engine) as connection:  # noqa: SLF001  nothing else writes it without its rules
        await connection.execute(update(strategies).where(ours).values(breaker=breaker))


async def holds(ledger: Ledger, strategy_id: str, quantity: str, symbol: str = "AAPL", **terms: Any) -> None:
    """Let a strategy have bought shares at 100."""
    bought = one(strategy_id, quantity, symbol=symbol, **terms)
    await ledger.adopt(*accepted(bought))
    await ledger.apply_fill(*booked(bought, fill_of(bought, quantity, commission="0")))


def one(by: str, quantity: str = "1", **terms: Any) -> OrderRequest:
    """A buy of a strategy under a name of its own."""
    return buy(**{"quantity": quantity, "strategy_id": by, "client_order_id": f"{by}-{next(_numbers)}", **terms})


async def said(ledger: PostgresLedger, asked: OrderRequest, limits: Limits = LIMITS, **more: Any) -> list[str]:
    """The codes that an intent is denied with."""
    answer = await ledger.intend(intent(asked, limits, **more))
    return [breach.code for breach in answer.breaches] if isinstance(answer, Denied) else []


async def cleared(ledger: PostgresLedger, asked: OrderRequest, **more: Any) -> tuple[bool, str | None]:
    """Whether an order may go on the wire, and why not."""
    clearance = await ledger.clear(sending(asked, **more), NOON)
    return clearance.may_send, clearance.order.reason


async def sent(ledger: PostgresLedger) -> list[Order]:
    """What was intended and not denied."""
    books = await ledger.books(DESK)
    named = {s.event.data["client_order_id"] for s in books.events if s.event.type is EventType.ORDER_INTENDED}
    return [order for order in books.orders if order.request.client_order_id in named]
