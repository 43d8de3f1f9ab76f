"""What strategies need of the world, as Protocols: rules that somebody wrote, and lists of what a market has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol, runtime_checkable

from pydantic import JsonValue

from trading.rules.rule import Rule
from trading.universes import Listed


class LoadedRule(NamedTuple):
    """A rule with its parameters, ready to be asked; `version` names its source and a hash of what is written there."""

    rule: Rule
    version: str


class Rules(Protocol):
    """The rules that strategies may name."""

    def load(self, source: str, parameters: Mapping[str, JsonValue]) -> LoadedRule:
        """Make the rule that a strategy names. Raises BadRule, in one line, for one that cannot be made.

        May block, for a module of somebody's own is imported.
        """
        ...


@runtime_checkable
class Assets(Protocol):
    """A market that tells what it has."""

    async def assets(self, as_of: datetime, sectors: Sequence[str]) -> Sequence[Listed]:
        """Everything that may be traded, of these sectors (all when none is named), as of the last complete session.

        Raises MarketRefused where there is no such list.
        """
        ...


class Holders(Protocol):
    """The books, as far as they tell which strategies hold what."""

    async def held(self, desk_id: str) -> Mapping[str, frozenset[str]]:
        """The symbols that each strategy of a desk holds; of one that holds nothing, nothing."""
        ...
