"""How tests ask a tool."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import JsonValue

from adapters.looking_up.tools import LookingUp
from tests.adapters.postgres.desk import DESK
from trading.inquiry import Finding, Lookup, LookupAsked, Tool

LATER = datetime(2030, 1, 1, tzinfo=UTC)


async def look(
    tools: LookingUp, tool: Tool, /, desk_id: str = DESK, as_of: datetime = LATER, **arguments: JsonValue
) -> Finding:
    """What a tool tells of a desk, as it was at a moment."""
    lookup = Lookup(tool=tool, arguments=arguments)
    asked = LookupAsked(desk_id=desk_id, inquiry_id="inquiry-1", trace_id="trace-1", lookup=lookup, as_of=as_of)
    return await tools.look_up(asked)
