"""The port `Tools`: every tool behind one door, where arguments are read and findings are bounded and cleaned."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select, union
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from adapters.looking_up.breakers import breaker_history
from adapters.looking_up.events import EVENTS, query_events
from adapters.looking_up.limits import explain_limit
from adapters.looking_up.log_lines import query_logs
from adapters.looking_up.memory import Remembering, Unembedded, search_memory
from adapters.looking_up.portfolio import portfolio_at
from adapters.looking_up.prometheus import query_prometheus
from adapters.looking_up.reading import Reader, Whose, view
from adapters.looking_up.telling import Told, Untold, finding, nothing
from adapters.looking_up.trace import get_trace
from adapters.looking_up.views import query_view
from adapters.redaction import Redaction
from trading import inquiry_arguments as given
from trading.inquiry import Finding, LookupAsked
from trading.inquiry_arguments import Arguments, arguments_of
from trading.inquiry_limits import MOST_CITED
from trading.inquiry_views import View
from trading.limits import Limits

_ORDERS = view(View.ORDERS)


@dataclass(frozen=True)
class Places:
    """Where things are that can be looked up besides the books; None of what is not there."""

    limits: Limits = field(default_factory=Limits)
    log_file: Path | None = None
    prometheus_url: str | None = None
    client: Client | None = None
    remembering: Remembering | Unembedded | None = None


class LookingUp:
    """Everything that can be looked up. Raises LedgerUnavailable or ModelUnavailable when it may be tried again."""

    def __init__(self, engine: AsyncEngine, places: Places, redact: Redaction) -> None:
        """`engine` is a reader's: it must not be able to write, and sees views only."""
        self._reader, self._places, self._redact = Reader(engine), places, redact

    async def close(self) -> None:
        """Close the connections."""
        await self._reader.engine.dispose()

    async def look_up(self, asked: LookupAsked) -> Finding:
        """Use a tool. What cannot be told is a finding with an error in one line."""
        arguments = arguments_of(asked.lookup)
        if isinstance(arguments, str):
            return nothing(asked.lookup, arguments, self._redact)
        try:
            told = await self._told(Whose(asked.desk_id, asked.as_of), arguments)
        except Untold as why:
            return nothing(asked.lookup, str(why), self._redact)
        return finding(asked.lookup, told, self._redact)

    async def known(self, desk_id: str, ids: Sequence[str]) -> frozenset[str]:
        """Those that are events, cycles, orders or memories of the desk; of no more than a finding may name."""
        names = list(dict.fromkeys(ids))[:MOST_CITED]
        if not names:
            return frozenset()
        places = ((EVENTS, "event_id"), (EVENTS, "aggregate_id"), (_ORDERS, "client_order_id"))
        queries = [
            select(source.c[name].label("name")).where(source.c.desk_id == desk_id, source.c[name].in_(names))
            for source, name in places
        ]
        rows = await self._reader.rows(select(union(*queries).subquery()))
        found = {str(row["name"]) for row in rows} - {desk_id}
        if self._places.remembering is not None:
            memories = await self._places.remembering.memory.find(desk_id, names)
            found |= {one.setup.memory_id for one in memories}
        return frozenset(found)

    def _told(self, whose: Whose, asked: Arguments) -> Awaitable[Told]:  # noqa: PLR0911  a line a tool
        reader, places = self._reader, self._places
        match asked:
            case given.QueryEvents():
                return query_events(reader, whose, asked)
            case given.QueryLogs():
                return query_logs(places.log_file, whose, asked)
            case given.QueryPrometheus():
                return query_prometheus(places.prometheus_url, whose, asked)
            case given.GetTrace():
                return get_trace(reader, places.client, whose, asked)
            case given.SearchMemory():
                return search_memory(places.remembering, whose, asked)
            case given.PortfolioAt():
                return portfolio_at(reader, whose, asked)
            case given.BreakerHistory():
                return breaker_history(reader, whose, asked)
            case given.ExplainLimit():
                return explain_limit(reader, whose, asked, places.limits)
            case given.QueryView():
                return query_view(reader, whose, asked)
