"""Who decides in a run of the agents, and what was typed about them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from activities.calls import Seat
from activities.casting import Cast
from adapters.postgres.engine import application_engine
from adapters.postgres.journal import PostgresJournal
from adapters.reply_file import ReplyFile
from backtest.cycles.deciders import Deciders
from backtest.cycles.journal import Replies, RunJournal
from backtest.cycles.meter import Meter
from backtest.panel import Caution
from backtest.result import Result, StopCause
from console.backtest_wish import Typed, number, option_of
from console.reach import reach
from settings import ModelSettings, Settings
from trading.agents.budget import Budget
from trading.agents.cutoffs import banner_of
from trading.agents.questions import Agent
from trading.errors import BadConfiguration, TradingError
from trading.strategy import AGENTS
from wiring.casting import cast_of
from wiring.strategies import rules_of

OPTIONS = ("model", "estimate", "max_cost", "mask")
FILE = "model_calls.sqlite"
_FIELDS = {"data": "data_agent", "risk": "risk_agent", "validator": "validator", "meta": "meta_agent"}
"""How each agent is typed, and how the settings of his models begin."""
_RULES = Caution(
    code="rules_model",
    reason="the rules model answered for the agents: this is what fixed rules would have done, not a language model",
)


@dataclass(frozen=True, slots=True)
class Panelists:
    """Who decides, and where replies are kept; `file` is the one that is there without any database."""

    deciders: Deciders
    stores: tuple[Replies, ...] = ()
    file: ReplyFile | None = None
    no_database: str = ""
    asks: bool = False
    seats: Mapping[Agent, Seat] = field(default_factory=dict)

    @property
    def models(self) -> dict[str, str]:
        """Which model answers for which agent, as the run card has it."""
        if not self.asks:
            return {}
        names = {agent.value: seat.asking.model for agent, seat in self.seats.items()}
        one = set(names.values())
        return {"all agents": one.pop()} if len(one) == 1 else names

    @property
    def prompts(self) -> dict[str, str]:
        """Which prompt each agent is asked with."""
        return (
            {agent.value: prompt.version for agent, prompt in self.deciders.cast.prompts.items()} if self.asks else {}
        )

    @property
    def paid(self) -> tuple[str, ...]:
        """The language models among them, each once."""
        return tuple(dict.fromkeys(seat.asking.model for seat in self.seats.values() if not seat.is_free))

    def banners(self, result: Result) -> tuple[str, ...]:
        """What a reader must know before the first number: that it ended early, and what each model may remember."""
        days = result.days.tolist()
        return (*_ended(result), *(banner_of(model, days) for model in self.paid))

    def cautions(self) -> tuple[Caution, ...]:
        """That no language model answered."""
        return (_RULES,) if self.asks and not self.paid else ()


@asynccontextmanager
async def panelists_of(typed: Typed, strategy: str, settings: Settings) -> AsyncIterator[Panelists]:
    """Who is asked. Raises BadConfiguration for what nobody serves, before anything is read or sent."""
    if strategy != AGENTS:
        said = [option_of(name) for name in OPTIONS if typed.get(name)]
        if said:
            raise BadConfiguration(f"{', '.join(said)}: of the agents, and {strategy} asks no model")
        yield Panelists(Deciders(rules=rules_of(settings.strategies)))
        return
    meter = Meter(most_usd=_max_cost(typed.get("max_cost")))
    models = _models(typed.get("model") or (), settings.models)
    cast = cast_of(models)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(_close, cast)
        if all(seat.is_free for seat in cast.seats.values()):
            yield Panelists(Deciders(cast=cast, meter=meter), asks=True, seats=cast.seats)
            return
        file = ReplyFile(settings.desk.home / "backtests" / FILE)
        stack.callback(file.close)
        database, trouble = await _database(settings, stack)
        stores: tuple[Replies, ...] = (file,) if database is None else (file, database)
        budget = Budget(unknown_usd_per_million_tokens=models.unknown_usd_per_million_tokens)
        deciders = Deciders(cast=cast, journal=RunJournal(meter, stores), budget=budget, meter=meter)
        yield Panelists(deciders, stores, file, trouble, asks=True, seats=cast.seats)


def _ended(result: Result) -> tuple[str, ...]:
    stopped = result.stopped
    if stopped is None:
        return ()
    cause = {
        StopCause.BUDGET: "Stopped before the budget",
        StopCause.NO_MODEL: "Stopped for want of a model",
        StopCause.JOURNAL: "Stopped for want of a journal",
    }[stopped.cause]
    return (f"{cause} on {stopped.on}, in whose cycle nothing was decided any more: {stopped.reason}",)


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
    changes: dict[str, Any] = {f"{name}_fallback_model": "" for name in _FIELDS.values()}
    for who, name in _FIELDS.items():
        if who in said or "" in said:
            changes[f"{name}_model"] = said.get(who) or said[""]
    return own.model_copy(update=changes)


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
