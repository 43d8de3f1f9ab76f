"""From a decision to an order: intended under the limits and sent, or in shadow only thought of."""

from __future__ import annotations

from trading.approvals import Consent
from trading.constraints import request_of
from trading.money import Record
from trading.orders import Leg, OrderRequest
from trading.proposals import Decided
from trading.rooms import sized
from trading.run import Run
from trading.settlement import Denied, IntentAsked
from trading.shadow import ShadowDecision
from trading.standing import Standing
from trading.steps import InquiryAsked


class Draft(Record):
    """An order, exact and not yet intended, with the standing that it was sized by."""

    request: OrderRequest
    standing: Standing


async def trade(run: Run, decided: Decided) -> None:
    """Intend one order and, unless it is denied, send it."""
    await carry_out(run, await drafted(run, decided))


async def drafted(run: Run, decided: Decided) -> Draft:
    """The exact order that a decision becomes."""
    standing = await run.steps.inquire(InquiryAsked(stage=run.stage, symbol=decided.proposal.symbol))
    # The broker may trade it in whole shares only. What is less than one is intended all the same, and denied.
    scene = run.case.scene.model_copy(update={"standing": standing})
    request = request_of(run.case, decided.proposal, sized(decided.quantity, scene) or decided.quantity)
    return Draft(request=request.model_copy(update={"scores": decided.scores}), standing=standing)


async def carry_out(run: Run, draft: Draft, consent: Consent | None = None) -> None:
    """Intend an order as it is, with what a person has said of it if one was asked, and send it."""
    request, opening = draft.request, run.opening
    asked = IntentAsked(
        request=request,
        limits=opening.limits,
        standing=draft.standing,
        real_money=opening.real_money,
        approval=opening.approval,
        consent=consent,
        intended_at=run.steps.now(),
    )
    intended = await run.steps.intend(asked)
    outcome = intended if isinstance(intended, Denied) else await run.steps.execute(intended.request)
    run.docket.ordered(outcome, request.symbol)
    word = "denied" if isinstance(outcome, Denied) else outcome.state
    run.tell(f"{request.side} {request.quantity:f} {request.symbol}: {word}")


async def think(run: Run, decided: Decided) -> None:
    """Keep what would have been ordered; nobody outside hears of it."""
    proposal, signal = decided.proposal, decided.proposal.signal
    entry = proposal.leg is Leg.ENTRY
    quantity = sized(decided.quantity, run.case.scene) or decided.quantity
    thought = ShadowDecision(
        cycle_id=run.cycle.cycle_id,
        desk_id=run.cycle.desk_id,
        strategy_id=run.cycle.request.strategy_id,
        trace_id=run.cycle.trace_id,
        symbol=proposal.symbol,
        sector=proposal.sector,
        side=proposal.side,
        leg=proposal.leg,
        quantity=quantity,
        stop=signal.stop if entry else None,
        target=signal.target if entry else None,
        quote=next(p.quote for p in run.snapshot.symbols if p.instrument.symbol == proposal.symbol),
        as_of=run.opening.as_of,
        only_thinks=run.opening.only_thinks,
    )
    run.docket.shadowed(proposal.symbol, await run.steps.think(thought))
    run.tell(f"{proposal.side} {quantity:f} {proposal.symbol}: in shadow")
