"""Questions and answers in Postgres."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres.engine import transaction
from adapters.postgres.inquiry_tables import inquiries
from adapters.postgres.spend_tables import model_spend
from trading.events import printable
from trading.inquiry import InquiryLine, InquiryReport, InquiryRequest
from trading.spending import SpendState

_of = inquiries.c
_REPORTED = ("ending", "text", "model", "steps", "tokens", "cost_usd")


class PostgresInquiries:
    """The port `Inquiries`. Every method raises LedgerUnavailable when it should be called again."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def begin(self, request: InquiryRequest) -> None:
        """Keep a question; one that is there stays."""
        async with transaction(self._engine) as connection:
            await connection.execute(_begun(request))

    async def end(self, request: InquiryRequest, report: InquiryReport) -> InquiryReport:
        """Keep its answer, once, with what it took by the ledger of spend; the answer is what was kept first."""
        async with transaction(self._engine) as connection:
            await connection.execute(_begun(request))
            paid = await _paid(connection, request)
            ours = (_of.desk_id == request.desk_id) & (_of.inquiry_id == request.inquiry_id)
            row = _ended(report.model_copy(update=paid))
            await connection.execute(update(inquiries).where(ours, _of.ending.is_(None)).values(**row))
            kept = (await connection.execute(select(inquiries).where(ours))).mappings().one()
        return _report(kept)

    async def newest(self, desk_id: str, limit: int) -> Sequence[InquiryLine]:
        """A desk's newest questions first."""
        query = select(inquiries).where(_of.desk_id == desk_id)
        async with transaction(self._engine) as connection:
            rows = await connection.execute(query.order_by(_of.started_at.desc(), _of.inquiry_id).limit(limit))
            return [_line(row) for row in rows.mappings()]


def _begun(request: InquiryRequest) -> Any:
    values = {name: getattr(request, name) for name in ("desk_id", "inquiry_id", "trace_id", "asked_by")}
    row = insert(inquiries).values(
        **values,
        question=printable(request.question),
        started_at=request.asked_at,
        caps=request.caps.model_dump(mode="json"),
    )
    return row.on_conflict_do_nothing()


async def _paid(connection: AsyncConnection, request: InquiryRequest) -> dict[str, Any]:
    spent = model_spend.c
    query = select(
        func.coalesce(func.sum(spent.counted_usd), 0).label("cost_usd"),
        func.coalesce(func.sum(spent.counted_tokens), 0).label("tokens"),
    ).where(
        spent.desk_id == request.desk_id,
        spent.cycle_id == request.payer.name,
        spent.state != SpendState.RELEASED,
    )
    row = (await connection.execute(query)).mappings().one()
    return {"cost_usd": row["cost_usd"], "tokens": int(row["tokens"])}


def _ended(report: InquiryReport) -> dict[str, Any]:
    told = {name: getattr(report, name) for name in _REPORTED}
    lookups = [lookup.model_dump(mode="json") for lookup in report.findings]
    listed = {"citations": [*report.citations], "uncited": [*report.uncited], "lookups": lookups}
    return {**told, "text": printable(report.text), **listed, "ended_at": func.now()}


def _report(row: RowMapping) -> InquiryReport:
    told = {name: row[name] for name in (*_REPORTED, "inquiry_id", "citations", "uncited")}
    return InquiryReport.model_validate({**told, "findings": row["lookups"]}, strict=False)


def _line(row: RowMapping) -> InquiryLine:
    told = {name: row[name] for name in ("desk_id", "inquiry_id", "trace_id", "question", "asked_by", "caps")}
    request = InquiryRequest.model_validate({**told, "asked_at": row["started_at"]})
    report = None if row["ending"] is None else _report(row)
    return InquiryLine(request=request, ended_at=row["ended_at"], report=report)
