"""Runs over the past that are kept: their numbers, and their files."""

from __future__ import annotations

import asyncio
import mimetypes
from pathlib import Path as File
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import FileResponse, Response

from backtest.results.exports import places
from console.backtest_curves import Curve, Curves, curve_of, curves_of
from console.backtests import beside, best_trials, line_for, whole_of
from console.study_ends import standings
from trading.backtesting import RunRow
from trading.money import Identifier
from web.access import Reads
from web.desk import AtDesk, WebDesk
from web.problems import Refusal, documented, missing
from web.tickets import Ticket, Tickets
from web.told import Limit, told

router = APIRouter(prefix="/api/backtests", tags=["backtests"], dependencies=[Reads], responses=documented(404, 409))
# A tear sheet is drawn by us, yet of words that came from outside: it may look as it does, and do nothing.
AS_A_PAGE = {
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
}
Points = Annotated[int, Query(ge=2, le=20_000, description="Most points of a curve.")]
Run = Annotated[Identifier, Path(description="A run's name.")]


@router.get("")
async def backtests(request: Request, at: AtDesk, limit: Limit = 50) -> Response:
    """The newest runs first; of a study that its row calls running, what its workflow says."""
    rows = await at.runs.listed(limit)
    open_ones = await standings(at.settings, rows)
    return told(request, {"items": [line_for(row, open_ones.get(row.run_id)) for row in rows], "next": None})


class Beside(Curves):
    """Runs beside each other: a list for each name has a value a run, in their order; only differences are told."""

    runs: tuple[str, ...]
    differences: dict[str, tuple[str, ...]]
    trials: tuple[int, ...]
    metrics: dict[str, tuple[float | None, ...]]


@router.get("/compare", response_model=Beside)
async def compare(
    request: Request,
    at: AtDesk,
    runs: Annotated[list[Identifier], Query(alias="id", min_length=2, max_length=8, description="Once for each run.")],
    most: Points = 1000,
) -> Response:
    """Two runs or more: in what they differ, what each brought, and their equity from 100 on."""
    rows = [await _row(at, run_id) for run_id in dict.fromkeys(runs)]
    if len(rows) == 1:
        raise Refusal(422, "one run is beside nothing: name two or more")
    curves = await asyncio.to_thread(curves_of, rows, most)
    return told(request, Beside(**dict(curves), **beside(rows)))


@router.get("/{run_id}/equity", response_model=Curve)
async def equity(request: Request, at: AtDesk, run_id: Run, most: Points = 1000) -> Response:
    """A single backtest's equity at each close, with what it is held against, its exposure and its drawdown."""
    return told(request, await asyncio.to_thread(curve_of, await _row(at, run_id), most))


@router.get("/{run_id}/files")
async def files(request: Request, at: AtDesk, run_id: Run) -> Response:
    """What the run wrote: tear sheet, metrics, trades, equity."""
    row = await _row(at, run_id)
    lines = [{"name": one.name, "bytes": one.stat().st_size} for one in _files(row).values()]
    return told(request, {"items": lines, "next": None})


@router.get("/{run_id}/ticket", response_model=Ticket)
async def ticket(request: Request, at: AtDesk, run_id: Run) -> Response:
    """Leave to open these files by their address alone, for ten minutes: for a frame or a link of a browser."""
    await _row(at, run_id)
    tickets: Tickets = request.app.state.tickets
    return told(request, tickets.made(f"{router.prefix}/{run_id}/files/"))


@router.get("/{run_id}/files/{name}", response_class=FileResponse)
async def file(at: AtDesk, run_id: Run, name: Annotated[str, Path(max_length=100)]) -> Response:
    """One of these files; a page comes with no right to run anything."""
    found = _files(await _row(at, run_id)).get(name)
    if found is None:
        raise missing("file")
    kind = mimetypes.guess_type(found.name)[0] or "application/octet-stream"
    return FileResponse(found, media_type=kind, headers=AS_A_PAGE if kind == "text/html" else {})


@router.get("/{run_id}")
async def backtest(
    request: Request,
    at: AtDesk,
    run_id: Run,
    most: Annotated[int, Query(ge=1, le=100, description="Of a study its best trials, so many.")] = 10,
) -> Response:
    """All of one run; of a study its best trials."""
    row = await _row(at, run_id)
    best, _ = await best_trials(at.runs, row, most)
    standing = (await standings(at.settings, [row])).get(row.run_id)
    return told(request, whole_of(row, standing, best))


async def _row(at: WebDesk, run_id: str) -> RunRow:
    row = await at.runs.find(run_id)
    if row is None:
        raise missing("run")
    return row


def _files(row: RunRow) -> dict[str, File]:
    """The files of a run by their names: those that a run writes, and that are no doors to elsewhere."""
    if not row.folder:
        return {}
    _, *written = places(File(row.folder))
    return {one.name: one for one in written if one.is_file() and not one.is_symlink()}
