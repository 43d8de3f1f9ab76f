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
    func,
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
    Column("mark", Numeric),
    Column("expires_at", DateTime(timezone=True)),
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
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    CheckConstraint("quantity > 0 AND price > 0", name="amounts_positive"),
    Index(None, "client_order_id", "number"),
)

paper_accounts = Table(
    "paper_accounts",
    metadata,
    Column("desk_id", Text, primary_key=True),
    Column("cash", Numeric, nullable=False),
)

# `mark` is the last price that the broker saw: of a fill, or of a quote that it was given.
paper_positions = Table(
    "paper_positions",
    metadata,
    Column("desk_id", Text, primary_key=True),
    Column("symbol", Text, primary_key=True),
    Column("quantity", Numeric, nullable=False),
    Column("mark", Numeric, nullable=False),
    Column("marked_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("mark > 0", name="mark_positive"),
    Index("ix_paper_positions_held", "symbol", postgresql_where=text("quantity <> 0")),
)

paper_activities = Table(
    "paper_activities",
    metadata,
    Column("activity_id", Text, primary_key=True),
    Column("number", BigInteger, Identity(always=True), nullable=False, unique=True),
    Column("desk_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("amount", Numeric, nullable=False),
    Column("symbol", Text),
    Column("shares", Numeric, nullable=False),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("words", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    CheckConstraint("shares = 0 OR symbol IS NOT NULL", name="shares_of_something"),
    Index(None, "desk_id", "number"),
)
