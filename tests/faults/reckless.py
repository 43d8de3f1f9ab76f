"""What a desk would be without its locks: the control of the kill tests, which must find its doubled effects."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast
from uuid import uuid4

from trading.agents.questions import ModelCall
from trading.events import Event
from trading.orders import PROTECTIVE, Fill, OrderRequest
from trading.ports import Broker, Journal, Ledger
from trading.settlement import BrokerOrder, Clearance, Sending

MARK = "/sent-"


class RecklessBroker:
    """A broker that takes any id any number of times, and knows only what this process has sent."""

    name = "reckless"
    synthetic = True

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._sent: dict[str, str] = {}

    async def find(self, client_order_id: str) -> BrokerOrder | None:
        sent = self._sent.get(client_order_id)
        return None if sent is None else _known_as(await self._broker.find(sent))

    async def submit(self, request: OrderRequest) -> BrokerOrder:
        sent = f"{request.client_order_id}{MARK}{uuid4().hex[:8]}"
        plain = request.model_copy(update={"client_order_id": sent, "stop": None, "target": None})
        held = await self._broker.submit(plain)
        self._sent[request.client_order_id] = sent
        return cast("BrokerOrder", _known_as(held))

    async def legs(self, client_order_id: str) -> tuple[BrokerOrder, ...]:
        return ()

    async def fills(self, client_order_id: str) -> tuple[Fill, ...]:
        found = await self._broker.fills(self._sent[client_order_id])
        return tuple(fill.model_copy(update={"client_order_id": client_order_id}) for fill in found)

    async def orders(self, desk_id: str) -> tuple[BrokerOrder, ...]:
        return plainly(await self._broker.orders(desk_id))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._broker, name)


class ForgetfulLedger:
    """A ledger that gives each event a new id, so that a repeat is not known for one, and lets every order be sent."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def clear(self, sending: Sending, at: datetime) -> Clearance:
        return (await self._ledger.clear(sending, at)).model_copy(update={"may_send": True})

    async def record(self, events: Sequence[Event]) -> None:
        await self._ledger.record([event.model_copy(update={"event_id": uuid4().hex}) for event in events])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)


class ForgetfulJournal:
    """A journal that keeps every reply and finds none."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def find(self, call_id: str) -> ModelCall | None:
        return None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)


def plainly(book: Sequence[BrokerOrder]) -> tuple[BrokerOrder, ...]:
    """A broker's book under the ids that we gave."""
    return tuple(cast("BrokerOrder", _known_as(order)) for order in book if order.leg not in PROTECTIVE)


def _known_as(order: BrokerOrder | None) -> BrokerOrder | None:
    if order is None:
        return None
    return order.model_copy(update={"client_order_id": order.client_order_id.split(MARK)[0]})
