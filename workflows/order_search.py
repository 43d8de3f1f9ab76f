"""The search for an order that was sent and that nobody has answered for: when to look, to send again, to give up."""

from __future__ import annotations

from datetime import timedelta

from pydantic import AwareDatetime

from trading.money import Record
from trading.settlement import Look
from workflows import policies


class OrderSearch(Record):
    """How far the search is: when the order was last sent and how often, the looks since the first, and the misses.

    Only a look past the broker's late visibility is a miss; the misses count from the last time the order was sent.
    """

    sent_at: AwareDatetime
    sends: int = 1
    looks: int = 0
    missed: int = 0

    @property
    def pause(self) -> timedelta:
        """Before the next look: a second, doubled up to half a minute; once given up, a minute."""
        if self.looks >= policies.MOST_LOOK_UPS:
            return policies.LAST_LOOK
        doubled: timedelta = policies.FIRST_LOOK * 2**self.looks
        return min(doubled, policies.LAST_LOOK_UP)

    @property
    def sends_again(self) -> bool:
        """Whether the broker has said often enough that it has no such order."""
        return self.missed >= policies.MISSED_TWICE and self.sends < policies.MOST_SENDS

    @property
    def gives_up(self) -> bool:
        """Whether this is the look after which the desk halts and a person is called."""
        return self.looks == policies.MOST_LOOK_UPS

    def after(self, look: Look) -> OrderSearch:
        """The search after one more look."""
        return self.model_copy(update={"looks": self.looks + 1, "missed": self.missed + look.is_missing})

    def sent_again(self, at: AwareDatetime) -> OrderSearch:
        """The search after one more sending: what was missed before says nothing of it."""
        return self.model_copy(update={"sent_at": at, "sends": self.sends + 1, "missed": 0})
