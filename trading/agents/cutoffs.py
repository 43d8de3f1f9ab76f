"""Up to when each model knows the world, by its provider's word: what a backtest over known days can prove.

A provider names the end of what its model knows reliably. Single facts of later weeks may be in it all the same, and
what it has learnt from may be later than what it is told to know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import NamedTuple


class Cutoff(NamedTuple):
    """The last day that a model may know, where it is said, and when that was read."""

    on: date
    source: str
    read_on: date


_READ = date(2026, 11, 26)
_ANTHROPIC, _OPENAI = "platform.claude.com/docs", "developers.openai.com/api/docs/models"


def _anthropic(year: int, month: int, day: int) -> Cutoff:
    """Anthropic names months: all of it counts as known."""
    return Cutoff(date(year, month, day), _ANTHROPIC, _READ)


def _openai(year: int, month: int, day: int) -> Cutoff:
    return Cutoff(date(year, month, day), _OPENAI, _READ)


CUTOFFS: Mapping[str, Cutoff] = MappingProxyType(
    {
        "claude-fable-5-1": _anthropic(2026, 6, 30),
        "claude-opus-5-5": _anthropic(2026, 6, 30),
        "claude-sonnet-5-5": _anthropic(2026, 6, 30),
        "claude-opus-5": _anthropic(2026, 5, 31),
        "claude-sonnet-5": _anthropic(2026, 1, 31),
        "claude-haiku-4-5": _anthropic(2025, 2, 28),
        "gpt-6.2-astra": _openai(2026, 5, 18),
        "gpt-6.2-sol": _openai(2026, 6, 1),
        "gpt-6.1-terra": _openai(2026, 6, 1),
        "gpt-6.1-sol": _openai(2026, 4, 30),
        "gpt-6-astra": _openai(2026, 4, 30),
        "gpt-6-luna": _openai(2026, 5, 18),
        "gpt-5.6-sol": _openai(2026, 2, 16),
        "gpt-5.6-terra": _openai(2026, 2, 16),
        "gpt-5.6-luna": _openai(2026, 2, 16),
    }
)


def banner_of(model: str, days: Sequence[date], cutoffs: Mapping[str, Cutoff] = CUTOFFS) -> str:
    """One sentence on what a result over these days, oldest first, proves of a model."""
    cutoff, count = cutoffs.get(model), _counted(len(days))
    if cutoff is None:
        return f"{model}: unknown cut-off, so take all of the {count} as known to it: {_NOTHING}"
    told = f"{model} knows the world up to {cutoff.on} ({cutoff.source}, read {cutoff.read_on})"
    after = sum(day > cutoff.on for day in days)
    if after == len(days):
        return f"{told}: all of the {count} tested are after that, so it cannot remember them."
    if not after:
        return f"{told}: all of the {count} tested are before that, so it may remember them: {_NOTHING}"
    before = len(days) - after
    return (
        f"{told}: {before} of the {count} tested are before that, so it may remember them, and only the {after}"
        " after it say anything about the future."
    )


_NOTHING = "this result proves nothing about the future."


def _counted(days: int) -> str:
    return f"{days:,} day{'' if days == 1 else 's'}"
