"""The course of an inquiry: what was found, what was said, and what of it may be shown.

| said | shown |
|---|---|
| an answer whose citations are all true | as it is; numbers that nothing found bears out stand beside it |
| one with a false citation, the first time | nothing: the model is told what was wrong, and answers once more |
| again | without the false citations, and that they were taken out |
| an answer without any true citation | as "not borne out": it is not known; unless nothing that was found has an id |
| that it is not known, or refused | as it is |

A citation is true when the id stood in a finding of this inquiry and exists on the desk.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, Field

from trading.agents.citations import unsupported
from trading.agents.envelope import plain
from trading.inquiry import (
    MOST_QUESTION,
    PAYS_AS,
    Ending,
    Finding,
    InquiryReport,
    InquiryRequest,
    InquiryWish,
    Lookup,
)
from trading.money import MOST_TEXT, DeskId, Record, Text

MOST_KEPT = 12
MOST_CHARACTERS = 36_000
"""Findings, and their characters, that a question repeats; of older ones it says only what was looked up.

What is told is paid for, and reserved at a token a byte: more would leave half a dollar for two turns.
"""
MOST_LOOKUPS = 4
"""Tools that are used at once."""
MOST_CITED = 40
_BY_RULE = "rules-"
NOTHING_ASKED = "(nothing)"
_MOST_NAME = 120
_LONG_GAP = re.compile(r"[^A-Za-z0-9._:-]+")
_NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?")
_WHEN = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?|\d{1,2}:\d{2}(?::\d{2})?")


class Opened(Record):
    """What an inquiry knows of its desk before it looks anything up: its clock, and how new its market's prices are.

    `refused` says why a question is answered without any look.
    """

    timezone: str
    newest_prices_at: AwareDatetime | None = None
    refused: Text = ""


class TurnAsked(Record):
    """The model's turn: the question, what was found, what was wrong with its last answer, and how often it may ask."""

    request: InquiryRequest
    opened: Opened
    findings: tuple[Finding, ...] = ()
    before: tuple[Lookup, ...] = ()
    objection: Text = ""
    steps_left: Annotated[int, Field(ge=1)]


class Conclusion(Record):
    """What is said in the end: an answer with what it rests on, that it is not known, or that it will not be done."""

    ending: Ending
    text: Text
    citations: Annotated[tuple[str, ...], Field(max_length=MOST_CITED)] = ()


class Turn(Record):
    """What became of the model's turn: tools to use, or a conclusion, or neither and why.

    `is_capped` when it is the budget that had another answer, or nobody.
    """

    lookups: Annotated[tuple[Lookup, ...], Field(max_length=MOST_LOOKUPS)] = ()
    conclusion: Conclusion | None = None
    silence: Text = ""
    is_capped: bool = False
    model: Text = ""


class CitationsAsked(Record):
    """Ids of which it is asked whether they exist on the desk."""

    desk_id: DeskId
    ids: tuple[str, ...]


class Kept(Record):
    """An inquiry that has ended, to be kept."""

    request: InquiryRequest
    report: InquiryReport


