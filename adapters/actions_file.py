"""Splits and dividends from an `actions.csv`: columns symbol, ex_date, kind, and ratio or cash."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from trading.corporate_actions import ActionKind, CorporateAction, each_once
from trading.errors import BadMarketData

COLUMNS = ("symbol", "ex_date", "kind")
KINDS = (ActionKind.SPLIT, ActionKind.DIVIDEND)


def read_actions(path: Path) -> tuple[CorporateAction, ...]:
    """The actions of one file, oldest first, each once.

    `ratio` of a split is how many shares one becomes (4 for 4:1, 0.1 for 1:10), `cash` of a dividend dollars a share.
    Raises BadMarketData with the line that cannot be read.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines, strict=True)
            lacking = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
            if lacking:
                raise BadMarketData(
                    f"{path}: has no column {', '.join(lacking)}; it needs symbol, ex_date, kind, ratio, cash"
                )
            return each_once([_action(path, rows.line_num, row) for row in rows])
    except (OSError, UnicodeDecodeError, csv.Error) as wrong:
        raise BadMarketData(f"{path}: cannot be read: {wrong}") from wrong


def _action(path: Path, line: int, row: Mapping[str, str | None]) -> CorporateAction:
    said = {name: (row.get(name) or "").strip() or None for name in (*COLUMNS, "ratio", "cash")}
    kind = (said["kind"] or "").lower()
    if kind not in KINDS:
        raise BadMarketData(
            f"{path}: line {line}: no kind of action is {kind or 'nothing'} (there are split and dividend)"
        )
    try:
        return CorporateAction.model_validate(
            {
                "symbol": said["symbol"],
                "kind": kind,
                "ex_on": said["ex_date"],
                "ratio": said["ratio"],
                "amount_usd": said["cash"],
            }
        )
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadMarketData(f"{path}: line {line}: {where} {first['msg']}".replace(":  ", ": ")) from wrong
