"""Company facts from a `sectors.csv`: columns symbol, sector and name."""

from __future__ import annotations

import csv
from pathlib import Path

from pydantic import ValidationError

from trading.errors import BadMarketData
from trading.instruments import UNKNOWN_SECTOR, Instrument

FILE_NAME = "sectors.csv"


def read_instruments(path: Path) -> dict[str, Instrument]:
    """The instruments of one file, by symbol. Raises BadMarketData with the line that cannot be read."""
    instruments: dict[str, Instrument] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines, strict=True)
            if "symbol" not in (rows.fieldnames or ()):
                raise BadMarketData(f"{path}: has no column symbol; it needs symbol, sector and name")
            for row in rows:
                found = Instrument(
                    symbol=row["symbol"], name=row.get("name") or "", sector=row.get("sector") or UNKNOWN_SECTOR
                )
                instruments[found.symbol] = found
    except ValidationError as wrong:
        raise BadMarketData(f"{path}: line {rows.line_num} is not a symbol, sector and name") from wrong
    except (OSError, UnicodeDecodeError, csv.Error) as wrong:
        raise BadMarketData(f"{path}: cannot be read: {wrong}") from wrong
    return instruments
