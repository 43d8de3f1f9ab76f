"""How Alembic runs: on the connection that the program hands over, or as SQL on paper; never on its own."""

from __future__ import annotations

from typing import Any

from alembic import context
from alembic.util import CommandError

from adapters.postgres import alert_tables as _alert_tables  # noqa: F401  its tables join the same metadata
from adapters.postgres import closing_tables as _closing_tables  # noqa: F401  its tables join the same metadata
from adapters.postgres import market_tables as _market_tables  # noqa: F401  its tables join the same metadata
from adapters.postgres import memory_tables as _memory_tables  # noqa: F401  its tables join the same metadata
from adapters.postgres import paper_tables as _paper_tables  # noqa: F401  its tables join the same metadata
from adapters.postgres import shadow_tables as _shadow_tables  # noqa: F401  its tables join the same metadata
from adapters.postgres import spend_tables as _spend_tables  # noqa: F401  its tables join the same metadata
from adapters.postgres import token_tables as _token_tables  # noqa: F401  its tables join the same metadata
from adapters.postgres.tables import metadata

OPTIONS: dict[str, Any] = {"target_metadata": metadata, "compare_type": True, "transactional_ddl": True}

connection = context.config.attributes.get("connection")
if context.is_offline_mode():
    context.configure(dialect_name="postgresql", dialect_opts={"paramstyle": "named"}, literal_binds=True, **OPTIONS)
elif connection is None:
    raise CommandError("migrations run when the program starts; from here, only as SQL: alembic upgrade head --sql")
else:
    context.configure(connection=connection, **OPTIONS)
with context.begin_transaction():
    context.run_migrations()
