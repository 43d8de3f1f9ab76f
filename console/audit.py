"""`audit`: every invariant over the books and the broker's own book, as after each cycle."""

from __future__ import annotations

from console.desk import books_of
from console.output import Output, toned
from console.reach import reach
from console.watchlist import Prices
from settings import Settings
from trading.audit import audit as check
from wiring.brokers import broker_of


async def audit(settings: Settings, output: Output) -> int:
    """Look at everything once; a finding is exit code 1."""
    prices = Prices.of(settings)
    async with books_of(reach(settings).database, settings.desk.id) as kept:
        books = await kept.ledger.books(kept.desk_id)
        held = await broker_of(settings, kept.engine, prices.market).orders(kept.desk_id)
    findings = check(books, held)
    looked_at = {
        "events": len(books.events),
        "orders": len(books.orders),
        "fills": len(books.fills),
        "positions": len(books.portfolio.positions),
        "capital events": len(books.capital),
        "broker orders": len(held),
    }
    words = "1 finding" if len(findings) == 1 else f"{len(findings)} findings"
    counts = ", ".join(f"{count} {name}" for name, count in looked_at.items())
    heading = toned(f"  {words} in {counts}", "bad" if findings else "good")
    shown = (toned(f"  {finding.invariant}  {finding.about}: {finding.found}", "bad") for finding in findings)
    output.show({"findings": findings, "looked_at": looked_at}, heading, *shown)
    return 1 if findings else 0
