"""`shadow`: the trades that a halted desk only thought of, and what they would have made."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from adapters.postgres.engine import transaction
from adapters.postgres.shadow import all_trades
from console.desk import books_of
from console.output import Output, dollars, gain, grid, pairs, price, shares, title, toned
from console.reach import reach
from settings import Settings
from trading.money import ZERO, Dollars, Record
from trading.shadow import ShadowTrade


async def shadow(settings: Settings, output: Output, *, limit: int) -> int:
    """Open and closed shadow trades, the newest last, with the totals of all."""
    async with books_of(reach(settings).database, settings.desk.id) as books, transaction(books.engine) as connection:
        known = await all_trades(connection, books.desk_id)
    show(known, output, limit=limit)
    return 0


def show(known: Sequence[ShadowTrade], output: Output, *, limit: int) -> None:
    """These trades, so many of each kind; the totals are of all."""
    standing, ended = ([one for one in known if one.is_open is wanted] for wanted in (True, False))
    made = Totals.of(standing, ended)
    document = {"open": standing[-limit:], "closed": ended[-limit:], "totals": made}
    if known:
        table = _table([*ended[-limit:], *standing[-limit:]], wide=output.is_wide)
        output.show(document, title("Shadow trades"), _summary(made), "", table)
    else:
        output.show(document, "  no shadow trades: a desk has them once it has decided while HALTED")


class Totals(Record):
    """How many were won and lost, and dollars: made by what has ended, and so far by what has not."""

    open: int
    closed: int
    won: int
    lost: int
    pnl: Dollars
    unrealised_pnl: Dollars

    @classmethod
    def of(cls, standing: Sequence[ShadowTrade], ended: Sequence[ShadowTrade]) -> Totals:
        """The totals of these trades."""
        return cls(
            open=len(standing),
            closed=len(ended),
            won=sum(one.gain > 0 for one in ended),
            lost=sum(one.gain < 0 for one in ended),
            pnl=sum((one.gain for one in ended), ZERO),
            unrealised_pnl=sum((one.gain for one in standing), ZERO),
        )


def _summary(made: Totals) -> Text:
    return pairs(
        [
            ("ended", f"{made.closed}, {made.won} won, {made.lost} lost"),
            ("would have made", f"{dollars(made.pnl)} USD"),
            ("open", f"{made.open}, {dollars(made.unrealised_pnl)} USD so far"),
        ]
    )


def _table(trades: Sequence[ShadowTrade], *, wide: bool) -> Table:
    table = grid(
        "symbol", "side", *(("leg",) if wide else ()), "opened", "ended", ">shares", ">entry", ">exit", ">gain"
    )
    for one in trades:
        when = toned("open", "odd") if one.closed_at is None else f"{one.closed_at:%m-%d} {one.ending}"
        cells: list[RenderableType] = [one.symbol, one.side, *((one.leg,) if wide else ()), f"{one.opened_at:%Y-%m-%d}"]
        table.add_row(*cells, when, shares(one.quantity), price(one.entry_price), price(one.exit_price), gain(one.gain))
    return table
