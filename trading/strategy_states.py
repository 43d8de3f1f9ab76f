"""What a desk's workflow knows of its strategies' circuit breakers, since it last looked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from trading.breaker import CircuitBreaker, StrategyBreaker, next_look_of


class StrategyStates:
    """The breakers by name; what the books say replaces them at each look."""

    def __init__(self, breakers: Iterable[StrategyBreaker] = ()) -> None:
        self.replace(breakers)

    def replace(self, breakers: Iterable[StrategyBreaker]) -> None:
        """The books have been looked at."""
        self._known = {one.strategy_id: one for one in breakers}

    def changed(self, name: str, breaker: CircuitBreaker) -> None:
        """Somebody has changed one."""
        known = self._known.get(name) or StrategyBreaker(strategy_id=name)
        self._known[name] = known.model_copy(update={"breaker": breaker})

    def of(self, name: str) -> CircuitBreaker:
        """That of one strategy; the books have the last word on one that is not known here."""
        known = self._known.get(name)
        return CircuitBreaker() if known is None else known.breaker

    @property
    def lines(self) -> tuple[StrategyBreaker, ...]:
        """All of them, by name."""
        return tuple(self._known[name] for name in sorted(self._known))

    def next_look(self, desk: CircuitBreaker, latest: datetime) -> datetime | None:
        """When the desk must look whether a halt is over, its own or a strategy's: at the latest then."""
        return next_look_of((desk, *(one.breaker for one in self.lines)), latest)
