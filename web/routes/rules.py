"""The rules that come with the desk: what a strategy may name as its source besides `agents`."""

from __future__ import annotations

import inspect

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import JsonValue

from trading.money import Record
from trading.rules import RULES
from web.access import Reads
from web.problems import documented
from web.told import Page, told

router = APIRouter(prefix="/api/rules", tags=["strategies"], dependencies=[Reads], responses=documented())


class RuleLine(Record):
    """A rule: what it does in a sentence, and its parameters as they are while a strategy names none."""

    name: str
    about: str
    parameters: dict[str, JsonValue]


@router.get("", response_model=Page[RuleLine])
async def rules(request: Request) -> Response:
    """Every rule by the name that a strategy's source gives."""
    return told(request, {"items": [_line(name, kind) for name, kind in RULES.items()], "next": None})


def _line(name: str, kind: type) -> RuleLine:
    about = (inspect.getdoc(kind) or "").partition("\n\n")[0]
    parameters = kind().model_dump(mode="json") if issubclass(kind, Record) else {}
    return RuleLine(name=name, about=" ".join(about.split()), parameters=parameters)
