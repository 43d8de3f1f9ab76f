"""What each hard limit is, in a sentence, what it is set to, and by which setting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from trading.limits import APPLIES_TO, Limit, Limits, OwnLimits, Part

_OWN = "of the strategy's own equity or making, besides the desk's"
WORDS: Mapping[Limit, str] = {
    Limit.POSITION: "the most of the desk's equity in one position, open orders included",
    Limit.SECTOR: "the most of the desk's equity in one sector, open orders included",
    Limit.POSITIONS: "the most positions at once, open entries included",
    Limit.CASH: "an entry is paid from cash that no open order has claimed, with the collar kept for slippage",
    Limit.HOLDING: "an exit closes no more shares than the desk holds and no other order is closing",
    Limit.ORDER: "the most dollars in one order that opens or adds",
    Limit.DAILY: "the most dollars of all orders in a day by UTC; beyond it nothing is opened",
    Limit.TURNOVER: "the most dollars traded in a day by UTC, as a multiple of equity",
    Limit.VOLUME: "the most of a symbol's average daily volume that is opened at once",
    Limit.BUYING_POWER: "the buying power that the broker says the account has",
    Limit.SETTLED: "cash at the broker that has settled, in an account that may not trade on more",
    Limit.SIZE: "what is left after the other limits is less than the smallest order",
    Limit.STATE: "the trading state: REDUCING lets only exits pass, HALTED only cancels",
    Limit.PROTECTION: "an entry's stop and target stand on the right sides of its price",
    Limit.ACCOUNT: "the broker's account is known and may trade",
    Limit.ASSET: "the broker knows the symbol and trades it now",
    Limit.FRACTION: "parts of a share are ordered only where that is allowed and the broker does it",
    Limit.SHORT: "nothing is sold short unless that is allowed and the broker lends the shares",
    Limit.RESTRICTED: "symbols that are never opened",
    Limit.PRICE: "an entry needs a newest price that is known",
    Limit.MIN_PRICE: "the least price of a share that is opened",
    Limit.COLLAR: "how far an order's own prices, and the newest price, may be from the price it was decided on",
    Limit.BLACKOUT: "minutes after the open and before the close, and days around earnings, in which nothing is opened",
    Limit.PER_MINUTE: "the most orders in a minute, stops and targets aside",
    Limit.PER_DAY: "the most orders in a day by UTC, stops and targets aside",
    Limit.DUPLICATE: "the same order again within so many minutes is refused",
    Limit.PROBATION: "after a halt the first entries are made smaller",
    Limit.OPPOSED: "a strategy opens nothing against what another strategy of the desk holds or orders",
    Limit.STRATEGY: "the strategy may not open anything here: only thinks, stopped, disabled or removed",
    Limit.OWN_POSITION: f"the most in one position, {_OWN}",
    Limit.OWN_SECTOR: f"the most in one sector, {_OWN}",
    Limit.OWN_POSITIONS: f"the most positions at once, {_OWN}",
    Limit.OWN_CASH: "an entry is paid from the strategy's own part of the cash",
    Limit.OWN_HOLDING: "an exit closes no more shares than the strategy itself holds",
    Limit.OWN_ORDER: f"the most dollars in one order, {_OWN}",
    Limit.OWN_MIN_PRICE: f"the least price of a share that is opened, {_OWN}",
    Limit.OWN_RESTRICTED: f"symbols that are never opened, {_OWN}",
    Limit.MODEL_BUDGET: "no budget for models was left for an opinion, so the proposal is left out",
    Limit.APPROVAL: "a person was asked for this entry and did not say yes in time",
    Limit.PRECEDENT: "setups as near as this one have failed so often that it is denied, by memory ids",
}
# Limits that are made of several settings, or of one of another name.
_SET_BY: Mapping[Limit, tuple[str, ...]] = {
    Limit.CASH: ("collar", "sizing_margin"),
    Limit.FRACTION: ("fractional",),
    Limit.SHORT: ("allow_short",),
    Limit.RESTRICTED: ("restricted_symbols",),
    Limit.BLACKOUT: ("blackout_open_minutes", "blackout_close_minutes", "blackout_earnings_days"),
    Limit.DUPLICATE: ("duplicate_minutes",),
}
_ELSEWHERE: Mapping[Limit, str] = {
    Limit.MODEL_BUDGET: "the settings LLM_MAX_…, and the strategy's budget_usd_per_day",
    Limit.APPROVAL: "the settings TRADING_APPROVAL…, and the strategy's approval",
    Limit.PRECEDENT: "the settings MEMORY_…, and the strategy's heeds_memory",
    Limit.PROBATION: "the settings BREAKER_…",
    Limit.STATE: "the circuit breaker, the settings BREAKER_…, and persons",
    Limit.STRATEGY: "the strategy's rung and state",
}
_PARTS = {Part.ENTRY: "entries", Part.EXIT: "exits", Part.PROTECTIVE: "stops and targets"}


def fields_of(limit: Limit) -> tuple[str, ...]:
    """The fields of `Limits` that it is made of; none for one that asks the world or the books."""
    if limit in _SET_BY:
        return _SET_BY[limit]
    return (limit.value,) if limit.value in Limits.model_fields else ()


def own_field_of(limit: Limit) -> str | None:
    """The field of a strategy's own limits that is meant, None where it has none."""
    name = {Limit.RESTRICTED: "restricted_symbols"}.get(limit, limit.value.removeprefix("strategy_"))
    name = {"restricted": "restricted_symbols"}.get(name, name)
    return name if name in OwnLimits.model_fields else None


def explained(limit: Limit, limits: Limits) -> Iterable[str]:
    """What it is, which orders it is for, what it is set to and where."""
    yield f"{limit}: {WORDS[limit]}"
    applies = APPLIES_TO.get(limit)
    if applies:
        yield "held to it: " + ", ".join(_PARTS[part] for part in Part if part in applies)
    for name in fields_of(limit):
        yield f"the desk's: {name} = {shown(getattr(limits, name))}, set by TRADING_{name.upper()}"
    if limit in _ELSEWHERE:
        yield f"set by {_ELSEWHERE[limit]}"


def shown(value: object) -> str:
    """A limit's value in words; one that is empty or not set says so."""
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "not set" if value is None else f"{value}"
