"""From a model's name to its provider, and which models sit where when nobody names any."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from adapters import rules_model
from trading.agents.questions import Agent
from trading.errors import BadConfiguration


class Provider(StrEnum):
    """Who answers; the word may stand before a model's name."""

    RULES = "rules"
    ANTHROPIC = "anthropic"
    OPENAI = "openai"
    CHAT = "openai-chat"


@dataclass(frozen=True, slots=True)
class Named:
    """A model by its provider and its name there."""

    provider: Provider
    name: str


_PATTERNS = (
    (re.compile(r"rules-"), Provider.RULES),
    (re.compile(r"claude-"), Provider.ANTHROPIC),
    (re.compile(r"gpt-|o\d"), Provider.OPENAI),
)
_RULES = rules_model.NAME
_SONNET, _OPUS = "claude-sonnet-5-5", "claude-opus-5-5"
_TERRA, _SOL, _LUNA = "gpt-6.1-terra", "gpt-6.1-sol", "gpt-6-luna"
# The vendors' own announcements: from which day an id is answered with 404, and who takes its place.
RETIRED: Mapping[str, tuple[date, str]] = {
    "claude-3-5-sonnet-20241022": (date(2025, 10, 31), _SONNET),
    "claude-3-opus-20240229": (date(2026, 1, 5), _OPUS),
    "claude-mythos-preview": (date(2026, 6, 30), _OPUS),
    "claude-sonnet-4-5": (date(2026, 11, 30), _SONNET),
    "claude-sonnet-4-5-20250929": (date(2026, 11, 30), _SONNET),
    "claude-opus-4-5": (date(2027, 1, 22), _OPUS),
    "claude-opus-4-5-20251101": (date(2027, 1, 22), _OPUS),
    "gpt-3.5-turbo": (date(2026, 10, 23), _LUNA),
    "gpt-4": (date(2026, 10, 23), _SOL),
    "gpt-4-turbo": (date(2026, 10, 23), _SOL),
    "o1": (date(2026, 10, 23), _SOL),
    "o4-mini": (date(2026, 10, 23), _TERRA),
    "gpt-5": (date(2026, 12, 11), _SOL),
    "gpt-5-mini": (date(2026, 12, 11), _TERRA),
    "gpt-5-nano": (date(2026, 12, 11), _LUNA),
    "o3": (date(2026, 12, 11), _SOL),
    "gpt-4o": (date(2027, 1, 14), _SOL),
    "gpt-4o-mini": (date(2027, 1, 14), _LUNA),
    "gpt-4.1": (date(2027, 1, 14), _SOL),
    "gpt-4.1-mini": (date(2027, 1, 14), _TERRA),
}


def named(words: str, today: date) -> Named:
    """A model from the words of a setting. Raises BadConfiguration for one that nobody has, or has no more."""
    before, colon, after = words.partition(":")
    if colon and before in set(Provider):
        found = Named(Provider(before), after)
    else:
        provider = next((provider for pattern, provider in _PATTERNS if pattern.match(words)), None)
        if provider is None:
            others = ", ".join(f"{each}:{words}" for each in Provider if each is not Provider.RULES)
            raise BadConfiguration(f"no such model: {words} (its provider is not known: write {others})")
        found = Named(provider, words)
    if not found.name.strip():
        raise BadConfiguration(f"no such model: {words} (a name must follow the colon)")
    if found.provider is Provider.RULES and found.name != _RULES:
        raise BadConfiguration(f"no such model: {words} (this version knows {_RULES})")
    if found.provider is not Provider.CHAT and found.name in RETIRED:
        retired_on, successor = RETIRED[found.name]
        if today >= retired_on:
            raise BadConfiguration(f"{found.name} is retired, use {successor}")
    return found


def usual(*, has_anthropic: bool, has_openai: bool) -> dict[Agent, str]:
    """Who sits where by the keys that are there.

    The Validator's is a second opinion: another vendor's, where there are two. Bear sits with it, and Bull with the
    DataAgent: so a debate, too, is between two vendors.
    """
    if has_anthropic:
        agents, meta = _SONNET, _OPUS
    elif has_openai:
        agents, meta = _TERRA, _SOL
    else:
        agents = meta = _RULES
    validator = _TERRA if has_anthropic and has_openai else agents
    four = {Agent.DATA: agents, Agent.RISK: agents, Agent.VALIDATOR: validator, Agent.META: meta}
    debaters = {Agent.BULL: agents, Agent.BEAR: validator}
    return {**four, **debaters, Agent.REFLECTOR: agents, Agent.INQUIRER: agents}
