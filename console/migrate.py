"""`migrate`: bring the books to this code's revision, as the owner of the tables."""

from __future__ import annotations

from adapters.postgres.migrations import migrate as upgrade
from console.output import Output
from console.reach import reach
from settings import Settings


async def migrate(settings: Settings, output: Output) -> int:
    """Upgrade; nothing to do is fine, and so are two at once."""
    database = reach(settings).database
    revision = await upgrade(database)
    output.show({"database": database.name, "revision": revision}, f"{database.name} is at revision {revision}")
    return 0
