"""What is odd about a panel that is sound bar by bar: told, and left as it is.

| code              | what is told                                                                          |
|-------------------|---------------------------------------------------------------------------------------|
| `starts_late`     | a symbol has no bar before a day after the first                                      |
| `ends_early`      | its last bar is before the last day: what is held then is counted at that close            |
| `gaps`            | sessions between its first and its last bar are missing                               |
| `lonely_day`      | a day on which one symbol alone has a bar, and three at least are listed              |
| `hole`            | more than five days in a row on which no symbol has a bar; single ones may be holidays |
| `weekend`         | bars of a Saturday or Sunday                                                          |
| `zero_volume`     | bars without volume: nothing of them fills where fills are held to a part of it       |
| `suspected_split` | an opening that is a half, a third, twice … the close before, and no action listed    |
| `one_day`         | a single session: nothing that is decided at its close is filled                      |
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from backtest.data.cautions import MOST_SYMBOLS, counted, told
from backtest.data.panel import Caution, Panel
from trading.corporate_actions import LEAST_TELLING, ActionKind, CorporateAction
from trading.errors import BadMarketData

SPLITS = (2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 40, 50, 100)
NEAR = 0.04
"""How near an opening comes to the split, in logarithms: shares move by less than that over most nights."""
MOST_APART = 5
"""Days from one session to the next, where a week-end, a holiday and a storm come together."""
_LISTED_AT_LEAST = 3
_SATURDAY = 5
_NAMED = 3


def suspicions(panel: Panel) -> tuple[Caution, ...]:
    """Every caution about a panel, kind by kind. Raises BadMarketData where a listed split is in the prices already."""
    present = panel.present
    return (
        *_ends(panel, present),
        *_gaps(panel, present),
        *_lonely(panel, present),
        *_holes(panel),
        *_weekends(panel),
        *_voiceless(panel, present),
        *_splits(panel, present),
        *_one_day(panel),
    )


def _ends(panel: Panel, present: NDArray[np.bool_]) -> Iterable[Caution]:
    first, last = _first(present), _last(present)
    late = [(name, f"has no bar before {panel.days[first[n]]}") for n, name in enumerate(panel.symbols) if first[n] > 0]
    words = "has its last bar on {}: what is held then is counted at that close"
    early = [
        (name, words.format(panel.days[last[n]]))
        for n, name in enumerate(panel.symbols)
        if last[n] < len(panel.days) - 1
    ]
    return *told("starts_late", late), *told("ends_early", early)


def _gaps(panel: Panel, present: NDArray[np.bool_]) -> Iterable[Caution]:
    missing = _listed(present) & ~present
    cases = [
        (panel.symbols[n], f"misses {counted(int(missing[:, n].sum()), 'session')}, the first {panel.days[first]}")
        for n, first in enumerate(missing.argmax(axis=0))
        if missing[first, n]
    ]
    return told("gaps", cases)


def _lonely(panel: Panel, present: NDArray[np.bool_]) -> Iterable[Caution]:
    alone = (present.sum(axis=1) == 1) & (_listed(present).sum(axis=1) >= _LISTED_AT_LEAST)
    days: dict[str, list[str]] = {}
    for day in np.flatnonzero(alone):
        days.setdefault(panel.symbols[int(present[day].argmax())], []).append(str(panel.days[day]))
    return told(
        "lonely_day", [(name, f"alone has a bar on {_few(on)}: a holiday, or a hole") for name, on in days.items()]
    )


def _holes(panel: Panel) -> Iterable[Caution]:
    apart = np.diff(panel.days.astype(np.int64))
    found = [f"{panel.days[row]} and {panel.days[row + 1]}" for row in np.flatnonzero(apart > MOST_APART)]
    if found:
        reason = f"no symbol has a bar between {_few(found)}: was the exchange closed, or are bars missing?"
        yield Caution(code="hole", reason=reason)


def _weekends(panel: Panel) -> Iterable[Caution]:
    # 1970-01-01 was a Thursday.
    weekend = (panel.days.astype(np.int64) + 3) % 7 >= _SATURDAY
    if weekend.any():
        found = [str(day) for day in panel.days[weekend]]
        yield Caution(
            code="weekend", reason=f"{counted(len(found), 'day')} of the data are Saturdays or Sundays: {_few(found)}"
        )


def _voiceless(panel: Panel, present: NDArray[np.bool_]) -> Iterable[Caution]:
    without = present & (panel.volume == 0)
    if without.any():
        symbols, day = int(without.any(axis=0).sum()), panel.days[int(without.any(axis=1).argmax())]
        which = f"{counted(int(without.sum()), 'bar')} of {counted(symbols, 'symbol')}, the first on {day}"
        reason = f"{which}: volume 0, of which no part fills where fills are held to a part of the volume"
        yield Caution(code="zero_volume", reason=reason)


def _splits(panel: Panel, present: NDArray[np.bool_]) -> Iterable[Caution]:
    listed = {(one.symbol, one.ex_on): one for one in panel.actions if one.kind is ActionKind.SPLIT}
    cases = []
    for n, name in enumerate(panel.symbols):
        rows = np.flatnonzero(present[:, n])
        jumps = np.log(panel.open[rows[1:], n] / panel.close[rows[:-1], n])
        _refuse_applied(panel, (name, rows[1:], jumps), listed.values())
        for at, ratio in _like_splits(jumps):
            day = panel.days[rows[1:][at]]
            if (name, day.astype(object)) not in listed:
                cases.append((name, f"opens {day} like after a split of {ratio}: are its prices adjusted?"))
    if len({name for name, _ in cases}) > MOST_SYMBOLS:
        return told("suspected_split", cases)
    return [Caution(code="suspected_split", symbol=name, reason=reason) for name, reason in cases]


def _like_splits(jumps: NDArray[np.float64]) -> list[tuple[int, str]]:
    """Where an opening is near a split from the close before, and which."""
    found = []
    for at in np.flatnonzero(np.abs(jumps) > np.log(2) - NEAR):
        ratios = [(abs(abs(jumps[at]) - np.log(ratio)), ratio) for ratio in SPLITS]
        distance, ratio = min(ratios)
        if distance < NEAR:
            found.append((int(at), f"{ratio} for 1" if jumps[at] < 0 else f"1 for {ratio}"))
    return found


def _refuse_applied(
    panel: Panel, openings: tuple[str, NDArray[np.int64], NDArray[np.float64]], splits: Iterable[CorporateAction]
) -> None:
    """Raises BadMarketData for a listed split whose opening is nearer to no change than to the split."""
    name, rows, jumps = openings
    days = panel.days[rows]
    for split in splits:
        at = int(np.searchsorted(days, np.datetime64(split.ex_on, "D")))
        ratio = float(split.ratio or 1)
        if split.symbol != name or at == len(days) or max(ratio, 1 / ratio) < LEAST_TELLING:
            continue
        if abs(jumps[at] + np.log(ratio)) >= abs(jumps[at]):
            raise BadMarketData(
                f"{name}: a split of {ratio:g} for 1 is listed for {split.ex_on}, and the prices do not jump then: "
                "they are adjusted already, so remove it from the list of actions"
            )


def _one_day(panel: Panel) -> Iterable[Caution]:
    if len(panel.days) == 1:
        yield Caution(code="one_day", reason=f"{panel.days[0]} is the only session: what is decided then is not filled")


def _first(present: NDArray[np.bool_]) -> NDArray[np.int64]:
    first: NDArray[np.int64] = present.argmax(axis=0)
    return first


def _last(present: NDArray[np.bool_]) -> NDArray[np.int64]:
    last: NDArray[np.int64] = len(present) - 1 - present[::-1].argmax(axis=0)
    return last


def _listed(present: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """From each symbol's first bar to its last, [T, N]."""
    days = np.arange(len(present))[:, None]
    listed: NDArray[np.bool_] = (days >= _first(present)) & (days <= _last(present))
    return listed


def _few(words: list[str]) -> str:
    rest = len(words) - _NAMED
    return ", ".join(words[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
