"""What the Inquirer's rules say: sentences, what they rest on, and how a row is put into words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from adapters.rules_model.inquirer_findings import Row, Seen
from adapters.rules_model.inquirer_words import Meant
from trading.events import EventType

CYCLES = (EventType.CYCLE_COMPLETED, EventType.CYCLE_SKIPPED, EventType.CYCLE_FAILED)
"""How a cycle ends."""
MOST_LINES = 15
"""That are told of one thing."""
MOST_WORDS = 400
_ENDED = re.compile(r"/Cycle[A-Za-z]+$")


class Words(NamedTuple):
    """What is said, and the ids that it rests on; `is_sure` where there was something, though nothing with an id."""

    text: str
    ids: Sequence[str] = ()
    is_sure: bool = False


class Sight(NamedTuple):
    """What was asked, and what each look-up of the plan told."""

    meant: Meant
    found: Mapping[str, Seen]
    timezone: str

    def rows(self, name: str) -> Sequence[Row]:
        """The rows of one look-up."""
        return self.found[name].rows if name in self.found else ()

    @property
    def when(self) -> str:
        """The time that is asked about, to be put behind a sentence."""
        return f" {self.meant.when}" if self.meant.when else ""

    @property
    def why_nothing(self) -> str:
        """What the tools said where they told nothing."""
        said = [one.error for one in self.found.values() if one.error]
        return f" ({said[0][:MOST_WORDS]})" if said else ""


def newest_cycle(ended: Seen | None) -> str | None:
    """The newest of these cycles; events are named by the cycle and their type."""
    names = [row["event_id"] for row in ended.rows if "event_id" in row] if ended else []
    cycles = [_ENDED.sub("", name) for name in names if _ENDED.search(name)]
    return cycles[0] if cycles else None


def said_in(row: Row, most: int = MOST_WORDS) -> str:
    """What an event says."""
    return row.get("what it says", "")[:most].rstrip()


def cycle_of(row: Row) -> str:
    """The cycle that ended with this event."""
    return _ENDED.sub("", row.get("event_id", ""))


def kind_of(row: Row) -> str:
    """How it did."""
    return row.get("type", "").removeprefix("Cycle").lower()


def listed(lines: Iterable[str]) -> str:
    """Lines as sentences; of too many it is said that there are more."""
    every = [line.strip().rstrip(".:") for line in lines]
    more = f" {len(every) - MOST_LINES} more lines are not told." if len(every) > MOST_LINES else ""
    return " ".join(f"{line}." for line in every[:MOST_LINES]) + more


def cited(sight: Sight, name: str, most: int = 20) -> list[str]:
    """The ids of one look-up's rows."""
    found = sight.found.get(name)
    return [] if found is None else found.ids_of(found.rows)[:most]


def once(ids: Iterable[str]) -> list[str]:
    """Each id once, in its order."""
    return list(dict.fromkeys(ids))
