"""Trades that are only thought of, by a halted desk or a strategy that may not trade yet: scored, and never sent.

Each is of one strategy, and no decision of another ends it. An entry costs what an order would have cost on paper. An
exit of what is really held is a trade of its own: a sale, bought back when it ends, that makes what the holder would
have been spared. Neither touches the books; together with what is really held they are the shadow portfolio, by which
the next shadow cycle is sized.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from pydantic import AwareDatetime

from trading.breaker import TradingState
from trading.costs import Costs
from trading.events import Event, EventType
from trading.instruments import UNKNOWN_SECTOR, Side, Symbol
from trading.market import Quote
from trading.money import ZERO, DeskId, Dollars, Identifier, Price, Quantity, Record, notional
from trading.orders import Leg
from trading.portfolio import Portfolio, Position
from trading.sessions import Session

MARK = "shadow"
"""The key by which an event says that its cycle ran in shadow."""


class Ending(StrEnum):
    """How a shadow trade ended: at its stop or target, by a later decision, or because it was time to count it.

    `gone` is an exit whose position is no longer held, `resumed` whatever was open when its strategy traded for real.
    """

    STOP = "stop"
    TARGET = "target"
    EXIT = "exit"
    TIME = "time"
    GONE = "gone"
    RESUMED = "resumed"


class ShadowDecision(Record):
    """A decision to execute, in a shadow cycle: what would have been ordered, at which quote.

    `only_thinks`: its strategy may not trade in this account yet, whatever becomes of the desk.
    """

    cycle_id: Identifier
    desk_id: DeskId
    strategy_id: Identifier
    trace_id: Identifier
    symbol: Symbol
    sector: str = UNKNOWN_SECTOR
    side: Side
    leg: Leg
    quantity: Quantity
    stop: Price | None = None
    target: Price | None = None
    quote: Quote
    as_of: AwareDatetime
    only_thinks: bool = False


class ShadowTrade(Record):
    """One shadow trade, open until `closed_at`: shares, dollars a share, dollars; `pnl` after all commission.

    `notional` is what it was opened for, `commission` what that cost. `opened_in` is the session that was under way
    then: of its bar only the close came later. `seen_on` is the newest session whose bar it has met, `sessions` how
    many those were; `looked_at` the last look, `mark` the price then.
    """

    shadow_id: Identifier
    desk_id: DeskId
    cycle_id: Identifier
    strategy_id: Identifier
    symbol: Symbol
    sector: str = UNKNOWN_SECTOR
    side: Side
    leg: Leg
    quantity: Quantity
    entry_price: Price
    notional: Dollars
    commission: Dollars = ZERO
    stop: Price | None = None
    target: Price | None = None
    opened_at: AwareDatetime
    opened_in: date | None = None
    seen_on: date
    sessions: int = 0
    looked_at: AwareDatetime
    mark: Price
    closed_at: AwareDatetime | None = None
    exit_price: Price | None = None
    ending: Ending | None = None
    pnl: Dollars | None = None
    closing_cycle_id: Identifier | None = None

    @property
    def is_open(self) -> bool:
        """Whether it still has to be scored."""
        return self.closed_at is None

    @property
    def sign(self) -> int:
        """1 when it gains by rising prices, -1 when by falling ones."""
        return 1 if self.side is Side.BUY else -1

    @property
    def shares(self) -> Decimal:
        """Signed shares that it adds to what is held."""
        return self.sign * self.quantity

    @property
    def gain(self) -> Decimal:
        """Dollars made so far at the mark, or in the end."""
        if self.pnl is not None:
            return self.pnl
        return self.sign * (notional(self.quantity, self.mark) - self.notional) - self.commission


def drafted(decided: ShadowDecision, session: Session, costs: Costs) -> ShadowTrade:
    """The trade that a decision asks for; `session` is the newest that had opened by then."""
    price = costs.price(decided.quote, decided.side)
    under_way = session.closes_at > decided.as_of
    shared = set(ShadowDecision.model_fields) & set(ShadowTrade.model_fields)
    return ShadowTrade(
        shadow_id=f"{decided.cycle_id}-{decided.symbol}-{MARK}",
        entry_price=price,
        notional=notional(decided.quantity, price),
        commission=costs.commission(decided.quantity, price, first=True),
        opened_at=decided.as_of,
        opened_in=session.session_on if under_way else None,
        seen_on=session.session_on - timedelta(days=1) if under_way else session.session_on,
        looked_at=decided.as_of,
        mark=decided.quote.mark,
        **{name: getattr(decided, name) for name in shared},
    )


def follow(draft: ShadowTrade, standing: Sequence[ShadowTrade], held: Decimal, costs: Costs) -> tuple[ShadowTrade, ...]:
    """What a decision changes: an entry is opened, unless one of its symbol is; an exit ends those, whatever its size.

    So a position that is built up counts once, like a real one, and not as many wins.
    What is left of an exit then is a trade of its own, up to the signed shares that its strategy really `held` and that
    no other shadow exit has sold.
    """
    ours = draft.strategy_id, draft.symbol
    own = [one for one in standing if (one.strategy_id, one.symbol) == ours and one.is_open]
    if draft.leg is Leg.ENTRY:
        return () if any(one.leg is Leg.ENTRY for one in own) else (draft,)
    entries = [one for one in own if one.leg is Leg.ENTRY and one.side is not draft.side]
    by_this = {"closing_cycle_id": draft.cycle_id, "looked_at": draft.opened_at}
    ended_now = [
        ended(one, draft.entry_price, Ending.EXIT, draft.opened_at, costs).model_copy(update=by_this) for one in entries
    ]
    sold = sum((one.quantity for one in own if one.leg is Leg.EXIT), ZERO)
    really = max(-draft.sign * held - sold, ZERO)
    left = min(draft.quantity - sum((one.quantity for one in entries), ZERO), really)
    return (*ended_now, _resized(draft, left, costs)) if left > 0 else tuple(ended_now)


def ended(trade: ShadowTrade, price: Decimal, how: Ending, at: AwareDatetime, costs: Costs) -> ShadowTrade:
    """The trade once it has been closed at this price."""
    commission = costs.commission(trade.quantity, price, first=True)
    gross = trade.sign * (notional(trade.quantity, price) - trade.notional)
    changes = {"closed_at": at, "exit_price": price, "ending": how, "pnl": gross - trade.commission - commission}
    return trade.model_copy(update=changes)


def unseen(trade: ShadowTrade) -> ShadowTrade:
    """The trade as it was when it was opened, for who looks back to then: marked at its entry."""
    eve = trade.opened_at.date() if trade.opened_in is None else trade.opened_in - timedelta(days=1)
    fresh = {"seen_on": min(trade.seen_on, eve), "looked_at": trade.opened_at, "mark": trade.entry_price, "sessions": 0}
    later = dict.fromkeys(("closed_at", "exit_price", "ending", "pnl", "closing_cycle_id"))
    return trade.model_copy(update={**fresh, **later})


def shadow_portfolio(portfolio: Portfolio, trades: Iterable[ShadowTrade]) -> Portfolio:
    """The books as they would be had every open shadow trade been made, of a desk that may trade."""
    positions = {position.symbol: position for position in portfolio.positions}
    cash = portfolio.cash
    for trade in trades:
        if not trade.is_open:
            continue
        cost = trade.sign * trade.notional + trade.commission
        before = positions.get(trade.symbol) or Position(symbol=trade.symbol, mark=trade.mark, sector=trade.sector)
        shares = {"quantity": before.quantity + trade.shares, "cost_basis": before.cost_basis + cost}
        positions[trade.symbol] = before.model_copy(update=shares)
        cash -= cost
    held = tuple(positions[symbol] for symbol in sorted(positions))
    return portfolio.model_copy(update={"trading_state": TradingState.ACTIVE, "cash": cash, "positions": held})


def shadow_opened(trade: ShadowTrade, trace_id: str, *, for_desk: bool = True) -> Event:
    """The audit log's words for a trade that was thought of; not `for_desk` when the desk would not have made it."""
    opened = _event(EventType.SHADOW_OPENED, trade, set(ShadowTrade.model_fields) - _LATER, trace_id)
    return opened if for_desk else opened.model_copy(update={"data": {**opened.data, "for_desk": False}})


def shadow_closed(trade: ShadowTrade, trace_id: str) -> Event:
    """The audit log's words for its end."""
    return _event(EventType.SHADOW_CLOSED, trade, set(ShadowTrade.model_fields), trace_id)


_LATER = {"seen_on", "sessions", "looked_at", "mark", "closed_at", "exit_price", "ending", "pnl", "closing_cycle_id"}


def _event(kind: EventType, trade: ShadowTrade, told: set[str], trace_id: str) -> Event:
    return Event(
        event_id=f"{trade.shadow_id}/{kind}",
        desk_id=trade.desk_id,
        aggregate_id=trade.cycle_id,
        type=kind,
        trace_id=trace_id,
        occurred_at=trade.closed_at or trade.opened_at,
        data={MARK: True, **trade.model_dump(mode="json", include=told)},
    )


def _resized(draft: ShadowTrade, quantity: Decimal, costs: Costs) -> ShadowTrade:
    changes = {
        "quantity": quantity,
        "notional": notional(quantity, draft.entry_price),
        "commission": costs.commission(quantity, draft.entry_price, first=True),
    }
    return draft.model_copy(update=changes)
