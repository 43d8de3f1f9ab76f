"""The language models of a backtest: which sit where, what they may cost, and where their replies are kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from typing import Any

from activities.calls import Seat
from activities.casting import Cast
from adapters.postgres.engine import application_engine
from adapters.postgres.journal import PostgresJournal
from adapters.reply_file import ReplyFile
from adapters.rules_model import NAME as RULES
from backtest.cycles.deciders import Deciders
from backtest.cycles.journal import Replies, RunJournal
from backtest.cycles.meter import Meter
from console.backtest_agents import Panelists, rules_of
from console.backtest_wish import Typed, number
from console.reach import reach
from settings import ModelSettings, Settings
from trading.agents.budget import Budget
from trading.agents.questions import Agent
from trading.errors import BadConfiguration, TradingError
from wiring.casting import cast_of

FILE = "model_calls.sqlite"
_FIELDS = {"data": "data_agent", "risk": "risk_agent", "validator": "validator", "meta": "meta_agent"}
_FIELDS |= {"bull": "bull", "bear": "bear"}
"""How each agent is typed, and how the settings of his models begin."""


@asynccontextmanager
async def seated(typed: Typed, settings: Settings) -> AsyncIterator[Panelists]:
    """The models that were typed in the desk's seats, over the replies that are kept.

    Raises BadConfiguration for a name or an amount that nobody serves, before anything is read or sent.
    """
    meter = Meter(most_usd=_max_cost(typed.get("max_cost")))
    models = _models(typed.get("model") or (), settings.models)
    cast = cast_of(models)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(_close, cast)
        if all(seat.is_free for seat in cast.seats.values()):
            yield Panelists(Deciders(cast=cast, rules=rules_of(settings), meter=meter), seats=_in_cycles(cast))
            return
        file = ReplyFile(settings.desk.home / "backtests" / FILE)
        stack.callback(file.close)
        database, trouble = await _database(settings, stack)
        stores: tuple[Replies, ...] = (file,) if database is None else (file, database)
        budget = Budget(unknown_usd_per_million_tokens=models.unknown_usd_per_million_tokens)
        deciders = Deciders(cast=cast, journal=RunJournal(meter, stores), budget=budget, meter=meter)
        yield Panelists(deciders, stores, file, trouble, seats=_in_cycles(cast))


def _models(words: Iterable[str], own: ModelSettings) -> ModelSettings:
    """The desk's models but those that were typed. Nobody stands in for another: what is tested answers, or nobody."""
    said: dict[str, str] = {}
    for word in words:
        who, sign, name = (each.strip() for each in word.partition("="))
        if not sign:
            who, name = "", who
        if sign and who not in _FIELDS:
            raise BadConfiguration(f"--model: {who or 'nobody'} is no agent (there are {', '.join(_FIELDS)})")
        if not name:
            raise BadConfiguration(f"--model: {word or 'nothing'} names no model (one writes NAME, or data=NAME)")
        if who in said:
            raise BadConfiguration(f"--model: {f'that of {who}' if who else 'that of all agents'} is named twice")
        said[who] = name
    changes: dict[str, Any] = {f"{name}_fallback_model": "" for name in (*_FIELDS.values(), "inquirer")}
    changes["inquirer_model"] = RULES  # nobody asks the past questions: he costs nothing, and needs no client
    for who, name in _FIELDS.items():
        if who in said or "" in said:
            changes[f"{name}_model"] = said.get(who) or said[""]
    return own.model_copy(update=changes)


def _in_cycles(cast: Cast) -> dict[Agent, Seat]:
    return {agent: seat for agent, seat in cast.seats.items() if agent is not Agent.INQUIRER}


def _max_cost(said: str | None) -> Decimal | None:
    if said is None:
        return None
    most = number("--max-cost", said)
    if most < 0:
        raise BadConfiguration(f"--max-cost: {said} is less than nothing")
    return most


async def _database(settings: Settings, stack: AsyncExitStack) -> tuple[PostgresJournal | None, str]:
    """The calls that the desk's database keeps, where there is one; why not, where it is named and does not answer."""
    try:
        engine = application_engine(reach(settings).database, pool_size=2)
    except TradingError:
        return None, ""
    stack.push_async_callback(engine.dispose)
    journal = PostgresJournal(engine)
    try:
        await journal.find("")
    except TradingError as error:
        return None, " ".join(str(error).split())
    return journal, ""


async def _close(cast: Cast) -> None:
    for model in {id(seat.model): seat.model for seat in cast.seats.values()}.values():
        close = getattr(model, "close", None)
        if close is not None:
            await close()
