"""The tables of the books. What a column may hold is the database's business too: money is NUMERIC, times carry a zone.

One desk is one `desk_id`. `portfolio_state`, `positions` and `trades` are projections of `fills`, `adjustments` and
`capital_events`, written in the same transaction; these three and `events` are only ever appended to.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Numeric,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSON, JSONB

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


class Trimmed(TypeDecorator[Decimal]):
    """A NUMERIC that is read back without trailing zeros, as it was before the column padded it."""

    impl = Numeric
    cache_ok = True

    def process_result_value(self, value: Decimal | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        """Undo the column's padding: 10.500000 is 10.5, 10.000000 is 10."""
        if value is None:
            return None
        return value.quantize(1) if value == value.to_integral_value() else value.normalize()


# The bounds of trading/money.py, digit for digit: what a record accepts a column holds.
Dollars = Numeric(18, 2)
Price = Trimmed(14, 6)
Quantity = Trimmed(19, 9)
# What one call of a model costs: a token costs as little as a ten-millionth of a dollar.
Cost = Trimmed(18, 9)
At = DateTime(timezone=True)

_OPEN = "state IN ('intended', 'submitted', 'unknown', 'accepted', 'partially_filled')"
_TOLD = """type IN ('CycleCompleted', 'CycleSkipped', 'CycleFailed', 'OrderIntended', 'OrderAccepted', 'OrderRejected',
    'TradeExecuted', 'ShadowTradeClosed')"""
_OUTCOME = """CASE WHEN closed_at IS NULL THEN 'open' WHEN realised_pnl > 0 THEN 'won'
     WHEN realised_pnl < 0 THEN 'lost' ELSE 'even' END"""


def _of_desk(*, primary_key: bool = False) -> Column[str]:
    return Column("desk_id", Text, ForeignKey("system_state.desk_id"), nullable=False, primary_key=primary_key)


def _recorded() -> Column[Any]:
    return Column("recorded_at", At, nullable=False, server_default=func.now())