class Inquest(Record):
    """How far an inquiry is. `named` are the ids that stood in its findings; it is over once there is a `report`."""

    request: InquiryRequest
    opened: Opened
    steps: int = 0
    findings: tuple[Finding, ...] = ()
    looked_up: tuple[Lookup, ...] = ()
    named: tuple[str, ...] = ()
    told: tuple[float, ...] = ()
    objection: Text = ""
    model: Text = ""
    report: InquiryReport | None = None

    @classmethod
    def begun(cls, request: InquiryRequest, opened: Opened) -> Inquest:
        """An inquiry at its beginning; over already when the question is refused."""
        inquest = cls(request=request, opened=opened, told=tuple(sorted(_numbers(request.question))))
        return inquest.ended(Ending.UNKNOWN, opened.refused) if opened.refused else inquest

    @property
    def turn(self) -> TurnAsked:
        """What the model is asked next."""
        older = len(self.looked_up) - len(self.findings)
        return TurnAsked(
            request=self.request,
            opened=self.opened,
            findings=self.findings,
            before=self.looked_up[:older],
            objection=self.objection,
            steps_left=self.request.caps.steps - self.steps,
        )

    def found(self, turn: Turn, findings: Sequence[Finding]) -> Inquest:
        """One step further: what the tools told. That was the last one when no step is left to answer in."""
        findings = [_citable(finding) for finding in findings]
        further = self._after(turn).model_copy(
            update={
                "findings": _newest((*self.findings, *findings)),
                "looked_up": (*self.looked_up, *(finding.lookup for finding in findings)),
                "named": tuple(dict.fromkeys([*self.named, *(one for finding in findings for one in finding.ids)])),
                "told": tuple(sorted({*self.told}.union(*(_numbers(f.text) | {f.rows} for f in findings)))),
            }
        )
        if further.steps < self.request.caps.steps:
            return further
        words = f"Not answered within {further.steps} steps: ask more narrowly, or allow more."
        return further.ended(Ending.CAPPED, words)

    def silent(self, turn: Turn) -> Inquest:
        """Nobody answered."""
        ending = Ending.CAPPED if turn.is_capped else Ending.FAILED
        return self._after(turn).ended(ending, f"No answer: {turn.silence}")

    def concluded(self, turn: Turn, said: Conclusion, known: Collection[str]) -> Inquest:
        """What may be shown of a conclusion, or what was wrong with it."""
        further = self._after(turn)
        true = tuple(dict.fromkeys(one for one in said.citations if one in self.named and one in known))
        false = tuple(dict.fromkeys(one for one in said.citations if one not in true))
        if false and not self.objection and further.steps < self.request.caps.steps:
            return further.model_copy(update={"objection": _objection(false, self.named)})
        text, ending = said.text, said.ending
        if false:
            text = f"{text} (Taken out, for nothing of that name was found: {_names(false)}.)"
        if ending is Ending.ANSWERED and not (true or self._has_nothing_to_cite):
            text, ending = f"Not borne out by anything that was found: {text}", Ending.UNKNOWN
        if ending is Ending.UNKNOWN and turn.is_capped:
            ending = Ending.CAPPED
        # What rules worked out of the rows is code's own sum; a model's is not.
        uncited = () if turn.model.startswith(_BY_RULE) else self._uncited(said)
        return further.ended(ending, text, true, uncited)

    def failed(self, why: str) -> Inquest:
        """What is wrong is not the question."""
        return self.ended(Ending.FAILED, f"No answer: {why}")

    def ended(
        self, ending: Ending, text: str, citations: tuple[str, ...] = (), uncited: tuple[str, ...] = ()
    ) -> Inquest:
        """Over, with its report."""
        report = InquiryReport(
            inquiry_id=self.request.inquiry_id,
            ending=ending,
            text=text[:MOST_TEXT],
            citations=citations,
            uncited=uncited,
            findings=self.looked_up,
            model=self.model,
            steps=self.steps,
        )
        return self.model_copy(update={"report": report})

    @property
    def _has_nothing_to_cite(self) -> bool:
        """Whether tools told something, and none of it has an id: a limit, a metric, a line of a log."""
        return not self.named and any(finding.text for finding in self.findings)

    def _after(self, turn: Turn) -> Inquest:
        return self.model_copy(update={"steps": self.steps + 1, "model": turn.model or self.model})

    def _uncited(self, said: Conclusion) -> tuple[str, ...]:
        """The numbers said that stood neither in the question nor in a finding; names and times cite none."""
        words = said.text
        for name in sorted(self.named, key=len, reverse=True):
            words = words.replace(name, " ")
        return unsupported([_WHEN.sub(" ", words)], {"told": [*self.told]})


def _citable(finding: Finding) -> Finding:
    """A finding without the names under which questions pay: they are nothing that an answer could rest on."""
    return finding.model_copy(update={"ids": tuple(one for one in finding.ids if not one.startswith(PAYS_AS))})


def _newest(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """As many of the newest as a question may repeat."""
    kept: list[Finding] = []
    room = MOST_CHARACTERS
    for finding in reversed(findings):
        room -= len(finding.text)
        if len(kept) == MOST_KEPT or (room < 0 and kept):
            break
        kept.append(finding)
    return tuple(reversed(kept))


def request_of(wish: InquiryWish, name: str, at: datetime) -> InquiryRequest:
    """The question as it is kept and asked: one visible line, cut where it is too long."""
    inquiry_id = _LONG_GAP.sub("-", name).strip("-.:_")[:_MOST_NAME] or "unnamed"
    return InquiryRequest(
        desk_id=wish.desk_id,
        inquiry_id=inquiry_id,
        trace_id=wish.trace_id or f"inquiry-{inquiry_id}",
        question=plain(wish.question, MOST_QUESTION) or NOTHING_ASKED,
        asked_by=plain(wish.asked_by, 80) or "somebody",
        asked_at=at,
        caps=wish.caps,
    )


def refusal_of(wish: InquiryWish) -> str:
    """Why a question is answered without any look; empty when it is not."""
    if not plain(wish.question, MOST_QUESTION):
        return "Nothing was asked."
    if len(wish.question) > MOST_QUESTION:
        return f"A question has at most {MOST_QUESTION} characters, this one has {len(wish.question)}: ask in fewer."
    return ""


def _objection(false: Sequence[str], named: Collection[str]) -> str:
    there = "; cite only ids that a finding lists" if named else "; nothing that was found has an id: look something up"
    return f"These citations are in no finding, or do not exist: {_names(false)}{there}."[:MOST_TEXT]


def _names(ids: Sequence[str]) -> str:
    return ", ".join(plain(one, _MOST_NAME) for one in ids)


def _numbers(text: str) -> frozenset[float]:
    return frozenset(_each(text))


def _each(text: str) -> Iterator[float]:
    for found in _NUMBER.finditer(text):
        yield float(found[0].replace(",", "")[:40])
