"""The account of the brokerage: cash, holdings and the list of what happened to them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from tests.fakes.broker_server.records import ZERO, Asset, Execution, Holding, Row, plain, stamp

Number = Decimal | int | str
NEW_YORK = ZoneInfo("America/New_York")
ACCOUNT_ID = "e6fe16f3-64a4-4921-8928-cadf02f92f98"


class Books:
    """Cash, holdings, activities. `clock` tells the time; `seed` makes every id the same in each run.

    `multiplier` 1 is a cash account; from 2 on, half of what is held counts as margin.
    """

    def __init__(self, cash: Number = 100_000, *, seed: int = 0) -> None:
        self.lock = threading.RLock()
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.cash = Decimal(cash)
        self.last_equity = self.cash
        self.multiplier = 1
        self.shorting = False
        self.trading_blocked = False
        self.status = "ACTIVE"
        self.account_number = "PA3TESTDESK1"
        self.assets: dict[str, Asset] = {}
        self.holdings: dict[str, Holding] = {}
        self.activities: list[tuple[datetime, Row]] = []
        self.born_at = self.clock()
        self._random = Random(seed)

    def list_asset(self, symbol: str, price: Number, **more: Any) -> Asset:
        """List a security at a price: `tradable`, `fractionable`, `shortable`, `exchange`."""
        with self.lock:
            self.assets[symbol] = Asset(symbol, Decimal(price), **more)
            return self.assets[symbol]

    def set_position(self, symbol: str, qty: Number, average: Number | None = None) -> None:
        """Write a position as it is from now on, cash untouched: nobody traded."""
        with self.lock:
            asset, signed = self.assets[symbol], Decimal(qty)
            self.holdings.pop(symbol, None)
            if signed:
                cost = signed * (asset.price if average is None else Decimal(average))
                self.holdings[symbol] = Holding(asset, signed, cost)

    def adjust_cash(self, amount: Number) -> None:
        """Add to the cash, or take from it, and tell nobody."""
        with self.lock:
            self.cash += Decimal(amount)

    def deposit(self, amount: Number) -> Row:
        return self.non_trade("CSD", amount)

    def withdraw(self, amount: Number) -> Row:
        return self.non_trade("CSW", -Decimal(amount))

    def fee(self, amount: Number, sub_type: str = "REG") -> Row:
        return self.non_trade("FEE", -Decimal(amount), activity_sub_type=sub_type, description=f"{sub_type} fee")

    def interest(self, amount: Number) -> Row:
        return self.non_trade("INT", amount, activity_sub_type="CDT" if Decimal(amount) > 0 else "MGN")

    def dividend(self, symbol: str, per_share: Number) -> Row:
        """Pay a dividend on what is held."""
        with self.lock:
            qty = self.held(symbol)
            about = {"symbol": symbol, "qty": plain(qty), "per_share_amount": plain(Decimal(per_share))}
            return self.non_trade("DIV", round(qty * Decimal(per_share), 2), activity_sub_type="CDIV", **about)

    def non_trade(self, kind: str, amount: Number, **more: str) -> Row:
        """Book dollars that no trade moved, and list them as an activity; `more` is written as it is, also `date`."""
        with self.lock:
            at = self.clock()
            row = {
                "id": self._activity_id(at),
                "activity_type": kind,
                "date": at.date().isoformat(),
                "created_at": stamp(at),
                "net_amount": plain(Decimal(amount)),
                "currency": "USD",
                "description": "",
                "status": "executed",
                **more,
            }
            self.cash += Decimal(amount)
            self.activities.append((at, row))
            return row

    def held(self, symbol: str) -> Decimal:
        found = self.holdings.get(symbol)
        return found.qty if found else ZERO

    def market_value(self, sign: int) -> Decimal:
        """The value of all longs (1), or of all shorts (-1)."""
        return sum((h.qty * h.asset.price for h in self.holdings.values() if h.qty * sign > 0), ZERO)

    def equity(self) -> Decimal:
        return self.cash + self.market_value(1) + self.market_value(-1)

    def account_row(self, reserved: Decimal) -> Row:
        """The account; `reserved` is what open orders will take of its buying power."""
        long, short, equity = self.market_value(1), self.market_value(-1), self.equity()
        margin = (long - short) / 2 if self.multiplier > 1 else long - short
        power = self.buying_power(reserved)
        money = {
            "cash": self.cash,
            "buying_power": power,
            "regt_buying_power": power,
            "non_marginable_buying_power": max(self.cash - reserved, ZERO),
            "options_buying_power": max(self.cash - reserved, ZERO),
            "portfolio_value": equity,
            "equity": equity,
            "last_equity": self.last_equity,
            "long_market_value": long,
            "short_market_value": short,
            "initial_margin": margin,
            "maintenance_margin": (long - short) * Decimal("0.3"),
            "last_maintenance_margin": ZERO,
            "sma": ZERO,
            "accrued_fees": ZERO,
            "pending_reg_taf_fees": ZERO,
            "intraday_adjustments": ZERO,
            "multiplier": Decimal(self.multiplier),
        }
        return {
            "id": ACCOUNT_ID,
            "account_number": self.account_number,
            "status": self.status,
            "crypto_status": "ACTIVE",
            "currency": "USD",
            **{name: plain(amount) for name, amount in money.items()},
            "balance_asof": self.clock().date().isoformat(),
            "created_at": stamp(self.born_at),
            "shorting_enabled": self.shorting,
            "trading_blocked": self.trading_blocked,
            "transfers_blocked": False,
            "account_blocked": False,
            "trade_suspended_by_user": False,
            "options_approved_level": 0,
            "options_trading_level": 0,
        }

    def buying_power(self, reserved: Decimal) -> Decimal:
        if self.multiplier == 1:
            return max(self.cash - reserved, ZERO)
        margin = (self.market_value(1) - self.market_value(-1)) / 2
        return max((self.equity() - margin) * self.multiplier - reserved, ZERO)

    def _take(self, asset: Asset, signed: Decimal, price: Decimal) -> None:
        """Move shares and dollars; what closes leaves at average cost, what is left over opens at the price."""
        held = self.holdings.setdefault(asset.symbol, Holding(asset))
        self.cash -= signed * price
        if held.qty * signed < 0:
            closing = min(abs(signed), abs(held.qty)).copy_sign(signed)
            held.cost += closing * held.average
            held.qty += closing
            signed -= closing
        held.qty += signed
        held.cost += signed * price
        if not held.qty:
            del self.holdings[asset.symbol]

    def _list_fill(self, fill: Execution, row: Row) -> None:
        self.activities.append((fill.at, row))

    def _activity_id(self, at: datetime) -> str:
        """The time in New York, to the millisecond, and something unique, as in Alpaca's own examples."""
        return f"{at.astimezone(NEW_YORK):%Y%m%d%H%M%S}{at.microsecond // 1000:03d}::{self._new_id()}"

    def _new_id(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))
