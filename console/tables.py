"""The tables that a person reads: decisions, orders, the portfolio, round trips."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from adapters.postgres.reports import CycleSummary, OrderLine
from console.output import STYLES, Tone, dollars, gain, grid, pairs, plain, price, shares, toned
from trading.breaker import TradingState
from trading.docket import SHADOW, Row
from trading.orders import OPEN, PROTECTIVE, OrderState
from trading.portfolio import Portfolio, drawdown
from trading.signals import Action
from trading.strategy import AGENTS
from trading.trades import Trade

STATE_TONES: dict[TradingState, Tone] = {
    TradingState.ACTIVE: "good",
    TradingState.REDUCING: "odd",
    TradingState.HALTED: "bad",
}
_ORDER_TONES: dict[str, Tone] = {
    OrderState.FILLED: "good",
    OrderState.PARTIALLY_FILLED: "odd",
    OrderState.DENIED: "bad",
    OrderState.REJECTED: "bad",
    OrderState.CANCELLED: "faint",
    OrderState.EXPIRED: "faint",
}
_SHORT = {OrderState.PARTIALLY_FILLED: "partial"}


def decisions(rows: Iterable[Row], *, notes: bool) -> Table:
    """One line a symbol: what was asked for and what each of the desk's members left of it, in shares."""
    rows = tuple(rows)
    who = next((row.by for row in rows if row.by), "DataAgent")
    columns = ("symbol", ">price", who, ">asked", ">limits", ">risk", "valid", ">meta", "order")
    table = grid(*columns, *(("~why",) if notes else ()))
    for row in rows:
        quantities = [shares(amount) for amount in (row.asked, row.allowed, row.approved)]
        cells: list[RenderableType] = [row.symbol, price(row.price), _signal(row), *quantities, _verdict(row.validated)]
        cells += [shares(row.decided), _ordered(row)]
        idle = row.action in {None, Action.HOLD}
        table.add_row(*cells, *((plain(row.note),) if notes else ()), style=STYLES["faint"] if idle else "")
    return table


def cycles(lines: Sequence[CycleSummary], *, notes: bool) -> Table:
    """One line a cycle; whose it is where that is not the desk's first strategy alone."""
    several = any(line.strategy_id != AGENTS for line in lines)
    whose, why = ("strategy",) if several else (), ("~why",) if notes else ()
    table = grid("cycle", *whose, "trigger", "began", ">took", "outcome", *why)
    for line in lines:
        began = line.started_at or line.ended_at
        took = (line.ended_at - line.started_at).total_seconds() if line.started_at and line.ended_at else None
        cells: list[RenderableType] = [line.cycle_id, *((line.strategy_id,) if several else ())]
        cells.append(plain(f"by {line.proposed_by}" if line.proposed_by else line.trigger.replace("_", " ")))
        cells.append(f"{began:%m-%d %H:%M}" if began else "")
        cells += [f"{took:.1f} s" if took is not None else ""]
        table.add_row(*cells, line.outcome.replace("_", " ") or "running", *((plain(line.reason),) if notes else ()))
    return table


def orders(lines: Sequence[OrderLine], *, notes: bool) -> Table:
    """One line an order."""
    columns = ("symbol", "side", "leg", ">shares", "kind", ">at", ">filled", ">average", "state")
    table = grid(*columns, *(("order", "~why") if notes else ()))
    for line in lines:
        at = line.limit_price or line.stop_price
        cells: list[RenderableType] = [line.symbol, line.side, line.leg, shares(line.quantity), line.kind, price(at)]
        cells += [shares(line.filled_quantity), price(line.average_price), _state(line.state)]
        if notes:
            cells += [line.client_order_id, plain(line.reason or "")]
        table.add_row(*cells, style=STYLES["faint"] if line.leg in PROTECTIVE else "")
    return table


def summary(portfolio: Portfolio) -> Text:
    """What the desk is worth."""
    equity = portfolio.equity
    fallen = drawdown(equity, portfolio.peak_equity)
    invested = equity - portfolio.cash
    lines: list[tuple[str, str | Text]] = [
        ("trading", toned(portfolio.trading_state, STATE_TONES[portfolio.trading_state])),
        ("equity", f"{dollars(equity)} USD" + (f", {fallen:.2%} below its peak" if fallen else "")),
        ("cash", f"{dollars(portfolio.cash)} USD"),
        ("invested", f"{dollars(invested)} USD" + (f", {invested / equity:.0%} of equity" if equity > 0 else "")),
        ("open orders", str(len(portfolio.open_orders))),
    ]
    return pairs(lines)


def positions(portfolio: Portfolio, *, sectors: bool) -> Table:
    """One line a position."""
    table = grid(
        "symbol", ">shares", ">cost", ">mark", ">value", ">of equity", ">gain", *(("sector",) if sectors else ())
    )
    equity = portfolio.equity
    for held in portfolio.positions:
        cost = held.cost_basis / held.quantity if held.quantity else None
        cells: list[RenderableType] = [held.symbol, shares(held.quantity), price(cost), price(held.mark)]
        share = f"{held.value / equity:.1%}" if equity > 0 else ""
        cells += [dollars(held.value), share, gain(held.value - held.cost_basis)]
        table.add_row(*cells, *((held.sector,) if sectors else ()))
    return table


def trades(lines: Iterable[Trade]) -> Table:
    """One line a round trip."""
    table = grid("symbol", "side", "opened", "closed", ">shares", ">entry", ">exit", ">gain")
    for trade in lines:
        closed = f"{trade.closed_at:%Y-%m-%d}" if trade.closed_at else toned("open", "odd")
        result: RenderableType = gain(trade.realised_pnl) if trade.closed_quantity else ""
        cells: list[RenderableType] = [trade.symbol, trade.side, f"{trade.opened_at:%Y-%m-%d}", closed]
        table.add_row(*cells, shares(trade.quantity), price(trade.entry_price), price(trade.exit_price), result)
    return table


def value_of(portfolio: Portfolio) -> dict[str, object]:
    """The portfolio for a program, with what a person sees computed."""
    equity = portfolio.equity
    return {
        **portfolio.model_dump(exclude={"positions"}),
        "equity": equity,
        "drawdown": drawdown(equity, portfolio.peak_equity),
        "positions": [
            {**held.model_dump(exclude={"lots"}), "value": held.value, "unrealised_pnl": held.value - held.cost_basis}
            for held in portfolio.positions
        ],
    }


def _signal(row: Row) -> Text:
    if row.action is None:
        return toned("—", "faint")
    tones: dict[Action, Tone] = {Action.BUY: "good", Action.SELL: "bad", Action.HOLD: "faint"}
    return toned(f"{row.action:<4} {row.confidence or 0:.2f}", tones[row.action])


def _verdict(validated: bool | None) -> Text:  # noqa: FBT001  it is the answer itself
    return Text("") if validated is None else toned("yes", "good") if validated else toned("no", "bad")


def _ordered(row: Row) -> Text:
    if row.order_state is None:
        return Text("")
    if row.order_state == SHADOW:
        return toned(SHADOW, "odd")
    word = _SHORT.get(OrderState(row.order_state), row.order_state)
    filled = f" {shares(row.filled)}" if row.filled and row.filled != row.decided else ""
    return toned(f"{word}{filled}", _ORDER_TONES.get(row.order_state, "plain"))


def _state(state: OrderState) -> Text:
    return toned(_SHORT.get(state, state), _ORDER_TONES.get(state, "odd" if state in OPEN else "plain"))
