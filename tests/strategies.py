"""Strategies that a test gives to a desk."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from temporalio.client import Client

from tests.rig import Ports, until
from tests.workflows.breaking import opened
from trading.limits import Limits
from trading.ports import Ledger
from trading.strategy import AGENTS, Rung, Strategy, StrategyChange, first_strategy

_changes = count(1)
LONG_AGO = datetime(2017, 1, 1, tzinfo=UTC)


def holding(strategy_id: str, *symbols: str, **changes: Any) -> Strategy:
    """One that buys each of its symbols once, for a tenth of its equity."""
    named = {"source": "buy-and-hold", "universe": {"symbols": symbols}, "allocation": Decimal("0.1")}
    return Strategy.model_validate({"strategy_id": strategy_id, "rung": Rung.PAPER, **named, **changes})


def modest() -> Strategy:
    """The desk's first, with a part of the equity that leaves room for others."""
    return first_strategy().model_copy(update={"allocation": Decimal("0.2")})


async def given(ledger: Ledger, *strategies: Strategy, desk_id: str = "main") -> None:
    """Give a desk that has its books these strategies, beside its first."""
    for strategy in (modest(), *strategies):
        change = StrategyChange(
            desk_id=desk_id,
            change_id=f"{desk_id}-{strategy.strategy_id}-{next(_changes)}",
            strategy=strategy,
            by="test",
            at=LONG_AGO,
        )
        changed = await ledger.change_strategy(change, Limits())
        assert isinstance(changed, Strategy), changed


async def with_strategies(client: Client, ports: Ports, *strategies: Strategy, desk_id: str = "main") -> None:
    """Open a desk, and give it these beside its first."""
    await opened(client, ports, desk_id)

    async def begun() -> bool:
        return any(one.strategy_id == AGENTS for one in await ports.ledger.strategies(desk_id))

    await until(begun)
    await given(ports.ledger, *strategies, desk_id=desk_id)
