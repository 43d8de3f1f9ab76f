"""The paper broker's own book. It shares a database with the desk's books and nothing else: no key leads across.

Amounts are NUMERIC without a scale, so that the broker says each back digit for digit as it was written.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    Table,
    Text,
    text,
)

from adapters.postgres.tables import metadata

# `number` tells which order or fill came first; it may have holes.
paper_orders = Table(
    "paper_orders",
    metadata,
    Column("client_order_id", Text, primary_key=True),
    Column("number", BigInteger, Identity(always=True), nullable=False, unique=True),
    Column("desk_id", Text, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("side", Text, nullable=False),
    Column("leg", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("quantity", Numeric, nullable=False),
    Column("limit_price", Numeric),
    Column("stop_price", Numeric),
    Column("stop", Numeric),
    Column("target", Numeric),
    Column("parent_id", Text, ForeignKey("paper_orders.client_order_id")),
    Column("as_of", DateTime(timezone=True), nullable=False),
    Column("state", Text, nullable=False),
    Column("filled_quantity", Numeric, nullable=False),
    Column("fill_count", Integer, nullable=False),
    Column("met_at", DateTime(timezone=True)),
    Column("reason", Text),
    Column("received_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("quantity > 0", name="quantity_positive"),
    CheckConstraint("filled_quantity BETWEEN 0 AND quantity", name="never_over_filled"),
    CheckConstraint("side IN ('buy', 'sell')", name="known_side"),
    Index("ix_paper_orders_open", "symbol", postgresql_where=text("state IN ('accepted', 'partially_filled')")),
    Index(None, "desk_id", "symbol"),
    Index(None, "parent_id"),
)

paper_fills = Table(
    "paper_fills",
    metadata,
    Column("fill_id", Text, primary_key=True),
    Column("number", BigInteger, Identity(always=True), nullable=False, unique=True),
    Column("client_order_id", Text, ForeignKey("paper_orders.client_order_id"), nullable=False),
    Column("symbol", Text, nullable=False),
    Column("side", Text, nullable=False),
    Column("quantity", Numeric, nullable=False),
    Column("price", Numeric, nullable=False),
    Column("commission", Numeric, nullable=False),
    Column("filled_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("quantity > 0 AND price > 0", name="amounts_positive"),
    Index(None, "client_order_id", "number"),
)
