"""From what was typed to a strategy: each option changes its own field, `none` unsets it, the rest stays."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError

from console.universe_file import read_universe
from trading.agents.questions import Agent
from trading.approvals import ApprovalTerms
from trading.errors import BadConfiguration
from trading.events import storable
from trading.instruments import tickers
from trading.money import Record
from trading.strategy import AGENTS, MOST_ROUNDS, Screen, Strategy
from trading.strategy_rules import StrategyRules

Typed = Mapping[str, Any]
"""What was typed, by option: a text, several of them, or nothing."""
Fields = dict[str, Any]
Kind = TypeVar("Kind", bound=Record)
NONE = "none"
_AGENTS = {"data": Agent.DATA, "risk": Agent.RISK, "validator": Agent.VALIDATOR, "meta": Agent.META}
_AGENTS |= {agent.lower(): agent for agent in Agent}
_HEEDS = {"yes": True, "no": False, "default": None, NONE: None}
_HUNDRED = Decimal(100)
_UNSAID: tuple[object, ...] = (None, [], ())


class Usual(NamedTuple):
    """What holds of the desk: whoever names one term of his own means the desk's for the others."""

    approval: ApprovalTerms = ApprovalTerms()
    rules: StrategyRules = StrategyRules()


def wished(was: Strategy, typed: Typed, usual: Usual = Usual()) -> Strategy:  # noqa: B008  frozen records
    """The strategy with what was typed. Raises BadConfiguration, in one line, for what cannot be read."""
    fields = was.model_dump()
    changes = {**_CHANGES, "approval": _approval(usual.approval), "rule": _rule(usual.rules)}
    for name, change in changes.items():
        if typed.get(name) not in _UNSAID:
            change(fields, typed[name])
    return made(Strategy, fields, was.strategy_id)


def part_of_equity(said: str) -> Decimal:
    """A part of one, as 40% or 0.4; a bare 40 could be either and is neither."""
    text = said.strip()
    try:
        part = Decimal(text.removesuffix("%").strip()) / (_HUNDRED if text.endswith("%") else 1)
    except InvalidOperation:
        part = Decimal("NaN")
    if not (part.is_finite() and 0 <= part <= 1):
        raise BadConfiguration(f"not a part of the equity: {said} (one looks like 40% or 0.4)")
    return part


def allocations_of(words: Sequence[str]) -> dict[str, Decimal]:
    """Parts of the equity by strategy: NAME PART, or NAME=PART as often as one likes."""
    if len(words) == 2 and not any("=" in word for word in words):  # noqa: PLR2004  a name and its part
        words = ("=".join(words),)
    parts: dict[str, Decimal] = {}
    for word in words:
        name, sign, part = word.partition("=")
        if not sign:
            raise BadConfiguration(f"not an allocation: {word} (one looks like momentum=40%)")
        if name in parts:
            raise BadConfiguration(f"{name} is named twice")
        parts[name] = part_of_equity(part)
    return parts


def made(kind: type[Kind], fields: Fields, about: str) -> Kind:
    """A record of these fields. Raises BadConfiguration with the first that is wrong."""
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadConfiguration(f"{about}: {where}: {first['msg'].removeprefix('Value error, ')}") from error


def _source(fields: Fields, said: str) -> None:
    """Parameters belong to the source that had them; models and prompts to the agents."""
    if said != fields["source"]:
        gone: Fields = {"parameters": {}, **({} if said == AGENTS else {"models": {}, "prompts": {}})}
        fields |= {"source": said, **gone}


def _parameters(fields: Fields, said: Iterable[str]) -> None:
    for name, value in _named(said, "--param"):
        _put(fields["parameters"], name, _json(name, value), unset=value == NONE)


def _by_agent(field: str, option: str) -> Callable[[Fields, Iterable[str]], None]:
    def change(fields: Fields, said: Iterable[str]) -> None:
        for name, value in _named(said, option):
            if name.lower() not in _AGENTS:
                raise BadConfiguration(f"{option}: there is no agent {name} (there are {', '.join(list(_AGENTS)[:4])})")
            _put(fields[field], _AGENTS[name.lower()], value, unset=value == NONE)

    return change


def _symbols(fields: Fields, said: str) -> None:
    symbols = () if said == NONE else tickers(said.split(","))
    if not symbols and said != NONE:
        raise BadConfiguration("--symbols: none are named (one writes AAPL,MSFT, and none for the desk's watchlist)")
    fields["universe"]["symbols"] = symbols


def _file(fields: Fields, said: str) -> None:
    fields["universe"]["symbols"] = read_universe(Path(said))


def _screen(fields: Fields, said: str) -> None:
    pairs = {} if said == NONE else _pairs(said.split(","), "--screen")
    if "sectors" in pairs:
        pairs["sectors"] = tuple(word.strip() for word in pairs["sectors"].split("|"))
    fields["universe"]["screen"] = None if said == NONE else made(Screen, pairs, "--screen")


