"""The desk's strategies: who decides, with how much of its equity, and how far each may go."""
# ruff: noqa: PLC0415  a look at the desk should not wait for the imports of a whole worker

from __future__ import annotations

from typing import Annotated, Any

import typer

from commands.doing import AsJson, do, with_options

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The desk's strategies, and what each may do.")
Name = Annotated[str, typer.Argument(help="A strategy's name.", metavar="NAME")]
By = Annotated[str, typer.Option(help="Who wants it.")]
Why = Annotated[str, typer.Option("--reason", help="Why, for whoever reads the log.")]
Several = list[str] | None
Word = str | None

# What `add` and `edit` have in common: each option of one field, by the name under which it is handed on.
OPTIONS: dict[str, Any] = {
    "source": Annotated[Word, typer.Option(help="agents, a rule by its name, or a class: my_strategies:Breakout2.")],
    "param": Annotated[Several, typer.Option(help="Of the rule; once for each.", metavar="NAME=VALUE")],
    "symbols": Annotated[Word, typer.Option(help="What it looks at, as AAPL,MSFT; else the desk's watchlist.")],
    "universe": Annotated[Word, typer.Option(help="A file of such symbols.", metavar="FILE")],
    "screen": Annotated[
        Word, typer.Option(help="By what is listed, as min_price=5,most=30.", metavar="NAME=VALUE,...")
    ],
    "allocation": Annotated[Word, typer.Option(help="Its part of the desk's equity, as 40% or 0.4.")],
    "model": Annotated[Several, typer.Option(help="Of an agent: data, risk, validator or meta.", metavar="AGENT=NAME")],
    "prompt": Annotated[Several, typer.Option(help="Of an agent.", metavar="AGENT=VERSION")],
    "budget": Annotated[Word, typer.Option(help="Most dollars that its models may cost in a day of UTC.")],
    "scan_times": Annotated[Word, typer.Option(help="Instead of the desk's, as 11:00,14:30.")],
    "max_position": Annotated[Word, typer.Option(help="Most of its equity in one position, as 10%.")],
    "max_sector": Annotated[Word, typer.Option(help="Most of its equity in one sector.")],
    "max_positions": Annotated[Word, typer.Option(help="Most positions at once.")],
    "max_order_usd": Annotated[Word, typer.Option(help="Most dollars in one order that opens or adds.")],
    "min_price": Annotated[Word, typer.Option(help="Least price of a share that it opens.")],
    "restrict": Annotated[Word, typer.Option(help="Symbols that it never opens, as TSLA,GME.")],
    "approval": Annotated[
        Word,
        typer.Option(help="auto, always, or above_notional,above_usd=5000.", metavar="MODE[,NAME=VALUE...]"),
    ],
    "debate_rounds": Annotated[
        Word, typer.Option(help="How often Bull and Bear argue before the MetaAgent decides, 0 to 3.", metavar="N")
    ],
    "heed_memory": Annotated[
        Word, typer.Option(help="Deny what has failed too often; default: of agents alone.", metavar="yes|no|default")
    ],
    "rule": Annotated[Word, typer.Option(help="When it does too badly, as min_trades=20.", metavar="NAME=VALUE,...")],
}


@app.command("list")
def strategies_list(*, as_json: AsJson = False) -> int:
    """Every strategy: who decides, which rung, how much."""
    from console.strategy_look import listing

    return do(listing, as_json=as_json)


@app.command()
def show(name: Name, *, as_json: AsJson = False) -> int:
    """All of one, and what it has shown on its rung."""
    from console.strategy_look import show

    return do(lambda settings, output: show(settings, output, name), as_json=as_json)


@app.command()
@with_options(OPTIONS)
def add(
    name: Name,
    *,
    allocation: Annotated[str, typer.Option(help="Its part of the desk's equity, as 40% or 0.4.")],
    reason: Why = "",
    by: By = "operator",
    as_json: AsJson = False,
    **typed: Any,
) -> int:
    """Add one, in shadow: it decides, and sends nothing."""
    from console.strategies import Said, add

    said = Said(by=by, reason=reason)
    wish = {"allocation": allocation, **typed}
    return do(lambda settings, output: add(settings, output, (name, wish), said), as_json=as_json)


@app.command()
@with_options(OPTIONS)
def edit(name: Name, *, reason: Why = "", by: By = "operator", as_json: AsJson = False, **typed: Any) -> int:
    """Change what is named and nothing else; none unsets it."""
    from console.strategies import Said, edit

    said = Said(by=by, reason=reason)
    return do(lambda settings, output: edit(settings, output, (name, typed), said), as_json=as_json)


