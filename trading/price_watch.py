"""When something that moved asks for a look: a state machine over the quotes of one session.

| a quote that is …                                    | then                                                      |
|------------------------------------------------------|-----------------------------------------------------------|
| stale, of the future, or seen already                | is no quote                                               |
| more than half away from the close                   | is no quote: a split that nobody listed, or a bad print   |
| less than the threshold away from the reference      | ends what had begun: a spike that reverted                |
| further away, for so many quotes in a row, one way   | fires, and its price becomes the reference                |
| further away in the cool-down, or beyond the cap     | fires when the cool-down is over if it still is; never    |

The price is the last trade, held within bid and ask: a trade that no bid or offer bears out is not followed. The
reference is the close before the session, until something fires. Where the list of corporate actions has one in force
since that close, nobody knows whether the close is of the old shares or the new: the move is the least over all
readings. A spin-off has none: the first price of the session is the reference then, as where no close is known.

A crossed quote, or one with a price that is none, cannot be made (`trading/market.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from trading.corporate_actions import ActionKind, CorporateAction
from trading.desk import PriceMoved
from trading.events import Event
from trading.market import PRICE_STEP, Quote, distrust
from trading.money import Fraction, Record
from trading.move_events import Firing, moved_of
from trading.moves import MoveCause, Pace
from trading.snapshots import MOST_DISAGREEMENT

MOST_ACTIONS = 6
"""Actions of one company in one day; of more nobody can say what a price is worth."""
_FARTHEST = Decimal(str(MOST_DISAGREEMENT))


class WatchRules(Record):
    """What is watched for. `threshold` a fraction; `volume_factor` times the average volume of a day, 0 is off."""

    threshold: Annotated[Fraction, Field(gt=0)] = Decimal("0.05")
    pace: Pace = Pace()
    confirm_quotes: Annotated[int, Field(ge=1, le=100)] = 3
    volume_factor: Annotated[Decimal, Field(ge=0, le=1000)] = Decimal(0)
    news: bool = False
    max_age: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Watched:
    """One symbol in one session.

    `closes` are the readings of the close before it, dollars a share; `reference` the price that fired last, or the
    first when there is no close; `beyond` counts the quotes in a row beyond the threshold, negative when below it.
    `heard_until` is the newest headline that is no news any more.
    """

    closes: tuple[Decimal, ...]
    heard_until: datetime
    average_volume: Decimal | None = None
    reference: Decimal | None = None
    cooling_until: datetime | None = None
    seen_at: datetime | None = None
    beyond: int = 0
    was_busy: bool = False

    @property
    def references(self) -> tuple[Decimal, ...]:
        """What a price is held against: the nearest of them counts."""
        return self.closes if self.reference is None else (self.reference,)

    def price_of(self, quote: Quote, at: datetime, max_age: timedelta) -> Decimal | None:
        """The price that a quote tells, None when nobody should act on it."""
        if distrust(quote, as_of=at, max_age=max_age) is not None:
            return None
        price = min(max(quote.last, quote.bid), quote.ask)
        near = not self.closes or any(abs(price - close) <= _FARTHEST * close for close in self.closes)
        return price if near else None


@dataclass(frozen=True, slots=True)
class Watch:
    """All that is watched for one desk in one session, and how often something has fired in it."""

    rules: WatchRules
    symbols: Mapping[str, Watched]
    fired: int = 0

    def see(self, quote: Quote, at: datetime) -> tuple[Watch, Firing | None]:
        """Look at one quote at a moment."""
        watched = self.symbols.get(quote.symbol)
        if watched is None or (watched.seen_at is not None and quote.quoted_at <= watched.seen_at):
            return self, None
        price = watched.price_of(quote, at, self.rules.max_age)
        if price is None:
            return self, None
        seen = replace(watched, seen_at=quote.quoted_at)
        if not seen.references:
            return _with(self, quote.symbol, replace(seen, reference=price)), None
        reference = min(seen.references, key=lambda one: abs(price - one) / one)
        seen = replace(seen, beyond=_run(seen.beyond, price - reference, self.rules.threshold * reference))
        if abs(seen.beyond) < self.rules.confirm_quotes or not self._may_fire(seen, quote.quoted_at):
            return _with(self, quote.symbol, seen), None
        moved = self._moved(quote.symbol, MoveCause.PRICE, quote.quoted_at, reference=reference, price=price)
        evidence = {name: f"{getattr(quote, name):f}" for name in ("bid", "ask", "last")}
        evidence |= {"threshold": f"{self.rules.threshold:f}", "quotes": str(abs(seen.beyond))}
        return self._fire(
            replace(seen, reference=price, beyond=0), Firing(moved=moved, at=quote.quoted_at, evidence=evidence)
        )

    def weigh(self, symbol: str, volume: Decimal, at: datetime) -> tuple[Watch, Firing | None]:
        """Look at the shares traded so far in the session: a busy day asks once."""
        watched, factor = self.symbols.get(symbol), self.rules.volume_factor
        if watched is None or watched.was_busy or not factor or not watched.average_volume:
            return self, None
        if volume < factor * watched.average_volume or not self._may_fire(watched, at):
            return self, None
        evidence = {"volume": f"{volume:f}", "average": f"{watched.average_volume:f}", "factor": f"{factor:f}"}
        firing = Firing(moved=self._moved(symbol, MoveCause.VOLUME, at), at=at, evidence=evidence)
        return self._fire(replace(watched, was_busy=True), firing)

    def hear(self, symbol: str, published: Iterable[datetime], at: datetime) -> tuple[Watch, Firing | None]:
        """Look at when headlines about a symbol came out: those since the last that asked are fresh."""
        watched = self.symbols.get(symbol)
        if watched is None or not self.rules.news:
            return self, None
        fresh = [moment for moment in published if watched.heard_until < moment <= at]
        if not fresh or not self._may_fire(watched, at):
            return self, None
        firing = Firing(moved=self._moved(symbol, MoveCause.NEWS, at), at=at, evidence={"headlines": str(len(fresh))})
        return self._fire(replace(watched, heard_until=max(fresh)), firing)

    def joined(self, symbols: Mapping[str, Watched]) -> Watch:
        """The same watch with symbols more, as those that come to be held."""
        return replace(self, symbols={**symbols, **self.symbols})

    def resumed(self, told: Sequence[Event]) -> Watch:
        """The watch after what the log says has fired in this session: references, cool-downs and the count."""
        watch = replace(self, fired=len(told))
        for event in told:
            moved = moved_of(event, self.rules.pace)
            watched = watch.symbols.get(moved.symbol)
            if watched is not None:
                watch = _with(watch, moved.symbol, _after(watched, moved, event.occurred_at))
        return watch

    def _may_fire(self, watched: Watched, at: datetime) -> bool:
        cooling = watched.cooling_until is not None and at < watched.cooling_until
        return not cooling and self.fired < self.rules.pace.most_a_day

    def _moved(self, symbol: str, cause: MoveCause, at: datetime, **prices: Decimal) -> PriceMoved:
        known: dict[str, Any] = {name: price.quantize(PRICE_STEP) for name, price in prices.items()}
        percent = float(100 * (prices["price"] / prices["reference"] - 1)) if prices else None
        return PriceMoved(
            symbol=symbol,
            cause=cause,
            percent=None if percent is None else round(percent, 4),
            moved_at=at,
            trace_id=f"{cause}-{symbol}-{at:%Y%m%dT%H%M%S%f}",
            pace=self.rules.pace,
            **known,
        )

    def _fire(self, watched: Watched, firing: Firing) -> tuple[Watch, Firing]:
        after = _with(self, firing.moved.symbol, _after(watched, firing.moved, firing.at))
        return replace(after, fired=self.fired + 1), firing


def _with(watch: Watch, symbol: str, watched: Watched) -> Watch:
    return replace(watch, symbols={**watch.symbols, symbol: watched})


def readings(close: Decimal, actions: Iterable[CorporateAction], *, closed_on: date, on: date) -> tuple[Decimal, ...]:
    """What the close of one day may be worth on another, in dollars a share of that day; none after a spin-off."""
    since = sorted((one for one in actions if closed_on < one.ex_on <= on), key=lambda one: (one.ex_on, one.kind))
    if len(since) > MOST_ACTIONS or any(one.kind is ActionKind.SPIN_OFF for one in since):
        return ()
    # Of a day's split and dividend nobody says whether the amount is of an old share or a new one.
    found = _applied(close, since) | _applied(close, since[::-1])
    return tuple(sorted(found))


def _applied(close: Decimal, actions: Sequence[CorporateAction]) -> set[Decimal]:
    """The close with each of these actions applied, or not, in this order."""
    found = {close}
    for action in actions:
        if action.ratio is not None:
            found |= {price / action.ratio for price in found}
        if action.amount_usd is not None:
            found |= {price - action.amount_usd for price in found if price > action.amount_usd}
    return found


def _after(watched: Watched, moved: PriceMoved, at: datetime) -> Watched:
    """The symbol after it has fired at a moment."""
    return replace(
        watched,
        cooling_until=at + timedelta(minutes=moved.pace.cool_down_minutes),
        reference=watched.reference if moved.price is None else moved.price,
        seen_at=at if moved.cause is MoveCause.PRICE else watched.seen_at,
        was_busy=watched.was_busy or moved.cause is MoveCause.VOLUME,
        heard_until=max(watched.heard_until, at) if moved.cause is MoveCause.NEWS else watched.heard_until,
    )


def _run(beyond: int, move: Decimal, least: Decimal) -> int:
    """The number of quotes in a row beyond the threshold, after one more."""
    if abs(move) < least:
        return 0
    way = 1 if move > 0 else -1
    return beyond + way if beyond * way > 0 else way
