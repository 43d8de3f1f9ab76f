"""The most that one look-up of an inquiry may take, each with its reason."""

from __future__ import annotations

MOST_ROWS = 200
"""Rows of one table. More than a page is not read: whoever needs more asks more narrowly."""
USUAL_ROWS = 50
"""Rows where nobody says how many: some 6,000 characters of what one finding may have."""
STATEMENT_SECONDS = 2.0
"""One statement in the database. By an index it takes milliseconds; what takes longer slows down who trades."""
MOST_CELL = 300
"""Characters of one cell of a table: a rationale's beginning says what it is about."""
PROMETHEUS_SECONDS = 5.0
"""One query to Prometheus; it is told to give up by then as well."""
MOST_PROMETHEUS_BYTES = 1_000_000
"""Of one answer of Prometheus: ten thousand series are no answer to anybody's question."""
MOST_POINTS = 500
"""Points of one series in a range of Prometheus: the step is made longer until there are no more."""
MOST_LOG_BYTES = 4_000_000
"""Of the log's end that is searched: some 15,000 lines, read in a tenth of a second."""
MOST_HISTORY = 2_000
"""Events of one workflow's history that are gone through: a cycle has some two hundred."""
MOST_WORKFLOWS = 20
"""Workflows of one trace: a cycle has an order or ten."""
TEMPORAL_SECONDS = 5.0
"""One page of a history. Temporal answers in milliseconds, or is in trouble, and the desk with it."""
MOST_CITED = 200
"""Ids that one finding names: those of its rows."""