@app.command()
def enable(name: Name, *, reason: Why = "", by: By = "operator", as_json: AsJson = False) -> int:
    """Let it open positions again."""
    from console.strategies import Said, enable

    said = Said(by=by, reason=reason)
    return do(lambda settings, output: enable(settings, output, name, said), as_json=as_json)


@app.command()
def disable(name: Name, *, reason: Why = "", by: By = "operator", as_json: AsJson = False) -> int:
    """Open nothing more; exits and stops go on."""
    from console.strategies import Said, disable

    said = Said(by=by, reason=reason)
    return do(lambda settings, output: disable(settings, output, name, said), as_json=as_json)


@app.command()
def allocate(
    parts: Annotated[list[str], typer.Argument(help="NAME 30%, or several as NAME=30%.", metavar="NAME=PART...")],
    *,
    reason: Why = "",
    by: By = "operator",
    as_json: AsJson = False,
) -> int:
    """Give them other parts of the equity, all or none."""
    from console.strategies import Said, allocate

    said = Said(by=by, reason=reason)
    return do(lambda settings, output: allocate(settings, output, tuple(parts), said), as_json=as_json)


@app.command()
def promote(  # noqa: PLR0913  each is an option of the command line
    name: Name,
    *,
    to: Annotated[str | None, typer.Option(help="paper or live; else the next rung.")] = None,
    evidence_of: Annotated[
        str | None, typer.Option(help="Of the same strategy on another desk of these books.", metavar="DESK")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="To paper: ask nothing.")] = False,
    confirm: Annotated[str | None, typer.Option(help="To live: the name once more.", metavar="NAME")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="To live although something is missing; with a reason.")
    ] = False,
    reason: Why = "",
    by: By = "operator",
    as_json: AsJson = False,
) -> int:
    """Show what it has done, and let it go a rung further."""
    from console.ladder import Climb, promote
    from console.strategies import Said

    climb = Climb(name=name, to=to, evidence_of=evidence_of, yes=yes, confirm=confirm, force=force)
    said = Said(by=by, reason=reason)
    return do(lambda settings, output: promote(settings, output, climb, said), as_json=as_json)


@app.command()
def demote(
    name: Name,
    *,
    to: Annotated[str | None, typer.Option(help="shadow or paper; else the rung below.")] = None,
    reason: Why = "",
    by: By = "operator",
    as_json: AsJson = False,
) -> int:
    """Take it a rung down, at once and on no condition."""
    from console.ladder import demote
    from console.strategies import Said

    said = Said(by=by, reason=reason)
    return do(lambda settings, output: demote(settings, output, (name, to), said), as_json=as_json)


@app.command()
def remove(name: Name, *, reason: Why = "", by: By = "operator", as_json: AsJson = False) -> int:
    """Take away one that holds nothing."""
    from console.strategies import Said, remove

    said = Said(by=by, reason=reason)
    return do(lambda settings, output: remove(settings, output, name, said), as_json=as_json)


@app.command()
@with_options({name: OPTIONS[name] for name in ("model", "prompt", "budget")})
def challenge(
    name: Name,
    *,
    of: Annotated[Word, typer.Option(help="The strategy that it challenges; agents.", metavar="NAME")] = None,
    reason: Why = "",
    by: By = "operator",
    as_json: AsJson = False,
    **typed: Any,
) -> int:
    """Let other models or prompts think beside a strategy, in shadow, until they have shown what they are worth."""
    from console.challenges import challenge
    from console.strategies import Said

    said = Said(by=by, reason=reason)
    return do(lambda settings, output: challenge(settings, output, (name, of, typed), said), as_json=as_json)


@app.command()
def challenges(*, as_json: AsJson = False) -> int:
    """Every challenger against its champion, and what is missing for the crown."""
    from console.challenges import challenges

    return do(challenges, as_json=as_json)


@app.command()
def crown(
    name: Name,
    *,
    force: Annotated[bool, typer.Option("--force", help="Although something is missing; with a reason.")] = False,
    reason: Why = "",
    by: By = "operator",
    as_json: AsJson = False,
) -> int:
    """Give a challenger's models and prompts to its champion, once it has shown enough."""
    from console.challenges import Crown, crown
    from console.strategies import Said

    said, wish = Said(by=by, reason=reason), Crown(name=name, force=force)
    return do(lambda settings, output: crown(settings, output, wish, said), as_json=as_json)
