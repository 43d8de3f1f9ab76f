"""Shadow trades in memory, each written with the event that tells of it, and nothing else of the desk touched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from adapters.memory.rounding import cents_of, trimmed
from trading.shadow import ShadowTrade

_DOLLARS = ("notional", "commission", "pnl")
_TRIMMED = ("quantity", "entry_price", "stop", "target", "mark", "exit_price")


@dataclass
class Shadows:
    """The shadow trades of all desks."""

    _trades: dict[str, ShadowTrade] = field(default_factory=dict)
    _open: dict[str, dict[str, ShadowTrade]] = field(default_factory=lambda: defaultdict(dict))
    _of: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _ended_by: dict[tuple[str, str, str], list[str]] = field(default_factory=lambda: defaultdict(list))

    def left_by(self, draft: ShadowTrade) -> tuple[ShadowTrade, ...]:
        """What a decision has left: its own trade, or what it ended."""
        names = {draft.shadow_id, *self._ended_by.get((draft.desk_id, draft.cycle_id, draft.symbol), ())}
        return _by_age(self._trades[name] for name in names if name in self._trades)

    def find(self, shadow_id: str) -> ShadowTrade | None:
        """One of them by its name."""
        return self._trades.get(shadow_id)

    def open_trades(self, desk_id: str) -> tuple[ShadowTrade, ...]:
        """Those of a desk that are still open, the oldest first."""
        return _by_age(self._open.get(desk_id, {}).values())

    def all_trades(self, desk_id: str) -> tuple[ShadowTrade, ...]:
        """Those of a desk, the oldest first."""
        return _by_age(self._trades[name] for name in self._of.get(desk_id, ()))

    def keep(self, trades: Sequence[ShadowTrade]) -> None:
        """Write trades, new or as they are now."""
        for trade in map(_stored, trades):
            if trade.shadow_id not in self._trades:
                self._of[trade.desk_id].append(trade.shadow_id)
            self._trades[trade.shadow_id] = trade
            if trade.is_open:
                self._open[trade.desk_id][trade.shadow_id] = trade
                continue
            self._open[trade.desk_id].pop(trade.shadow_id, None)
            if trade.closing_cycle_id is not None:
                self._ended_by[trade.desk_id, trade.closing_cycle_id, trade.symbol].append(trade.shadow_id)


def _by_age(trades: Iterable[ShadowTrade]) -> tuple[ShadowTrade, ...]:
    return tuple(sorted(trades, key=lambda one: (one.opened_at, one.shadow_id)))


def _stored(trade: ShadowTrade) -> ShadowTrade:
    """As a table gives it back."""
    said = {name: getattr(trade, name) for name in (*_DOLLARS, *_TRIMMED)}
    changes = {name: cents_of(said[name]) for name in _DOLLARS if said[name] is not None}
    return trade.model_copy(update=changes | {name: trimmed(said[name]) for name in _TRIMMED if said[name] is not None})
