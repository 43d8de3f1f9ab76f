"""What a reconciliation is asked, what one look finds, and what came of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

from pydantic import AwareDatetime

from trading.alerts import Alert, Topic, alert_raised
from trading.books import Books
from trading.breaker import CircuitBreaker, TradingState
from trading.differences import Difference
from trading.events import Event, EventType, Occasion, canonical, desk_event
from trading.money import DeskId, Identifier, Record, Text
from trading.orders import OrderRequest
from trading.strategy import AGENTS

# What one look may tell; a broker's account that differs in more ways is not ours, and the first of them halt the desk.
MOST_DIFFERENCES = 100


class ReconciliationAsked(Record):
    """Compare a desk's books with the broker's account.

    `as_of` is the moment whose prices resting orders meet on paper, None for now; `cycle_id` is the cycle that asks:
    what an older one of its strategy intended and never sent is not sent any more. `in_session`: for nothing outside of
    a session.
    """

    desk_id: DeskId
    reconciliation_id: Identifier
    trace_id: Identifier
    as_of: AwareDatetime | None = None
    cycle_id: Identifier | None = None
    strategy_id: Identifier = AGENTS
    in_session: bool = False

    @property
    def workflow_id(self) -> str:
        """The name of its workflow."""
        return f"reconciliation/{self.reconciliation_id}"


class Comparison(Record):
    """What one look found, the explained differences corrected already.

    `is_closed` when there was nothing to compare: no session, or no books yet.
    """

    asked: ReconciliationAsked
    differences: tuple[Difference, ...] = ()
    is_closed: bool = False

    @property
    def open_questions(self) -> tuple[Difference, ...]:
        """The differences that nobody has explained."""
        return tuple(one for one in self.differences if not one.explained)


class Reconciled(Record):
    """How it ended: every difference, the state it put the desk in (None: it left it), and the stops to be sent."""

    differences: tuple[Difference, ...] = ()
    state: TradingState | None = None
    protection: tuple[OrderRequest, ...] = ()

    @property
    def obstacle(self) -> Text:
        """Why no cycle should trade on these books, empty when one may."""
        return sentence(self.differences) if self.state is TradingState.HALTED else ""


def standing_in_both(earlier: Comparison, later: Comparison) -> Comparison:
    """What counts after two looks: all that was corrected, and of the rest what neither look had without the other."""
    before = {(one.case, one.about) for one in earlier.open_questions}
    corrected = [one for one in (*earlier.differences, *later.differences) if one.explained]
    stays = [one for one in later.open_questions if (one.case, one.about) in before]
    return later.model_copy(update={"differences": (*corrected, *stays)[:MOST_DIFFERENCES]})


def sentence(differences: Iterable[Difference]) -> str:
    """The unexplained differences in words."""
    words = "; ".join(f"{one.case} {one.about}: {one.words}" for one in differences if not one.explained)
    return f"the books differ from the broker's account: {words}"[:4000] if words else ""


def difference_found(asked: ReconciliationAsked, difference: Difference, at: datetime) -> Event:
    """The books and the broker's account differ; the same difference is told once, however often it is seen."""
    data = difference.model_dump(mode="json", exclude={"correction"})
    told = {**data, "consequence": difference.consequence, "explained": difference.explained}
    key = hashlib.sha256(canonical(told).encode()).hexdigest()[:16]
    return desk_event(EventType.DIFFERENCE_FOUND, Occasion(asked.desk_id, key, at, asked.trace_id), told)


def calling_for(desk_id: str, reason: str, in_force: CircuitBreaker, at: datetime) -> Event:
    """Somebody must look at these differences: told once for as long as one trading state is in force."""
    key = hashlib.sha256(canonical([reason, str(in_force.since_at)]).encode()).hexdigest()[:16]
    alert = Alert(topic=Topic.RECONCILIATION, key=f"differences-{key}", reason=reason)
    return alert_raised(desk_id, alert, at)


def order_ignored(desk_id: str, client_order_id: str, at: datetime) -> Event:
    """A person has said that somebody else's order may stand in this account."""
    told = {"client_order_id": client_order_id}
    return desk_event(EventType.ORDER_IGNORED, Occasion(desk_id, client_order_id, at), told)


def ignored_orders(books: Books) -> frozenset[str]:
    """The orders that a person has said may stand in this account although they are not ours."""
    told = (one.event for one in books.events if one.event.type is EventType.ORDER_IGNORED)
    return frozenset(str(event.data["client_order_id"]) for event in told)
