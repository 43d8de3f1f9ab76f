"""One session of a backtest, as the broker is told of it, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from backtest.data.panel import Caution
from trading.market import Bar
from trading.orders import Fill
from trading.sessions import Session
from trading.settlement import BrokerOrder
from trading.statement import Activity, Holding


@dataclass(frozen=True, slots=True)
class BarDay:
    """A session and the bar of each symbol that has one; `last` are symbols that have none after it.

    Only bars of symbols with orders or shares are looked at: a mapping that makes them when asked is enough.
    """

    session: Session
    bars: Mapping[str, Bar]
    last: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Played:
    """What a session brought: fills in the order in which they happened, money and shares that came without a trade.

    `delisted` is what is still held of symbols whose last bar this was: an exit of it fills at that bar's close.
    `refused` are buys that the account could not pay for when they were to fill; their `reason` says so.
    """

    fills: tuple[Fill, ...] = ()
    activities: tuple[Activity, ...] = ()
    delisted: tuple[Holding, ...] = ()
    cautions: tuple[Caution, ...] = ()
    refused: tuple[BrokerOrder, ...] = ()
