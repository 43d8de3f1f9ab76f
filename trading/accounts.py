"""What the broker says of the account and of a symbol, as far as a single order needs it."""

from __future__ import annotations

from trading.instruments import Symbol
from trading.money import Dollars, Identifier, Record


class Account(Record):
    """An account at a moment, in dollars.

    `cash` counts what has been sold and not settled yet. `settled_cash` does not, and `buying_power` is what the broker
    lets new orders cost: off both, what its open orders will take. `blocked` says why it may not trade, None if it may.
    """

    account_id: Identifier
    cash: Dollars
    settled_cash: Dollars
    buying_power: Dollars
    equity: Dollars
    blocked: str | None = None


class Asset(Record):
    """What the broker lets one symbol be traded as."""

    symbol: Symbol
    tradable: bool = True
    fractionable: bool = False
    shortable: bool = False
