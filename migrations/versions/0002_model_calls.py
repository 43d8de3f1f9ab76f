"""Why a model stopped, what its answer took and cost, and the turn that was asked for when nobody could read it.

Only columns are added, each empty or with a default, so that a worker of the revision before still writes its rows.
The application's rights are the table's and hold for them too.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COLUMNS = (
    """
    ALTER TABLE model_calls
        ADD COLUMN stop TEXT NOT NULL DEFAULT 'end',
        ADD COLUMN detail TEXT NOT NULL DEFAULT '',
        ADD COLUMN input_tokens BIGINT,
        ADD COLUMN output_tokens BIGINT,
        ADD COLUMN cache_read_tokens BIGINT,
        ADD COLUMN cache_write_tokens BIGINT,
        ADD COLUMN cost_usd NUMERIC(18, 9),
        ADD COLUMN request_id TEXT,
        ADD COLUMN prompt_hash TEXT,
        ADD COLUMN repair JSON,
        ADD CONSTRAINT ck_model_calls_known_stop CHECK (stop IN ('end', 'truncated', 'refused', 'filtered'))
    """,
)


def upgrade() -> None:
    for statement in COLUMNS:
        op.execute(statement)
