"""What the clock does for the desk, and the settings in force."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from console.config import Setting, settings_in_force
from console.runs import Scheduled
from console.schedules import seen
from trading.strategy import first_strategy
from web.access import Reads
from web.desk import AtDesk
from web.problems import documented
from web.told import Page, told

router = APIRouter(prefix="/api", tags=["settings"], dependencies=[Reads], responses=documented())


@router.get("/schedules", response_model=Page[Scheduled])
async def schedules(request: Request, at: AtDesk) -> Response:
    """Every schedule: its next times, its last runs with what came of them, and whether somebody paused it."""
    strategies = await at.books.ledger.strategies(at.desk_id) or (first_strategy(),)
    return told(request, {"items": await seen(at.client, at.desk_id, strategies), "next": None})


@router.get("/settings", response_model=Page[Setting])
async def settings(request: Request, at: AtDesk) -> Response:
    """Every setting by the name of its variable; a secret is never told, only whether there is one."""
    return told(request, {"items": settings_in_force(at.settings), "next": None})
