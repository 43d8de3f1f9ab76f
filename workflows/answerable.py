"""A cycle that a person can answer: by an update, which is answered itself, or by a signal from the Web UI."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Callable
from contextlib import suppress

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from trading.answering import Answer, Window
    from trading.approvals import Approval, ApprovalAsked
    from workflows.tables import approval_table


class Answerable:
    """The approval of a cycle's entries. Time is the workflow's: a late answer is none, whatever the timer does."""

    def __init__(self) -> None:
        self._window = Window()
        self._refused = ""

    @workflow.update
    async def approve(self, answer: Answer) -> Approval:
        """Let the orders go that wait, or some of them; the answer says which."""
        return self._take(answer, approves=True)

    @approve.validator
    def _may_approve(self, answer: Answer) -> None:
        self._check(answer, approves=True)

    @workflow.update
    async def reject(self, answer: Answer) -> Approval:
        """Let none of them go."""
        return self._take(answer, approves=False)

    @reject.validator
    def _may_reject(self, answer: Answer) -> None:
        self._check(answer, approves=False)

    @workflow.signal
    async def approval_given(self, answer: Answer) -> None:
        """The same as the update `approve`, for who can only signal; a refusal shows in the cycle's details."""
        self._hear(answer, approves=True)

    @workflow.signal
    async def approval_refused(self, answer: Answer) -> None:
        """The same as the update `reject`, for who can only signal."""
        self._hear(answer, approves=False)

    @workflow.query
    def pending_approval(self) -> ApprovalAsked | None:
        """What waits for a person; nothing once it is answered or its time is over."""
        return self._window.pending

    async def _answer(self, asked: ApprovalAsked, tell: Callable[[], Awaitable[None]]) -> Approval:
        """Tell of the question and wait: for an answer, or until its time is over."""
        # Open before it is told: whoever reads of it may answer at once.
        self._window.open(asked)
        self._describe()
        await tell()
        left = asked.expires_at - workflow.now()
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self._window.is_answered, timeout=max(left.total_seconds(), 0), timeout_summary="silence is no"
            )
        return self._window.close(workflow.now())

    def _check(self, answer: Answer, *, approves: bool) -> None:
        refused = self._window.refusal(answer, workflow.now(), approves=approves)
        if refused:
            raise ApplicationError(refused, type="AnswerRefused", non_retryable=True)

    def _take(self, answer: Answer, *, approves: bool) -> Approval:
        self._refused = ""
        approval = self._window.take(answer, workflow.now(), approves=approves)
        self._describe()
        return approval

    def _hear(self, answer: Answer, *, approves: bool) -> None:
        self._refused = self._window.refusal(answer, workflow.now(), approves=approves)
        if self._refused:
            self._describe()
        else:
            self._take(answer, approves=approves)

    def _question(self) -> str:
        """What the Web UI shows of it: the orders while they wait, and why the last signal did not count."""
        pending = self._window.pending
        table = f"{approval_table(pending)}\n\n" if pending else ""
        refused = f"**Not taken:** {self._refused}\n\n" if self._refused else ""
        return table + refused

    @abstractmethod
    def _describe(self) -> None:
        """Show the question with all else that the workflow shows of itself."""
