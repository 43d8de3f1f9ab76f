"""One symbol of a desk in memory: all that happened to it, and what that makes of it, kept up with each happening."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from adapters.memory.rounding import cents_of, trimmed
from trading.adjustments import Adjustment
from trading.booking import Counted, Quoted, Valued, extended, newer, paid_on, priced_at, recounted
from trading.funding import SubPosition, sub_position
from trading.instruments import UNKNOWN_SECTOR
from trading.orders import Fill
from trading.portfolio import CapitalEvent, Position
from trading.sleeves import FOR_SHARES, Holding, Owners, Told, together
from trading.trades import Trade

_NEVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass
class SymbolBook:
    """A symbol's fills, adjustments and what was paid for it, in the order in which they came.

    `position` is None until something was held. `capital_at` is of any cash that came with the symbol's name.
    """

    symbol: str
    fills: list[Fill] = field(default_factory=list)
    adjustments: list[Adjustment] = field(default_factory=list)
    paid: list[CapitalEvent] = field(default_factory=list)
    holding: Holding = field(default_factory=Holding)
    position: Position | None = None
    marked_at: datetime | None = None
    quoted: Quoted | None = None
    parts: dict[str, SubPosition] = field(default_factory=dict)
    trades: dict[str, Trade] = field(default_factory=dict)
    open_trades: dict[str, Trade] = field(default_factory=dict)
    _closed_by: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    capital_at: datetime = _NEVER
    _filled_at: datetime = _NEVER
    _adjusted_at: datetime = _NEVER
    _priced_at: datetime = _NEVER
    _shown: Position | None = None

    @property
    def shown(self) -> Position | None:
        """What a portfolio shows of it, without its lots; None when nothing is held."""
        if self._shown is None and self.position is not None and self.position.quantity:
            self._shown = self.position.model_copy(update={"lots": ()})
        return self._shown

    def is_newest(self, fill: Fill) -> bool:
        """Whether nothing came to the symbol at the fill's moment or later, and no adjustment later."""
        return max(self._filled_at, self.capital_at) < fill.filled_at >= self._adjusted_at

    def extended(self, fill: Fill, owners: Owners) -> Counted:
        """The symbol with a fill that is its newest."""
        return extended(self.holding, fill, owners, self.quoted, self.open_trades)

    def recounted(self, told: Told) -> Counted | None:
        """The symbol, counted anew from what it has and all that is told besides."""
        fills = sorted((*self.fills, *told.fills), key=lambda fill: (fill.filled_at, fill.fill_id))
        whole = Told(fills, (*self.adjustments, *told.adjustments), (*self.paid, *told.capital), told.owners)
        return recounted(self.symbol, whole, self.quoted)

    def is_paid_on(self, capital: CapitalEvent) -> bool:
        """Whether money for its shares comes after all else that happened to it."""
        return bool(self.holding.parts) and max(self._filled_at, self._adjusted_at) <= capital.occurred_at

    def paid_on(self, capital: CapitalEvent) -> Counted:
        """The symbol after that."""
        holding = paid_on(self.holding, capital)
        position = together(self.symbol, holding)
        if position is None:
            raise AssertionError(f"{self.symbol} has parts and no position")
        valued = newer(Valued(position.mark, self._priced_at), self.symbol, self.quoted, self.adjustments)
        return Counted(position, valued, holding, frozenset(holding.parts), ())

    def take(self, counted: Counted, sector: str) -> None:
        """Be what was counted; a sector that is not known leaves the one that is."""
        known = self.position.sector if self.position is not None else UNKNOWN_SECTOR
        changes = {"mark": trimmed(counted.valued.mark), "sector": known if sector == UNKNOWN_SECTOR else sector}
        self.position = _stored(counted.position).model_copy(update=changes)
        self.marked_at = counted.valued.marked_at
        self.holding = counted.holding
        for name in counted.changed:
            self.parts[name] = _stored_part(sub_position(self.symbol, name, counted.holding.parts[name]))
        for gone in self.parts.keys() - counted.holding.parts.keys():
            del self.parts[gone]
        self._shown = None
        for trade in counted.trades:
            self._keep(trade)

    def forget_trades(self) -> None:
        """Have none: they are counted anew."""
        self.trades.clear()
        self.open_trades.clear()
        self._closed_by.clear()

    def closed_by(self, order_id: str | None) -> list[Trade]:
        """The trades that an order closed; of None all that were closed."""
        names = self.trades if order_id is None else self._closed_by.get(order_id, ())
        return [self.trades[name] for name in names if self.trades[name].closed_at is not None]

    def add(self, *happenings: Fill | Adjustment | CapitalEvent) -> None:
        """Have this happened to it."""
        for one in happenings:
            if isinstance(one, Fill):
                self.fills.append(one)
                self._filled_at = max(self._filled_at, one.filled_at)
                self._priced_at = max(self._priced_at, one.filled_at)
            elif isinstance(one, Adjustment):
                self.adjustments.append(one)
                self._adjusted_at = max(self._adjusted_at, one.effective_at)
            else:
                self.capital_at = max(self.capital_at, one.occurred_at)
                if one.kind in FOR_SHARES:
                    self.paid.append(one)

    def price_anew(self) -> None:
        """Look again when its newest price was booked: something was taken back, or came late."""
        fills = sorted(self.fills, key=lambda fill: (fill.filled_at, fill.fill_id))
        if fills or any(one.ratio is None for one in self.adjustments):
            self._priced_at = priced_at(fills, self.adjustments)

    def quote(self, mark: Decimal, at: datetime) -> bool:
        """Value what is held, unless a later quote has; whether it did."""
        held = self.position is not None and self.position.quantity
        if not held or self.position is None or (self.quoted is not None and self.quoted.quoted_at > at):
            return False
        price = trimmed(mark)
        self.position = self.position.model_copy(update={"mark": price})
        self.quoted, self.marked_at, self._shown = Quoted(price, at), at, None
        return True

    def _keep(self, trade: Trade) -> None:
        self.trades[trade.trade_id] = trade
        if trade.exit_order_id is not None:
            self._closed_by[trade.exit_order_id].add(trade.trade_id)
        if trade.closed_at is None:
            self.open_trades[trade.strategy_id] = trade
        elif self.open_trades.get(trade.strategy_id, trade).trade_id == trade.trade_id:
            self.open_trades.pop(trade.strategy_id, None)


def _stored(position: Position) -> Position:
    """As a table gives it back: money to the cent, shares without trailing zeros."""
    money = {name: cents_of(getattr(position, name)) for name in ("cost_basis", "realised_pnl")}
    return position.model_copy(update={"quantity": trimmed(position.quantity), **money})


def _stored_part(part: SubPosition) -> SubPosition:
    money = {name: cents_of(getattr(part, name)) for name in ("cost_basis", "realised_pnl", "cash")}
    return part.model_copy(update={"quantity": trimmed(part.quantity), **money})
