"""Orders of which a person may be asked: exits wait for nobody, the entries that the terms name wait for an answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from trading.approval_events import approval_ended
from trading.approvals import (
    MOST_REASONING,
    WAITS,
    ApprovalAsked,
    PendingOrder,
    consent_of,
    digest_of,
    seal_of,
    usd_of,
)
from trading.ordering import Draft, carry_out, drafted, trade
from trading.orders import Leg, OrderRequest
from trading.proposals import Decided
from trading.run import Run
from trading.steps import InquiryAsked

Waiting = tuple[Draft, PendingOrder]


async def trade_all(run: Run, decided: Sequence[Decided]) -> None:
    """Trade every exit, then the entries that nobody is asked about, then those that were approved."""
    waiting: list[Waiting] = []
    for one in sorted(decided, key=lambda one: one.proposal.leg is Leg.ENTRY):
        if one.proposal.leg is not Leg.ENTRY:
            await trade(run, one)
            continue
        draft = await drafted(run, one)
        if run.opening.approval.asks(usd_of(draft.request)):
            waiting.append(_pending(run, draft, one))
        else:
            await carry_out(run, draft)
    if waiting:
        await _when_approved(run, waiting)


async def _when_approved(run: Run, waiting: Sequence[Waiting]) -> None:
    """Ask once for all, and go on with what was approved. The rest is intended too, and denied: the log has it."""
    asked = _question(run, [order for _, order in waiting])
    for symbol in asked.symbols:
        run.docket.note(symbol, f"{WAITS} until {asked.expires_at:%H:%M:%S} UTC")
    run.tell(f"{len(waiting)} entries wait for a person until {asked.expires_at:%H:%M:%S} UTC")
    approval = await run.steps.approve(asked)
    await run.record([approval_ended(asked, approval)])
    run.tell(approval.words)
    for draft, order in waiting:
        symbol = order.request.symbol
        consent = consent_of(asked, approval, symbol)
        asking = InquiryAsked(stage=run.stage, symbol=symbol)
        standing = await run.steps.inquire(asking) if consent.approved else draft.standing
        await carry_out(run, Draft(request=order.request, standing=standing), consent)


def _question(run: Run, orders: Sequence[PendingOrder]) -> ApprovalAsked:
    opening, at, trade = run.opening, run.steps.now(), run.cycle.request.trade
    # What is shown is good for so long from its quote on, however long the agents took. Without a session all is old.
    age = max(order.quote_age_seconds for order in orders) if opening.closes_at else 0
    return ApprovalAsked(
        cycle_id=run.cycle.cycle_id,
        desk_id=run.cycle.desk_id,
        strategy_id=run.cycle.request.strategy_id,
        trace_id=run.cycle.trace_id,
        orders=tuple(orders),
        hash=seal_of(digest_of(order.request) for order in orders),
        max_drift=opening.approval.max_drift,
        asked_at=at,
        expires_at=opening.approval.until(at - timedelta(seconds=age), opening.closes_at),
        proposed_by=trade.by if trade else "",
    )


def _pending(run: Run, draft: Draft, decided: Decided) -> Waiting:
    # Approved at its price, it stays there: one that went on at another would be an order that nobody has seen.
    request: OrderRequest = draft.request.model_copy(update={"reprice_seconds": 0})
    quote = next(p.quote for p in run.snapshot.symbols if p.instrument.symbol == request.symbol)
    # On a market that knows only the past the quote is as old as it was then.
    at = run.steps.now() if run.opening.closes_at else run.opening.as_of
    order = PendingOrder(
        request=request,
        usd=usd_of(request),
        reasoning=decided.proposal.signal.reasoning[:MOST_REASONING],
        quote_age_seconds=max(int((at - quote.quoted_at).total_seconds()), 0),
    )
    return draft, order
