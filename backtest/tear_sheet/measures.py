"""A number with its name and its definition, as the sheet, the table and `metrics.json` show it."""

from __future__ import annotations

from enum import StrEnum

from trading.money import Record


class Shown(StrEnum):
    """How a number is written."""

    DOLLARS = "dollars"
    PERCENT = "percent"
    RATIO = "ratio"
    COUNT = "count"


class Measure(Record):
    """One metric: `key` for programs, `label` for people, `value` (None where it is not defined), and what it means."""

    key: str
    label: str
    value: float | None
    shown: Shown = Shown.RATIO
    definition: str = ""
