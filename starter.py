"""The operator's command line. What each command does is in `console/`, and is imported only when it is called."""
# ruff: noqa: PLC0415  a look at the desk should not wait for the imports of a whole worker

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from enum import StrEnum
from typing import Annotated, Any, NoReturn

import typer
from typer.exceptions import TyperException

import settings as configuration
from adapters import logs
from adapters.temporal.ending import leave
from console.output import Output
from settings import Settings

INTERRUPTED = 130
USAGE = 2


class Provider(StrEnum):
    """The markets that may be named on the command line."""

    FILE = "file"
    SIMULATED = "simulated"
    ALPACA = "alpaca"
    YFINANCE = "yfinance"


app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, help="A trading desk and its operator."
)

capital = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="What is paid in and out.")
app.add_typer(capital, name="capital")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document instead of tables.")]
AsOf = Annotated[str | None, typer.Option(help="The session whose close is now, as 2017-11-10.", metavar="DATE")]
Anytime = Annotated[bool, typer.Option("--anytime", help="Run although the exchange is closed (on paper).")]
Amount = Annotated[str, typer.Argument(help="Dollars and cents, as 2500.00.")]
Again = Annotated[str | None, typer.Option("--id", help="Of an earlier try: what it did is not done twice.")]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="Most lines.")]
Reason = Annotated[str, typer.Option(help="Why, for whoever reads the log.")]
Symbols = Annotated[list[str], typer.Argument(help="Tickers, as AAPL.", metavar="SYMBOL...")]
Watchlist = Annotated[
    list[str] | None, typer.Argument(help="Tickers; else DESK_SYMBOLS, else all.", metavar="[SYMBOL...]")
]
Work = Callable[[Settings, Output], Coroutine[Any, Any, int]]


@app.command()
def up(  # noqa: PLR0913  each is an option of the command line
    symbols: Watchlist = None,
    *,
    once: Annotated[bool, typer.Option("--once", help="End after one cycle.")] = False,
    as_of: AsOf = None,
    anytime: Anytime = False,
    market: Annotated[Provider | None, typer.Option(help="Overrides MARKET_PROVIDERS.")] = None,
    as_json: AsJson = False,
) -> int:
    """Start servers and a worker, run one cycle, and serve until Ctrl-C."""
    from console.cycle import Wish
    from console.up import up

    wish = Wish(symbols=tuple(symbols or ()), as_of=as_of, anytime=anytime)
    return _do(lambda settings, output: up(_on(settings, market), output, wish, once=once), as_json=as_json)


@app.command()
def run(  # noqa: PLR0913  each is an option of the command line
    symbols: Symbols,
    *,
    strategy: Annotated[str, typer.Option(help="The strategy that decides.")] = "agents",
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow the cycle to its end.")] = True,
    as_of: AsOf = None,
    anytime: Anytime = False,
    trace_id: Annotated[str | None, typer.Option(help="Joins log lines and events; made when not given.")] = None,
    as_json: AsJson = False,
) -> int:
    """Ask the running desk for a cycle, and follow it."""
    from console.cycle import Wish
    from console.run import run

    wish = Wish(symbols=tuple(symbols), strategy=strategy, as_of=as_of, anytime=anytime, trace_id=trace_id)
    return _do(lambda settings, output: run(settings, output, wish, wait=wait), as_json=as_json)


@app.command()
def status(*, as_json: AsJson = False) -> int:
    """The trading state, the cycles, the equity, and who serves the desk."""
    from console.status import status

    return _do(status, as_json=as_json)


@app.command()
def portfolio(*, as_json: AsJson = False) -> int:
    """What the desk is worth and holds."""
    from console.books import portfolio

    return _do(portfolio, as_json=as_json)


@app.command()
def trades(*, limit: Limit = 50, as_json: AsJson = False) -> int:
    """Round trips, from flat to flat."""
    from console.books import trades

    return _do(lambda settings, output: trades(settings, output, limit=limit), as_json=as_json)


