"""What a shadow cycle's decisions leave, and how they are scored: never more than trades that are only thought of."""

from __future__ import annotations

from adapters.memory.desk import Store
from trading.breaker import TradingState
from trading.costs import Costs
from trading.shadow import ShadowTrade, follow, shadow_closed, shadow_opened
from trading.shadow_scoring import ShadowLook, score


def decide(
    store: Store, draft: ShadowTrade, costs: Costs, trace_id: str, *, only_thinks: bool
) -> tuple[ShadowTrade, ...]:
    """Do what a decision of a shadow cycle asks for: end entries, open a trade, or both; done before, what it left."""
    desk = store.desk(draft.desk_id)
    done = store.shadows.left_by(draft)
    if done:
        return done
    portfolio = desk.portfolio()
    own = desk.footing(draft.strategy_id).own(portfolio)
    held = (portfolio if own is None else own.portfolio).held(draft.symbol)
    changed = follow(draft, store.shadows.open_trades(draft.desk_id), held, costs)
    for_desk = portfolio.trading_state is TradingState.HALTED and not only_thinks
    told = [
        shadow_opened(one, trace_id, for_desk=for_desk) if one.is_open else shadow_closed(one, trace_id)
        for one in changed
    ]
    desk.log.known(told)
    store.shadows.keep(changed)
    desk.append(*told)
    return changed


def score_open(store: Store, look: ShadowLook, costs: Costs) -> tuple[ShadowTrade, ...]:
    """Hold every open trade against what was seen; those that are still open then."""
    desk = store.desk(look.desk_id)
    before, portfolio = store.shadows.open_trades(look.desk_id), desk.portfolio()
    thinkers = {
        name: desk.footing(name).thinker(portfolio, real_money=look.real_money)
        for name in {trade.strategy_id for trade in before}
    }
    after = [score(trade, look, thinkers[trade.strategy_id], costs) for trade in before]
    told = [shadow_closed(one, look.trace_id) for one in after if not one.is_open]
    desk.log.known(told)
    store.shadows.keep([new for old, new in zip(before, after, strict=True) if old != new])
    desk.append(*told)
    return tuple(one for one in after if one.is_open)
