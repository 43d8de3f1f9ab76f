"""What each strategy has of a desk: its part of every symbol, its account, what it was allocated, what it was worth.

`sub_positions` and the cash of `strategy_accounts` are projections of the rows that `positions` come from, and of
`allocations`, which are only ever appended to. No row asks for one in `strategies`: what a strategy did outlives it.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text, func
from sqlalchemy.dialects.postgresql import JSONB

from adapters.postgres.tables import At, Dollars, Quantity, Trimmed, metadata

Part = Trimmed(9, 8)


def _of_strategy() -> tuple[Column[str], Column[str]]:
    desk = Column("desk_id", Text, ForeignKey("system_state.desk_id"), primary_key=True)
    return desk, Column("strategy_id", Text, primary_key=True)


# `cash` is what the shares brought so far: fills, dividends and what was paid for parts of a share. The mark of a
# symbol is the desk's.
sub_positions = Table(
    "sub_positions",
    metadata,
    *_of_strategy(),
    Column("symbol", Text, primary_key=True),
    Column("quantity", Quantity, nullable=False),
    Column("cost_basis", Dollars, nullable=False),
    Column("realised_pnl", Dollars, nullable=False),
    Column("cash", Dollars, nullable=False),
    Column("lots", JSONB, nullable=False),
    CheckConstraint("quantity <> 0 OR cost_basis = 0", name="flat_costs_nothing"),
)

# `flow_count` counts the transfers: equities of one count may be compared. `funded_for` is the allocation that the
# account was last brought to, `funded_at_flow` the desk's own count of deposits and withdrawals then.
strategy_accounts = Table(
    "strategy_accounts",
    metadata,
    *_of_strategy(),
    Column("cash", Dollars, nullable=False),
    Column("peak_equity", Dollars, nullable=False, server_default="0"),
    Column("flow_count", Integer, nullable=False, server_default="0"),
    Column("funded_for", Part),
    Column("funded_at_flow", Integer),
    CheckConstraint("(funded_for IS NULL) = (funded_at_flow IS NULL)", name="funded_whole"),
)

# `amount` goes from the desk's reserve to the account, negative when it comes back.
allocations = Table(
    "allocations",
    metadata,
    Column("allocation_id", Text, primary_key=True),
    Column("desk_id", Text, ForeignKey("system_state.desk_id"), nullable=False),
    Column("strategy_id", Text, nullable=False),
    Column("amount", Dollars, nullable=False),
    Column("allocation", Part, nullable=False),
    Column("desk_equity", Dollars, nullable=False),
    Column("allocated_at", At, nullable=False),
    Column("recorded_at", At, nullable=False, server_default=func.now()),
    CheckConstraint("amount <> 0", name="moves_something"),
    Index(None, "desk_id", "strategy_id"),
)

strategy_marks = Table(
    "strategy_marks",
    metadata,
    *_of_strategy(),
    Column("marked_at", At, primary_key=True),
    Column("equity", Dollars, nullable=False),
    Column("cash", Dollars, nullable=False),
    Column("flow_count", Integer, nullable=False),
)
