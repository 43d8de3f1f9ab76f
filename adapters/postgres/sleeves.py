"""What each strategy has of a desk: its part of the cash and of the positions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from trading.portfolio import Portfolio


async def fund(connection: AsyncConnection, desk_id: str, strategy_id: str, at: datetime) -> Portfolio | None:  # noqa: ARG001
    """Bring a strategy's part to its allocation, once for each change of that."""
    return None