system_state = Table(
    "system_state",
    metadata,
    Column("desk_id", Text, primary_key=True),
    Column("trading_state", Text, nullable=False),
    Column("since_at", At),
    Column("changed_by", Text),
    Column("reason", Text),
    Column("event_count", Integer, nullable=False),
    Column("event_head", Text, nullable=False),
    Column("opened_at", At, nullable=False),
    Column("breaker", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    CheckConstraint("trading_state IN ('ACTIVE', 'REDUCING', 'HALTED')", name="known_state"),
    CheckConstraint("event_count >= 0", name="counted"),
)

portfolio_state = Table(
    "portfolio_state",
    metadata,
    _of_desk(primary_key=True),
    Column("cash", Dollars, nullable=False),
    Column("equity", Dollars, nullable=False),
    Column("peak_equity", Dollars, nullable=False),
    Column("marked_at", At),
    Column("flow_count", Integer, nullable=False, server_default="0"),
)

# `flow_count` counts the deposits and withdrawals since the opening: equities of one count may be compared.
# `mark` is the newer of the last quote (`quoted_mark`, `quoted_at`) and the newest fill. The quote is kept apart:
# a fill that is taken back leaves it standing.
positions = Table(
    "positions",
    metadata,
    _of_desk(primary_key=True),
    Column("symbol", Text, primary_key=True),
    Column("sector", Text, nullable=False),
    Column("quantity", Quantity, nullable=False),
    Column("cost_basis", Dollars, nullable=False),
    Column("realised_pnl", Dollars, nullable=False),
    Column("mark", Price, nullable=False),
    Column("marked_at", At, nullable=False),
    Column("quoted_mark", Price),
    Column("quoted_at", At),
    Column("lots", JSONB(none_as_null=True)),
    CheckConstraint("mark > 0", name="mark_positive"),
    CheckConstraint("quantity <> 0 OR cost_basis = 0", name="flat_costs_nothing"),
    CheckConstraint("(quoted_mark IS NULL) = (quoted_at IS NULL)", name="quote_whole"),
)

# `told_state` is what we or the broker last said of the order; `state` is what its fills make of that.
orders = Table(
    "orders",
    metadata,
    Column("client_order_id", Text, primary_key=True),
    _of_desk(),
    Column("strategy_id", Text, nullable=False),
    Column("cycle_id", Text, nullable=False),
    Column("parent_id", Text),
    Column("symbol", Text, nullable=False),
    Column("side", Text, nullable=False),
    Column("leg", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("quantity", Quantity, nullable=False),
    Column("filled_quantity", Quantity, nullable=False),
    Column("state", Text, nullable=False),
    Column("told_state", Text, nullable=False),
    Column("broker_order_id", Text),
    Column("reason", Text),
    Column("request", JSONB, nullable=False),
    Column("breaches", JSONB(none_as_null=True)),
    _recorded(),
    CheckConstraint("quantity > 0", name="quantity_positive"),
    CheckConstraint("filled_quantity >= 0", name="filled_not_negative"),
    CheckConstraint("side IN ('buy', 'sell')", name="known_side"),
    CheckConstraint("(state = 'denied') = (breaches IS NOT NULL)", name="denied_says_why"),
    Index("ix_orders_open", "desk_id", postgresql_where=text(_OPEN)),
    Index(None, "desk_id", "cycle_id"),
    Index(None, "desk_id", "recorded_at"),
)

fills = Table(
    "fills",
    metadata,
    Column("fill_id", Text, primary_key=True),
    _of_desk(),
    Column("client_order_id", Text, ForeignKey("orders.client_order_id"), nullable=False),
    Column("symbol", Text, nullable=False),
    Column("side", Text, nullable=False),
    Column("quantity", Quantity, nullable=False),
    Column("price", Price, nullable=False),
    Column("commission", Dollars, nullable=False),
    Column("cash_change", Dollars, nullable=False),
    Column("filled_at", At, nullable=False),
    Column("reverses", Text),
    _recorded(),
    CheckConstraint("quantity >= 0", name="quantity_not_negative"),
    CheckConstraint("price > 0", name="price_positive"),
    CheckConstraint("side IN ('buy', 'sell')", name="known_side"),
    Index(None, "desk_id", "symbol", "filled_at", "fill_id"),
    Index(None, "client_order_id"),
    Index(None, "reverses", postgresql_where=text("reverses IS NOT NULL")),
)

trades = Table(
    "trades",
    metadata,
    Column("trade_id", Text, primary_key=True),
    _of_desk(),
    Column("strategy_id", Text, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("side", Text, nullable=False),
    Column("opened_at", At, nullable=False),
    Column("closed_at", At),
    Column("quantity", Quantity, nullable=False),
    Column("closed_quantity", Quantity, nullable=False),
    Column("entry_price", Price, nullable=False),
    Column("exit_price", Price),
    Column("realised_pnl", Dollars, nullable=False),
    Column("entry_order_id", Text, ForeignKey("orders.client_order_id")),
    Column("exit_order_id", Text, ForeignKey("orders.client_order_id")),
    Column("exit_reason", Text),
    Column("scores", JSONB, nullable=False),
    Column("outcome", Text, Computed(_OUTCOME)),
    CheckConstraint("closed_quantity <= quantity", name="closes_what_it_opened"),
    CheckConstraint("(closed_at IS NULL) = (closed_quantity < quantity)", name="closed_when_flat"),
    Index(
        "uq_trades_open", "desk_id", "strategy_id", "symbol", unique=True, postgresql_where=text("closed_at IS NULL")
    ),
    Index(None, "desk_id", "opened_at"),
)

events = Table(
    "events",
    metadata,
    Column("event_id", Text, primary_key=True),
    Column("desk_id", Text, nullable=False),  # no foreign key: the writer holds the desk's row locked
    Column("sequence", Integer, nullable=False),
    Column("aggregate_id", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("occurred_at", At, nullable=False),
    Column("data", JSONB, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("previous_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
    _recorded(),
    UniqueConstraint("desk_id", "sequence"),
    UniqueConstraint("desk_id", "aggregate_id", "position"),
    Index("ix_events_told", "desk_id", "sequence", postgresql_where=text(_TOLD)),
    CheckConstraint("sequence > 0 AND position > 0", name="numbered_from_one"),
)

capital_events = Table(
    "capital_events",
    metadata,
    Column("capital_event_id", Text, primary_key=True),
    _of_desk(),
    Column("kind", Text, nullable=False),
    Column("amount", Dollars, nullable=False),
    Column("occurred_at", At, nullable=False),
    _recorded(),
    Column("symbol", Text),
    Column("reason", Text, nullable=False, server_default=""),
    Index(None, "desk_id"),
)

adjustments = Table(
    "adjustments",
    metadata,
    Column("adjustment_id", Text, primary_key=True),
    _of_desk(),
    Column("symbol", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("ratio", Trimmed),
    Column("fractions", Boolean, nullable=False),
    Column("quantity", Quantity, nullable=False),
    Column("cost", Dollars, nullable=False),
    Column("effective_at", At, nullable=False),
    Column("evidence", Text, nullable=False),
    _recorded(),
    Column("strategy_id", Text),
    CheckConstraint("(kind = 'split') = (ratio IS NOT NULL)", name="of_its_kind"),
    Index(None, "desk_id", "symbol", "effective_at"),
)

strategies = Table(
    "strategies",
    metadata,
    _of_desk(primary_key=True),
    Column("strategy_id", Text, primary_key=True),
    Column("config", JSONB, nullable=False),
    Column("performance", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("breaker", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
)

equity_marks = Table(
    "equity_marks",
    metadata,
    _of_desk(primary_key=True),
    Column("marked_at", At, primary_key=True),
    Column("equity", Dollars, nullable=False),
    Column("cash", Dollars, nullable=False),
    Column("flow_count", Integer, nullable=False, server_default="0"),
)

# JSON, not JSONB, below: the text stays as it was written, and its numbers with it, so that the hashes still hold.
snapshots = Table(
    "snapshots",
    metadata,
    Column("snapshot_id", Text, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("adjustment", Text, nullable=False),
    Column("synthetic", Boolean, nullable=False),
    Column("as_of", At, nullable=False),
    Column("taken_at", At, nullable=False),
    Column("body", JSON, nullable=False),
    Index(None, "as_of"),
)

model_calls = Table(
    "model_calls",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("agent", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("prompt_version", Text, nullable=False),
    Column("parameters", JSON, nullable=False),
    Column("system_text", Text, nullable=False),
    Column("user_text", Text, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("answer_schema", JSON, nullable=False),
    Column("reply_text", Text, nullable=False),
    Column("reply_model", Text, nullable=False),
    Column("replied_at", At, nullable=False),
    Column("latency_seconds", Double, nullable=False),
    Column("stop", Text, nullable=False, server_default="end"),
    Column("detail", Text, nullable=False, server_default=""),
    Column("input_tokens", BigInteger),
    Column("output_tokens", BigInteger),
    Column("cache_read_tokens", BigInteger),
    Column("cache_write_tokens", BigInteger),
    Column("cost_usd", Cost),
    Column("request_id", Text),
    Column("prompt_hash", Text),
    Column("repair", JSON(none_as_null=True)),
    Column("desk_id", Text),
    Column("cycle_id", Text),
    Index(None, "agent", "replied_at"),
    Index(None, "desk_id", "replied_at"),
    Index(None, "cycle_id"),
    CheckConstraint("stop IN ('end', 'truncated', 'refused', 'filtered')", name="known_stop"),
)
