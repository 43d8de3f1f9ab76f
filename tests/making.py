"""Small builders of valid records: what a test does not name has a plain value, what it names is validated as ever."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import AwareDatetime, JsonValue

import trading
from trading.access import SecretHash, TokenId
from trading.accounts import Account, Asset
from trading.agents.questions import Agent
from trading.instruments import Side, Symbol
from trading.limits import Limits
from trading.market import Quote, SnapshotSummary
from trading.money import DeskId, Dollars, Fraction, Identifier, Price, Quantity, Ratio, Record, SignedQuantity
from trading.orders import Fill, Leg, Order, OrderRequest, OrderState, client_order_id
from trading.portfolio import CapitalEvent, Portfolio, Position
from trading.settlement import IntentAsked, Sending
from trading.signals import Score, Signal
from trading.standing import Standing
from trading.steps import Cycle
from trading.strategy import Source

AT = datetime(2026, 11, 20, 16, tzinfo=UTC)
FOUR = (Agent.DATA, Agent.RISK, Agent.VALIDATOR, Agent.META)
"""The agents of every cycle that agents decide."""
DESK, CYCLE, TRACE = "paper", "paper/cycle-1", "trace-1"


def after(minutes: float) -> datetime:
    """So many minutes after the moment that most records are of."""
    return AT + timedelta(minutes=minutes)


def these(*values: object) -> tuple[object, ...]:
    """Values side by side, compared as values: ten shares are as good as `Decimal(10)`."""
    return values


def request(symbol: str = "AAPL", quantity: str = "10", side: Side = Side.BUY, **more: object) -> OrderRequest:
    """A market order at 100 dollars, of the leg that its side asks for."""
    leg = more.pop("leg", Leg.ENTRY if side is Side.BUY else Leg.EXIT)
    cycle_id = str(more.pop("cycle_id", CYCLE))
    fields: dict[str, object] = {
        "client_order_id": client_order_id(cycle_id, symbol, side, Leg(str(leg))),
        "desk_id": DESK,
        "strategy_id": "agents",
        "cycle_id": cycle_id,
        "leg": leg,
        "symbol": symbol,
        "sector": "Technology",
        "side": side,
        "quantity": quantity,
        "mark": "100",
        "as_of": AT,
        "trace_id": TRACE,
    }
    return OrderRequest.model_validate(fields | more)


def sending(asked: OrderRequest, **more: object) -> Sending:
    """An order to be sent now, for the first time."""
    return Sending.model_validate({"request": asked, "asked_at": AT, "send_by": after(5), **more})


def order(asked: OrderRequest, state: OrderState = OrderState.ACCEPTED, filled: str = "0") -> Order:
    """An order as the books would hold it."""
    return Order.model_validate({"request": asked, "state": state, "filled_quantity": filled})


def protection(leg: Leg, symbol: str = "AAPL", quantity: str = "10") -> Order:
    """A resting stop or target of an entry."""
    prices = {"stop_price": "90"} if leg is Leg.STOP else {"limit_price": "120"}
    kind = "stop" if leg is Leg.STOP else "limit"
    return order(request(symbol, quantity, Side.SELL, leg=leg, kind=kind, parent_id="entry", **prices))


def fill(asked: OrderRequest, quantity: str = "10", price: str = "100", **more: object) -> Fill:
    """A fill of an order."""
    fields: dict[str, object] = {
        "fill_id": f"{asked.client_order_id}-1",
        "client_order_id": asked.client_order_id,
        "symbol": asked.symbol,
        "side": asked.side,
        "quantity": quantity,
        "price": price,
        "filled_at": AT,
    }
    return Fill.model_validate(fields | more)


def position(symbol: str = "AAPL", quantity: str = "10", mark: str = "100", sector: str = "Technology") -> Position:
    """Shares held, bought at their mark, all at once."""
    cost = f"{Decimal(quantity) * Decimal(mark):.2f}"
    lots = [{"quantity": quantity, "cost": cost, "opened_at": AT}] if Decimal(quantity) else []
    shares = {"symbol": symbol, "quantity": quantity, "cost_basis": cost, "lots": lots}
    return Position.model_validate({**shares, "mark": mark, "sector": sector})


def portfolio(cash: str = "100000", *positions: Position, **more: object) -> Portfolio:
    """One desk's books."""
    return Portfolio.model_validate({"desk_id": DESK, "cash": cash, "positions": positions, **more})