def _allocation(fields: Fields, said: str) -> None:
    fields["allocation"] = part_of_equity(said)


def _times(fields: Fields, said: str) -> None:
    """Minutes of the day by the clock of the schedules, which has a zone of its own."""
    try:
        times = [datetime.strptime(word.strip(), "%H:%M").time() for word in said.split(",")] if said != NONE else None  # noqa: DTZ007
    except ValueError as error:
        raise BadConfiguration(f"--scan-times: not times: {said} (they look like 11:00,14:30)") from error
    fields["scan_times"] = times and tuple(sorted(set(times)))


def _limit(name: str) -> Callable[[Fields, str], None]:
    def change(fields: Fields, said: str) -> None:
        fields["limits"][name] = None if said == NONE else _plain(said)

    return change


def _budget(fields: Fields, said: str) -> None:
    fields["budget_usd_per_day"] = None if said == NONE else said.strip()


def _restrict(fields: Fields, said: str) -> None:
    fields["limits"]["restricted_symbols"] = () if said == NONE else tickers(said.split(","))


def rounds_of(said: str) -> int:
    """So many rounds of a debate. Raises BadConfiguration for what is no such number."""
    text = "0" if said == NONE else said.strip()
    if text not in {str(rounds) for rounds in range(MOST_ROUNDS + 1)}:
        raise BadConfiguration(
            f"--debate-rounds: {said or 'nothing'} (one writes a whole number from 0 to {MOST_ROUNDS})"
        )
    return int(text)


def _rounds(fields: Fields, said: str) -> None:
    fields["debate_rounds"] = rounds_of(said)


def _heeds(fields: Fields, said: str) -> None:
    word = said.strip().lower()
    if word not in _HEEDS:
        raise BadConfiguration(f"--heed-memory: {said} (one writes yes, no or default)")
    fields["heeds_memory"] = _HEEDS[word]


def _approval(usual: ApprovalTerms) -> Callable[[Fields, str], None]:
    def change(fields: Fields, said: str) -> None:
        mode, *terms = said.split(",")
        asked = {**usual.model_dump(), "mode": mode.strip(), **_pairs(terms, "--approval")}
        fields["approval"] = None if said == NONE else made(ApprovalTerms, asked, "--approval")

    return change


def _rule(usual: StrategyRules) -> Callable[[Fields, str], None]:
    def change(fields: Fields, said: str) -> None:
        asked = {} if said == NONE else {**usual.model_dump(), **_pairs(said.split(","), "--rule")}
        fields["rules"] = None if said == NONE else made(StrategyRules, asked, "--rule")

    return change


# In this order: what belongs to the old source goes before anything new comes.
_CHANGES: dict[str, Callable[[Fields, Any], None]] = {
    "source": _source,
    "param": _parameters,
    "universe": _file,
    "symbols": _symbols,
    "screen": _screen,
    "allocation": _allocation,
    "model": _by_agent("models", "--model"),
    "prompt": _by_agent("prompts", "--prompt"),
    "budget": _budget,
    "scan_times": _times,
    "debate_rounds": _rounds,
    "heed_memory": _heeds,
    "restrict": _restrict,
    **{name: _limit(name) for name in ("max_position", "max_sector", "max_positions", "max_order_usd", "min_price")},
}


def _named(words: Iterable[str], option: str) -> list[tuple[str, str]]:
    pairs = [word.partition("=") for word in words]
    wrong = [name for name, sign, value in pairs if not (name.strip() and sign and value.strip())]
    if wrong:
        raise BadConfiguration(f"{option}: {wrong[0] or 'nothing'} is not NAME=VALUE")
    return [(name.strip(), value.strip()) for name, _, value in pairs]


def _pairs(words: Iterable[str], option: str) -> dict[str, Any]:
    return {name: _plain(value) for name, value in _named(words, option)}


def _plain(said: str) -> str:
    """A number as it stands; a percentage as a part of one."""
    text = said.strip()
    try:
        return f"{Decimal(text[:-1].strip()) / _HUNDRED:f}" if text.endswith("%") else text
    except (InvalidOperation, ValueError):
        return text


def _json(name: str, said: str) -> Any:
    """A parameter as JSON has it; whatever is no JSON is a text. NaN and infinity are neither."""
    try:
        value = json.loads(said)
    except ValueError:
        value = said
    try:
        return storable(value)
    except ValueError as error:
        raise BadConfiguration(f"--param {name}: {said} is no number") from error


def _put(into: dict[Any, Any], name: Any, value: Any, *, unset: bool) -> None:
    if unset:
        into.pop(name, None)
    else:
        into[name] = value
