"""The steps of a cycle of which a person is asked: a test says what that person does, and what the price does then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from tests.fakes.desk import FakeDesk
from tests.fakes.steps import FakeSteps
from tests.making import standing
from trading.answering import Answer, Window
from trading.approval_events import approval_asked
from trading.approvals import Approval, ApprovalAsked, ApprovalMode, ApprovalTerms
from trading.orders import Order, Style
from trading.settlement import Denied, IntentAsked
from trading.standing import Standing
from trading.steps import Cycle, InquiryAsked, Opening

Says = Callable[[ApprovalAsked], Answer | None]
ALWAYS = ApprovalTerms(mode=ApprovalMode.ALWAYS)


def yes(*only: str, by: str = "ann") -> Says:
    """A yes to these symbols, else to all."""
    return lambda asked: Answer(cycle_id=asked.cycle_id, hash=asked.hash[:8], by=by, only=only, reason="I looked")


class AskedSteps(FakeSteps):
    """`says` answers, `approves` is whether with a yes; None is silence. `newest` are prices after the answer."""

    def __init__(self, says: Says | None = None, terms: ApprovalTerms = ALWAYS, desk: FakeDesk | None = None) -> None:
        super().__init__(desk)
        self.says = says
        self.approves = True
        self.style = Style()
        self.newest: dict[str, str] = {}
        self.takes = timedelta(0)
        self.refused = ""
        self.strategy = self.strategy.model_copy(update={"approval": terms})

    async def open(self, cycle: Cycle) -> Opening:
        return (await super().open(cycle)).model_copy(update={"style": self.style})

    async def approve(self, asked: ApprovalAsked) -> Approval:
        self._called("approve", asked)
        await self.record(approval_asked(asked))
        window, at = Window(), self.now() + self.takes
        window.open(asked)
        answer = self.says(asked) if self.says else None
        if answer is not None:
            self.refused = window.refusal(answer, at, approves=self.approves)
            if not self.refused:
                return window.take(answer, at, approves=self.approves)
        return window.close(asked.expires_at)

    async def inquire(self, asked: InquiryAsked) -> Standing:
        known = await super().inquire(asked)
        moved = self.newest.get(asked.symbol) if self.asked("approve") else None
        return standing(asked.symbol, moved) if moved else known


class Meddling(AskedSteps):
    """Somebody between the approval and the books changes the order: one share more."""

    async def intend(self, asked: IntentAsked) -> Order | Denied:
        more = asked.request.model_copy(update={"quantity": asked.request.quantity + Decimal(1)})
        return await super().intend(asked.model_copy(update={"request": more}))