def deposit(amount: str = "100000", **more: object) -> CapitalEvent:
    """Cash paid in."""
    fields = {"capital_event_id": "deposit-1", "desk_id": DESK, "kind": "deposit", "amount": amount, "occurred_at": AT}
    return CapitalEvent.model_validate(fields | more)


def account(cash: str = "1000000", **more: object) -> Account:
    """An account at the broker, all of its cash settled."""
    fields = {"account_id": "a-1", "cash": cash, "settled_cash": cash, "buying_power": cash, "equity": cash}
    return Account.model_validate(fields | more)


def asset(symbol: str = "AAPL", **more: object) -> Asset:
    """A symbol at the broker, of which everything may be done."""
    return Asset.model_validate({"symbol": symbol, "fractionable": True, "shortable": True} | more)


def standing(symbol: str = "AAPL", price: str | None = "100", **more: object) -> Standing:
    """A rich account, a liquid symbol, a price that nobody quarrels about; no session, no earnings."""
    fields: dict[str, object] = {
        "account": account(),
        "asset": asset(symbol),
        "price": price,
        "average_volume": "10000000",
        "market_at": AT,
        "asked_at": AT,
    }
    return Standing.model_validate(fields | more)


def intent(asked: OrderRequest, limits: Limits | None = None, **more: object) -> IntentAsked:
    """An order to intend, with a standing in whose way nothing is."""
    known = standing(asked.symbol, f"{asked.mark:f}")
    fields = {"request": asked, "limits": limits or Limits(), "standing": known, "intended_at": AT}
    return IntentAsked.model_validate(fields | more)


def quote(symbol: str = "AAPL", price: str = "100", **more: object) -> Quote:
    """A quote without a spread."""
    return Quote.model_validate({"symbol": symbol, "bid": price, "ask": price, "last": price, "quoted_at": AT} | more)


def summary(prices: Mapping[str, tuple[str, str]], **more: object) -> SnapshotSummary:
    """A snapshot of these symbols, each with its price and sector."""
    priced = [
        {"instrument": {"symbol": symbol, "sector": sector}, "quote": quote(symbol, price)}
        for symbol, (price, sector) in prices.items()
    ]
    fields: dict[str, object] = {
        "snapshot_id": "snapshot-1",
        "provider": "fake",
        "adjustment": "split",
        "as_of": AT,
        "symbols": tuple(priced),
    }
    return SnapshotSummary.model_validate(fields | more)


def signal(symbol: str = "AAPL", action: str = "buy", **more: object) -> Signal:
    """A signal that is quite sure of ten shares."""
    fields: dict[str, object] = {"symbol": symbol, "action": action, "confidence": 0.7, "reasoning": "it trends"}
    size = {} if "weight" in more or action == "hold" else {"quantity": "10"}
    return Signal.model_validate(fields | size | more)


def cycle(*symbols: str, number: int = 1) -> Cycle:
    """A cycle of the desk over these symbols."""
    asked = {"symbols": symbols or ("AAPL",), "trace_id": TRACE}
    fields = {"cycle_id": f"{DESK}/cycle-{number}", "desk_id": DESK, "request": asked, "started_at": AT}
    return Cycle.model_validate(fields)


