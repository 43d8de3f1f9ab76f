"""The tables of a run: months, what each symbol and each agent brought, trades, refusals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import isfinite

import numpy as np

from backtest.measures import curves
from backtest.measures.attribution import LATER_SESSIONS, AgentPart, Attribution, SymbolPart
from backtest.measures.excursions import Excursions, excursions_of
from backtest.measures.round_trips import OPEN, Trades
from backtest.results.result import Result
from backtest.tear_sheet.figures import NOTHING, dollars, percent, price, shares, short_percent
from backtest.tear_sheet.markup import Html, Inner, element, joined
from backtest.tear_sheet.parts import Heading, counted, note, prose, table, text, toned

MOST_ROWS = 200
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NOTHING_ELSE = ("",) * 6
_STRONGEST = 48
"""Percent of colour behind the month that moved most: a letter on it stays readable."""


def months_table(result: Result) -> Html:
    """Returns of calendar months, the stronger the colour the larger, and of years."""
    start = float(result.plan.cash)
    told = {(month.year, month.month): month.returned for month in curves.months(result.days, result.equity, start)}
    most = max((abs(one) for one in told.values() if isfinite(one)), default=0.0)
    rows = []
    for year, whole in curves.years(result.days, result.equity, start).items():
        cells = [_month(told.get((year, month)), most) for month in range(1, 13)]
        rows.append([str(year), *cells, toned(short_percent(whole), whole)])
    headings = [text("Year"), *map(Heading, _MONTHS), Heading("Total")]
    return element("div", table("Monthly returns in percent", headings, rows), class_="heat")


def symbols_table(attribution: Attribution) -> Html:
    """What each symbol brought, and all else that changed equity: the last column sums to the cent."""
    parts = sorted(attribution.symbols, key=lambda part: (-abs(part.total), part.symbol))
    shown = sorted(parts[:MOST_ROWS], key=lambda part: (-part.total, part.symbol))
    rows: list[list[Inner]] = [_symbol(part) for part in shown]
    sums = [round(part.total, 2) for part in shown]
    rest = parts[MOST_ROWS:]
    if rest:
        rows.append(_symbol(_together(rest)))
        sums.append(round(sum(part.total for part in rest), 2))
    for name, value in (
        ("Interest on cash", attribution.interest),
        ("Dividends", attribution.dividends),
        ("Borrowed shares", -attribution.borrow),
    ):
        if value:
            rows.append([name, _gain(value), *_NOTHING_ELSE])
            sums.append(round(value, 2))
    other = round(round(attribution.total, 2) - sum(sums), 2)
    if other:
        rows.append(["Rounding, cash in lieu", _gain(other), *_NOTHING_ELSE])
    headings = [text("Symbol"), Heading("Total"), Heading("Closed"), Heading("Open"), Heading("Trades"), Heading("Won")]
    headings += [Heading("Commission"), Heading("Traded")]
    foot = ["All", _gain(attribution.total), *_NOTHING_ELSE]
    return table("Gain or loss by symbol, in dollars", headings, rows, foot)


def agents_table(parts: tuple[AgentPart, ...]) -> Html:
    """What the verdicts of each agent were worth later."""
    rows = [
        [
            part.agent,
            part.verdict.value,
            f"{part.said:,}",
            _gain(part.later),
            percent(part.right / part.judged, 1) if part.judged else NOTHING,
        ]
        for part in parts
    ]
    words = (
        "What the orders that an agent spoke of would have made from that day's close to the one "
        f"{LATER_SESSIONS} sessions later, sent or not, without costs. A veto is right if its order would have lost, "
        "all else if it gained."
    )
    headings = [text("Agent"), text("Verdict"), Heading("Said"), Heading("Worth later"), Heading("Right")]
    return joined(note(words), table("What each agent's verdicts were worth", headings, rows))


def trades_table(result: Result, trades: Trades) -> Html:
    """The round trips that gained or lost most."""
    if not len(trades):
        return note("There was no trade.")
    shown = np.sort(np.argsort(-np.abs(trades.pnl), kind="stable")[:MOST_ROWS])
    left_out = f"The {MOST_ROWS} that gained or lost most, of {len(trades):,}. " if len(trades) > MOST_ROWS else ""
    seen = excursions_of(result, trades)
    still_open = int((~trades.closed).sum())
    prices = "price" if result.lows is not None and result.highs is not None else "close"
    words = (
        f"{left_out}{counted(still_open, 'trade')} still open. A trade is a round trip from flat to flat at average "
        "prices; gain and loss are net of commission. "
        f"Against and in favour: the worst and the best {prices} while it was held, against the entry."
    )
    headings = [text("Symbol"), text("In"), text("Out"), Heading("Gain"), Heading("Return"), Heading("Sessions")]
    headings += [Heading("Shares"), Heading("Entry"), Heading("Exit"), Heading("Against"), Heading("In favour")]
    headings.append(text("By"))
    name = f"Trades ({len(shown):,} of {len(trades):,})"
    return joined(note(words), table(name, headings, (_trade(result, trades, seen, int(at)) for at in shown)))


def refusals_table(result: Result) -> Html:
    """Orders that were not sent or not filled, how many of each reason, and the first of them."""
    if not result.refusals:
        return note("No order was refused.")
    counts = Counter(refusal.code for refusal in result.refusals)
    told = ", ".join(
        f"{code} {count:,}" for code, count in sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    )
    shown = result.refusals[:MOST_ROWS]
    words = f"{counted(len(result.refusals), 'order')} not sent or not filled: {told}."
    if len(result.refusals) > len(shown):
        words += f" The first {MOST_ROWS} are shown."
    headings = [text("Decided"), text("Symbol"), Heading("Shares"), text("Code"), prose("Why")]
    rows = ([str(each.decided_on), each.symbol, shares(each.shares), each.code, each.reason] for each in shown)
    return joined(note(words), table(f"Refusals ({len(shown):,} of {len(result.refusals):,})", headings, rows))


def _month(value: float | None, most: float) -> Html | None:
    if value is None or not isfinite(value):
        return None
    strength = round(_STRONGEST * abs(value) / most) if most else 0
    kind = "gain" if value > 0 else "loss"
    return element("span", short_percent(value), class_=f"cell {kind}", style=f"--strength:{strength}%")


def _symbol(part: SymbolPart) -> list[Inner]:
    decided = part.won + part.lost
    return [
        part.symbol,
        _gain(part.total),
        _gain(part.realised),
        _gain(part.unrealised) if part.unrealised else NOTHING,
        f"{part.trades:,}",
        percent(part.won / decided, 1) if decided else NOTHING,
        dollars(part.commission),
        dollars(part.traded),
    ]


def _gain(value: float) -> Html:
    return toned(dollars(value, sign=True), value)


def _together(parts: list[SymbolPart]) -> SymbolPart:
    def total(of: Iterator[float]) -> float:
        return float(sum(of))

    return SymbolPart(
        symbol=f"{len(parts):,} others",
        realised=total(part.realised for part in parts),
        unrealised=total(part.unrealised for part in parts),
        trades=sum(part.trades for part in parts),
        won=sum(part.won for part in parts),
        lost=sum(part.lost for part in parts),
        commission=total(part.commission for part in parts),
        traded=total(part.traded for part in parts),
    )


def _trade(result: Result, trades: Trades, seen: Excursions, at: int) -> list[Inner]:
    left = int(trades.left[at])
    return [
        result.symbols[trades.symbol[at]],
        str(result.days[trades.entered[at]]),
        "open" if left == OPEN else str(result.days[left]),
        _gain(float(trades.pnl[at])),
        percent(float(trades.returned[at]), sign=True),
        f"{int(trades.sessions[at]):,}",
        shares(float(trades.shares[at])),
        price(float(trades.price[at])),
        price(float(trades.exit_price[at])),
        percent(float(seen.worst[at])),
        percent(float(seen.best[at]), sign=True),
        trades.leg[at] or NOTHING,
    ]
