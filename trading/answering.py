"""Where a person's answer is taken: one question at a time, one answer to it, in time and bound to what was asked.

| an answer is refused | in words |
|---|---|
| while nothing waits, or after somebody else has answered | who has, and what |
| of another cycle, or with another hash | which it is |
| with fewer than eight digits of the hash | for nobody can have seen so little |
| from the moment on at which its time is over | since when |
| of a symbol that does not wait | which do |
| without a name | |
"""

from __future__ import annotations

import re
from datetime import datetime

from trading.approvals import Approval, ApprovalAsked, ApprovalEnd, silence
from trading.money import Record

LEAST_HASH = 8
"""Digits of the hash that an answer must name: the alert's command and the tables show as many."""
MOST_NAME, MOST_REASON = 80, 400
_HEX = re.compile(r"[0-9a-f]*")


class Answer(Record):
    """A person's word on the orders that wait in a cycle; `only` names those of them that a yes is for, else all.

    Every field is a plain word, so that a mistake is answered with a sentence.
    """

    cycle_id: str = ""
    hash: str = ""
    by: str = ""
    only: tuple[str, ...] = ()
    reason: str = ""

    @property
    def symbols(self) -> tuple[str, ...]:
        """What it is for, as symbols are written."""
        return tuple(dict.fromkeys(word.strip().upper() for word in self.only))


class Window:
    """What waits for an answer, and the answer once there is one."""

    def __init__(self) -> None:
        self._asked: ApprovalAsked | None = None
        self._approval: Approval | None = None

    @property
    def pending(self) -> ApprovalAsked | None:
        """What waits for an answer."""
        return self._asked if self._approval is None else None

    @property
    def is_answered(self) -> bool:
        """Whether somebody has answered."""
        return self._approval is not None

    def open(self, asked: ApprovalAsked) -> None:
        """From here on it may be answered."""
        self._asked, self._approval = asked, None

    def refusal(self, answer: Answer, at: datetime, *, approves: bool) -> str:
        """Why an answer does not count, in one line; empty when it does."""
        asked, known = self._asked, self._approval
        if asked is None:
            return "nothing waits for a person in this cycle"
        if answer.cycle_id != asked.cycle_id:
            return f"the answer is for cycle {answer.cycle_id or '(none)'}, this is {asked.cycle_id}"
        if known is not None:
            return f"it has ended at {known.at:%H:%M:%S} UTC: {known.words}"
        return _unbound(answer, asked) or _out_of(answer, asked, at, approves=approves)

    def take(self, answer: Answer, at: datetime, *, approves: bool) -> Approval:
        """Keep an answer that is not refused."""
        asked = self._asked
        assert asked is not None  # noqa: S101  `refusal` has said so
        approved = tuple(one for one in asked.symbols if approves and one in (answer.symbols or asked.symbols))
        some = ApprovalEnd.APPROVED if approved == asked.symbols else ApprovalEnd.PARTLY
        self._approval = Approval(
            cycle_id=asked.cycle_id,
            hash=asked.hash,
            end=some if approves else ApprovalEnd.REJECTED,
            approved=approved,
            by=answer.by.strip(),
            reason=answer.reason.strip(),
            at=at,
        )
        return self._approval

    def close(self, at: datetime) -> Approval:
        """The answer that was taken in time, or that there was none."""
        assert self._asked is not None  # noqa: S101  only a window that was opened is closed
        if self._approval is None:
            self._approval = silence(self._asked, at)
        return self._approval


def wrong_hash(word: str) -> str:
    """What is wrong with a hash as it was typed, whatever waits; empty when it may be one."""
    if not _HEX.fullmatch(word):
        return f"no hash: {word[:80]!r} (it has the digits 0-9 and a-f)"
    if len(word) < LEAST_HASH:
        return f"the hash needs at least {LEAST_HASH} digits, as the table shows them"
    return ""


def _unbound(answer: Answer, asked: ApprovalAsked) -> str:
    """Why an answer is not for exactly what is asked."""
    wrong = wrong_hash(answer.hash)
    if wrong or asked.hash.startswith(answer.hash):
        return wrong
    return f"the hash {answer.hash[:12]} is not that of the orders that wait, {asked.hash[:12]}: look at them again"


def _out_of(answer: Answer, asked: ApprovalAsked, at: datetime, *, approves: bool) -> str:
    """Why an answer comes too late, or from nobody, or is for something else."""
    name = answer.by.strip()
    if at >= asked.expires_at:
        return f"its time was over at {asked.expires_at:%H:%M:%S} UTC: silence is no"
    if not (0 < len(name) <= MOST_NAME and name.isprintable()):
        return f"say who answers, in 1 to {MOST_NAME} characters"
    if len(answer.reason) > MOST_REASON:
        return f"a reason has at most {MOST_REASON} characters"
    if answer.only and not approves:
        return "a no is for all that waits: to let a part of it go, approve only that part"
    strange = [symbol for symbol in answer.symbols if symbol not in asked.symbols]
    if strange:
        return f"{strange[0][:20] or 'nothing'} does not wait: {', '.join(asked.symbols)} do"
    return ""
