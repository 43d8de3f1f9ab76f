"""A plan's sizes, costs and limits in the kernel's numbers, and what this engine does not do."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import numpy as np

from backtest.columns.kernel import Terms
from backtest.data.panel import Panel
from trading.backtest_plan import FillAt, Plan, SizedBy, Sizing
from trading.costs import BASIS_POINT
from trading.limits import Limits
from trading.money import ZERO
from trading.orders import OrderKind
from trading.rules.columns import Wishes
from trading.strategy import AGENTS

SMALLEST_ENTRY = 0.01
"""Of equity: a smaller one costs its commission and moves nothing, yet takes one of ten places. Only with limits."""
HELD_TO = ("max_position", "max_sector", "max_positions", "collar", "restricted_symbols")
"""The limits that bind here. The rest guard a desk that runs away, minute by minute, and are for the cycles engine."""
UNLIMITED = Limits(max_position=Decimal(1), max_sector=Decimal(1), max_positions=10**6, collar=ZERO)


def terms_of(plan: Plan, sectors: tuple[str, ...], wishes: Wishes) -> Terms:
    """The plan in numbers. As much cash must be there as all buys of a bar cost at 1 + `collar` times the close."""
    costs, limits = plan.frictions.costs, plan.limits or UNLIMITED
    slip = float(costs.slippage_bps * BASIS_POINT)
    half = float(plan.frictions.spread_bps * BASIS_POINT / 2)
    fixed, fraction = _size(plan.sizing)
    return Terms(
        fixed=fixed,
        fraction=fraction,
        parts=wishes.parts,
        capped=wishes.capped,
        at_close=plan.fill is FillAt.CLOSE,
        bought_at=(1 + half) * (1 + slip),
        sold_at=(1 - half) * (1 - slip),
        rate=float(costs.commission_bps * BASIS_POINT),
        per_share=float(costs.commission_per_share),
        per_order=float(costs.commission_per_order),
        limited=plan.limits is not None,
        max_position=float(limits.max_position),
        max_sector=float(limits.max_sector),
        max_positions=limits.max_positions,
        cushion=1.0 + float(limits.collar),
        smallest=SMALLEST_ENTRY,
        sectors=np.unique(sectors, return_inverse=True)[1].astype(np.int64),
    )


def beyond(plan: Plan, panel: Panel | None = None) -> str | None:
    """What of a plan only the cycles engine does, in one sentence; None when there is nothing."""
    return next(_beyond(plan, panel), None)


def _beyond(plan: Plan, panel: Panel | None) -> Iterator[str]:
    yield from _minds(plan)
    if plan.breaker is not None:
        yield "the circuit breaker halts and resumes in the cycles engine alone"
    if plan.style.kind is OrderKind.LIMIT:
        yield "entries at a limit (ORDER_KIND) are followed by the cycles engine alone"
    if plan.frictions.ticks:
        yield "fills are in whole ticks in the cycles engine alone"
    if plan.frictions.volume_share is not None:
        yield "orders that a bar's volume fills in part are followed by the cycles engine alone"
    if plan.limits is not None and plan.limits.fractional:
        yield "fractions of a share are traded by the cycles engine alone"
    if plan.sizing is not None and plan.sizing.by is SizedBy.FIXED and plan.sizing.amount % 1:
        yield f"{plan.sizing.amount} shares are no whole shares"
    if plan.sizing is not None and not plan.sizing.amount:
        yield "a size of nothing buys nothing"
    acted = {one.symbol for one in (panel.actions if panel else ())} & set(plan.symbols)
    if acted:
        yield f"splits and dividends of {', '.join(sorted(acted))} are booked by the cycles engine alone"


def _minds(plan: Plan) -> Iterator[str]:
    if plan.strategy == AGENTS:
        yield "the agents decide day by day"
    if plan.heed is not None:
        yield "what failed before is remembered by the cycles engine alone"


def _size(sizing: Sizing | None) -> tuple[float, float]:
    if sizing is None:
        return 0.0, 0.0
    amount = float(sizing.amount)
    return (amount, 0.0) if sizing.by is SizedBy.FIXED else (0.0, amount)
