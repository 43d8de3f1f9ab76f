"""What a split or a dividend gives to an account, and what money may be moved. Pure rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from adapters.paper_broker.splits import Split
from trading.adjustments import cash_in_lieu
from trading.corporate_actions import SAME_ACTION, ActionKind, CorporateAction, effective_at
from trading.money import ZERO, cents
from trading.orders import Fill
from trading.statement import Activity, ActivityKind

SAME_SPLIT = SAME_ACTION[ActionKind.SPLIT]


def told(desk_id: str, action: CorporateAction) -> Activity:
    """The action as it will be entered, under an id that follows from company, kind and day; nothing given yet."""
    return Activity(
        activity_id=f"{desk_id}/{action.symbol}/{action.kind}/{action.ex_on}",
        kind=ActivityKind(action.kind),
        symbol=action.symbol,
        occurred_at=effective_at(action.ex_on),
    )


def has_had(this: Activity, action: CorporateAction, others: Iterable[Activity]) -> bool:
    """Whether the account has had it, be it from another list that names a day nearby."""
    near = SAME_ACTION[action.kind]
    return any(
        (other.kind, other.symbol) == (this.kind, this.symbol) and abs(other.occurred_at - this.occurred_at) < near
        for other in others
    )


def gained_since(this: Activity, fills: Iterable[Fill], activities: Iterable[Activity]) -> Decimal:
    """Signed shares that came to be held at the moment of an action, or since."""
    traded = (f.signed_quantity for f in fills if f.symbol == this.symbol and f.filled_at >= this.occurred_at)
    given = (a.shares for a in activities if a.symbol == this.symbol and a.occurred_at >= this.occurred_at)
    return sum((*traded, *given), ZERO)


def dividend(this: Activity, held: Decimal, amount_usd: Decimal, ex_on: object) -> Activity:
    """What a dividend pays on signed shares: who is short pays it."""
    words = f"{amount_usd:f} USD a share on {held:f} shares, ex {ex_on}"
    return this.model_copy(update={"amount": cents(held * amount_usd), "words": words})


def split_shares(this: Activity, split: Split, gained: Decimal) -> Activity:
    """What a split gives in shares."""
    return this.model_copy(update={"shares": gained, "words": _ratio(split)})


def in_lieu(this: Activity, split: Split, held: Decimal, mark: Decimal) -> Activity:
    """What is paid for the part of a share that a split leaves of what was held, at a mark of the old shares."""
    rest = {
        "activity_id": f"{this.activity_id}/cash",
        "kind": ActivityKind.CASH_IN_LIEU,
        "amount": cash_in_lieu(held - split.gained, mark, split.ratio, fractions=split.fractions),
        "words": _ratio(split),
    }
    return this.model_copy(update=rest)


def newest_split(activities: Sequence[Activity], symbol: str) -> datetime | None:
    """The newest split of a symbol among these."""
    splits = [one.occurred_at for one in activities if (one.kind, one.symbol) == (ActivityKind.SPLIT, symbol)]
    return max(splits, default=None)


def wrong_move(activity: Activity) -> str | None:
    """Why money cannot be moved so, None when it can."""
    wrong = {ActivityKind.DEPOSIT: activity.amount <= 0, ActivityKind.WITHDRAWAL: activity.amount >= 0}
    if wrong.get(activity.kind, activity.kind is ActivityKind.SPLIT):
        return f"activity {activity.activity_id}: a {activity.kind} of {activity.amount} USD"
    return None


def overdrawn(activity: Activity, free: Decimal) -> str | None:
    """Why so much cannot be withdrawn, None when it can."""
    if activity.kind is ActivityKind.WITHDRAWAL and -activity.amount > free:
        return f"{-activity.amount} USD to withdraw, {free} are free"
    return None


def same_again(before: Activity | None, activity: Activity) -> bool:
    """Whether what was entered under an id is this; of two moments the one told first counts."""
    return before is not None and before.model_copy(update={"occurred_at": activity.occurred_at}) == activity


def _ratio(split: Split) -> str:
    return f"{split.ratio.normalize():f} for 1"
