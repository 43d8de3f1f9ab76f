"""`run`: one more cycle of a desk that is running."""

from __future__ import annotations

from adapters.temporal.connection import connect
from console.asking import ask_cycle
from console.cycle import Wish, request_of, run_one, say_if_closed, say_where
from console.output import Output
from console.reach import reach
from console.roster import roster
from console.watchlist import Prices
from settings import Settings
from trading.traces import trace_url


async def run(settings: Settings, output: Output, wish: Wish, *, wait: bool) -> int:
    """Ask the desk for a cycle and, unless told not to wait, follow it."""
    found = reach(settings)
    prices = Prices.of(settings)
    request = await request_of(wish, settings, prices, await roster(found.database, settings.desk.id))
    client = await connect(found.temporal_address)
    await say_if_closed(request, prices, output)
    if wait:
        return await run_one(client, found, settings, request, output)
    ticket = await ask_cycle(client, settings.desk.id, request)
    say_where(client, found, ticket, output, trace_url(settings.traces.url, request.trace_id))
    if output.as_json:
        output.show({"trace_id": request.trace_id, "ticket": ticket})
    else:
        output.say(f"  {ticket.ahead} ahead. Look with: starter.py events --cycle {ticket.cycle_id}")
    return 0