# A plain value for each kind of field; identity tells kinds apart, since annotations have no useful equality.
Kinds = tuple[tuple[Any, object], ...]
PLAIN: Kinds = (
    (Dollars, Decimal("1234.56")),
    (Price, Decimal("101.25")),
    (Quantity, Decimal("10.5")),
    (SignedQuantity, Decimal("-3.25")),
    (Fraction, Decimal("0.25")),
    (Ratio, 1.5),
    (Score, 0.5),
    (Symbol, "AAPL"),
    (Identifier, "some-id"),
    (DeskId, "paper"),
    (AwareDatetime, AT),
    (JsonValue, "json"),
    (Decimal, Decimal(7)),
    (datetime, AT),
    (timedelta, timedelta(minutes=1)),
    (time, time(11, 0)),
    (Source, "agents"),
    (TokenId, "0" * 12),
    (SecretHash, "0" * 64),
    (date, AT.date()),
    (bool, False),
    (int, 1),
    (float, 0.5),
    (str, "words"),
)
# What a record's own consistency asks for.
FITTING: Mapping[str, Mapping[str, object]] = {
    "Adjustment": {"quantity": Decimal(0)},
    "CapitalEvent": {"kind": "adjustment"},
    "CorporateAction": {"amount_usd": None, "new_symbol": None},
    "Frictions": {"borrow_rate": Decimal("0.05"), "cash_rate": Decimal("0.02")},
    "GetTrace": {"trace_id": None},
    "News": {"url": "https://example.com/1"},
    "OperatorTrade": {"weight": None},
    "OrderRequest": {"limit_price": None, "stop_price": None, "parent_id": None},
    "QueryPrometheus": {"at": None},
    "QueryView": {"where": (), "order_by": "event_id", "total_by": "type"},
    "Session": {"closes_at": AT + timedelta(hours=6)},
    "WantedTrade": {"weight": None},
    "WatchRules": {"volume_factor": Decimal(7), "threshold": Decimal("0.25")},
}


@cache
def record_types() -> list[type[Record]]:
    """Every record of the rules; those of the agents' own answers have their own tests."""
    for path in sorted(Path(trading.__file__ or "").parent.glob("*.py")):
        import_module(f"trading.{path.stem}")
    return sorted(set(_below(Record)), key=lambda kind: (kind.__module__, kind.__qualname__))


def _below(kind: type[Record]) -> Iterator[type[Record]]:
    for found in kind.__subclasses__():
        generic = found.__pydantic_generic_metadata__
        ours = found.__module__.startswith("trading.") and found.__module__.count(".") == 1
        if ours and not (generic["origin"] or generic["parameters"]):
            yield found
        yield from _below(found)


@cache
def hints(kind: type[Record]) -> dict[str, Any]:
    """Each field's annotation, with the generic parameters of its record filled in."""
    written = get_type_hints(kind, include_extras=True)
    return {name: written[name] if field.metadata else field.annotation for name, field in kind.model_fields.items()}


def example(kind: type[Record], kinds: Kinds = PLAIN) -> Record:
    """A valid record with every field filled in."""
    return kind.model_validate(fields_of(kind, kinds))


def fields_of(kind: type[Record], kinds: Kinds = PLAIN) -> dict[str, object]:
    """The fields of such a record."""
    made = {name: value_of(hint, kinds) for name, hint in hints(kind).items()}
    return made | dict(FITTING.get(kind.__name__, {}))


def value_of(hint: Any, kinds: Kinds) -> object:
    """A value for one annotation."""
    for known, value in kinds:
        if hint is known:
            return value
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Annotated, Union, types.UnionType, Literal}:
        return arguments[0] if origin is Literal else value_of(arguments[0], kinds)
    if origin is tuple:
        return (value_of(arguments[0], kinds),)
    if origin in {dict, Mapping}:
        # Records in it are whole: what is wrong is the field itself.
        ours = any(mentions(arguments[1], kind) for kind, _ in kinds)
        return {value_of(arguments[0], kinds): value_of(arguments[1], kinds if ours else PLAIN)}
    if issubclass(hint, StrEnum):
        return next(iter(hint))
    return example(hint, kinds)


def mentions(hint: Any, known: object) -> bool:
    """Whether a field holds this kind of value itself, not in a record of its own."""
    return hint is known or (get_origin(hint) is not None and any(mentions(one, known) for one in get_args(hint)))
