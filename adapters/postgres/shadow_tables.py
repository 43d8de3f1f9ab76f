"""The trades that a halted desk only thought of. No book of the desk rests on them."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, Index, Integer, Table, Text, func, text

from adapters.postgres.tables import At, Dollars, Price, Quantity, metadata

shadow_trades = Table(
    "shadow_trades",
    metadata,
    Column("shadow_id", Text, primary_key=True),
    Column("desk_id", Text, ForeignKey("system_state.desk_id"), nullable=False),
    Column("cycle_id", Text, nullable=False),
    Column("strategy_id", Text, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("sector", Text, nullable=False),
    Column("side", Text, nullable=False),
    Column("leg", Text, nullable=False),
    Column("quantity", Quantity, nullable=False),
    Column("entry_price", Price, nullable=False),
    Column("notional", Dollars, nullable=False),
    Column("commission", Dollars, nullable=False),
    Column("stop", Price),
    Column("target", Price),
    Column("opened_at", At, nullable=False),
    Column("opened_in", Date),
    Column("seen_on", Date, nullable=False),
    Column("sessions", Integer, nullable=False),
    Column("looked_at", At, nullable=False),
    Column("mark", Price, nullable=False),
    Column("closed_at", At),
    Column("exit_price", Price),
    Column("ending", Text),
    Column("pnl", Dollars),
    Column("closing_cycle_id", Text),
    Column("recorded_at", At, nullable=False, server_default=func.now()),
    CheckConstraint("quantity > 0 AND entry_price > 0", name="amounts_positive"),
    CheckConstraint("side IN ('buy', 'sell')", name="known_side"),
    CheckConstraint("num_nulls(closed_at, exit_price, ending, pnl) IN (0, 4)", name="ended_whole"),
    Index("ix_shadow_trades_open", "desk_id", postgresql_where=text("closed_at IS NULL")),
    Index(None, "desk_id", "opened_at"),
)