@app.command()
def orders(
    *,
    open_only: Annotated[bool, typer.Option("--open", help="Only those that may still fill.")] = False,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> int:
    """Orders, denied and protective ones among them."""
    from console.books import orders

    return _do(lambda settings, output: orders(settings, output, open_only=open_only, limit=limit), as_json=as_json)


@app.command()
def events(
    *,
    cycle: Annotated[str | None, typer.Option(help="Only those of this cycle.", metavar="ID")] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Also those to come, until Ctrl-C.")] = False,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> int:
    """The audit log; with --follow and --json, one document a line."""
    from console.books import events

    return _do(
        lambda settings, output: events(settings, output, cycle=cycle, limit=limit, follow=follow), as_json=as_json
    )


@app.command()
def quote(symbols: Symbols, *, as_of: AsOf = None, as_json: AsJson = False) -> int:
    """The best known prices."""
    from console.prices import quote

    return _do(lambda settings, output: quote(settings, output, symbols, as_of), as_json=as_json)


@app.command()
def indicators(symbols: Symbols, *, as_of: AsOf = None, as_json: AsJson = False) -> int:
    """The numbers that an agent may cite."""
    from console.prices import indicators

    return _do(lambda settings, output: indicators(settings, output, symbols, as_of), as_json=as_json)


@app.command()
def audit(*, as_json: AsJson = False) -> int:
    """Every invariant over the books and the broker's book; a finding is exit code 1."""
    from console.audit import audit

    return _do(audit, as_json=as_json)


@app.command()
def doctor(*, as_json: AsJson = False) -> int:
    """What a cycle needs, and what to do about what is missing."""
    from console.doctor import doctor

    logs.configure(form="console", level="error")
    return asyncio.run(doctor(Output(as_json=as_json)))


@app.command()
def init(
    *,
    given: Annotated[list[str] | None, typer.Option("--set", help="Asks nothing.", metavar="NAME=VALUE")] = None,
    force: Annotated[bool, typer.Option("--force", help="Also what is set already.")] = False,
    compose: Annotated[bool, typer.Option("--compose", help="Make the passwords of docker-compose.yml.")] = False,
    untried: Annotated[bool, typer.Option("--untried", help="Try no key; write it unseen.")] = False,
    as_json: AsJson = False,
) -> int:
    """Ask for keys and servers, try each, and write `.env`."""
    from console.init import Wish, given_of, init

    logs.configure(form="console", level="error")
    wish = Wish(given=given_of(given or ()), replace=force, compose=compose, untried=untried)
    return init(Output(as_json=as_json), wish)


@app.command()
def migrate(*, as_json: AsJson = False) -> int:
    """Bring the books to this code's revision; `up` does it by itself."""
    from console.migrate import migrate

    return _do(migrate, as_json=as_json)


@app.command()
def config(*, as_json: AsJson = False) -> int:
    """The settings in force, by their variables; secrets are masked."""
    from console.config import config

    return _do(config, as_json=as_json)


@capital.command()
def deposit(amount: Amount, *, reason: Reason, again: Again = None, as_json: AsJson = False) -> int:
    """Pay money into the desk's account at the paper broker."""
    from console.capital import move
    from trading.statement import ActivityKind

    asked = (amount, reason, again)
    return _do(lambda settings, output: move(settings, output, ActivityKind.DEPOSIT, asked), as_json=as_json)


@capital.command()
def withdraw(amount: Amount, *, reason: Reason, again: Again = None, as_json: AsJson = False) -> int:
    """Take money out of the desk's account at the paper broker, as far as it is free."""
    from console.capital import move
    from trading.statement import ActivityKind

    asked = (amount, reason, again)
    return _do(lambda settings, output: move(settings, output, ActivityKind.WITHDRAWAL, asked), as_json=as_json)


@capital.command("list")
def capital_list(*, as_json: AsJson = False) -> int:
    """Everything that changed the cash without a trade."""
    from console.capital import listing

    return _do(listing, as_json=as_json)


@app.command()
def halt(
    *,
    reason: Reason,
    cancel_orders: Annotated[bool, typer.Option("--cancel-orders", help="Also cancel what rests, stops too.")] = False,
    flatten: Annotated[
        bool, typer.Option("--flatten", help="Also sell what is held, once what rests is gone.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Stop trading now; what is held stays held, unless you say otherwise."""
    from console.state import HaltWish, halt

    wish = HaltWish(reason=reason, cancel_orders=cancel_orders, flatten=flatten)
    return _do(lambda settings, output: halt(settings, output, wish), as_json=as_json)


@app.command()
def resume(*, reason: Reason, as_json: AsJson = False) -> int:
    """Trade again."""
    from console.state import resume

    return _do(lambda settings, output: resume(settings, output, reason), as_json=as_json)


@app.command()
def reconcile(
    *,
    accept: Annotated[
        list[str] | None,
        typer.Option(help="Take over a difference on your word, as the table names it.", metavar="CASE:ABOUT"),
    ] = None,
    reason: Annotated[str, typer.Option(help="Why it may be taken over.")] = "",
    as_json: AsJson = False,
) -> int:
    """The books against the broker's account; what nobody explains is exit code 1."""
    from console.reconcile import Wish, reconcile

    wish = Wish(accept=tuple(accept or ()), reason=reason)
    return _do(lambda settings, output: reconcile(settings, output, wish), as_json=as_json)


@app.command()
def price_move(
    symbol: Annotated[str, typer.Argument(help="A ticker, as AAPL.")],
    *,
    percent: Annotated[float | None, typer.Option(help="How far it moved.")] = None,
    as_json: AsJson = False,
) -> int:
    """Tell the desk that a price moved: it looks at that symbol next."""
    from console.state import price_move

    return _do(lambda settings, output: price_move(settings, output, symbol, percent), as_json=as_json)


def main() -> NoReturn:
    """Run one command; whatever becomes of it, end in the one way that is clean."""
    try:
        code = app(standalone_mode=False)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except TyperException as error:
        print(f"starter: {error.format_message()} (starter.py --help)", file=sys.stderr)  # noqa: T201  the one line
        code = USAGE
    except Exception as error:  # noqa: BLE001  the last place that can say anything
        from console.complaint import complain

        code = complain("starter", error)
    leave(code if isinstance(code, int) else 0)


def _do(work: Work, *, as_json: bool) -> int:
    """Run a command on the settings; a person's terminal stays quiet unless LOG_LEVEL says otherwise."""
    settings = configuration.load()
    asked_for = "level" in settings.log.model_fields_set
    logs.configure(form=settings.log.format, level=settings.log.level if asked_for else "warning")
    return asyncio.run(work(settings, Output(as_json=as_json)))


def _on(settings: Settings, market: Provider | None) -> Settings:
    if market is None:
        return settings
    return settings.model_copy(update={"market": settings.market.model_copy(update={"providers": (market.value,)})})


if __name__ == "__main__":
    main()
