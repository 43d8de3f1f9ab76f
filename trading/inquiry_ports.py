"""What an inquiry needs of the world: tools that read, and a check that what is cited exists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from trading.inquiry import Finding, InquiryLine, InquiryReport, InquiryRequest, LookupAsked


class Tools(Protocol):
    """Everything that can be looked up. Reads of one desk alone, on a role that cannot write."""

    async def look_up(self, asked: LookupAsked) -> Finding:
        """Use a tool. A bad argument is a finding with an error; raises TradingError when it may be tried again."""
        ...

    async def known(self, desk_id: str, ids: Sequence[str]) -> frozenset[str]:
        """Those of these ids that are events, cycles, orders or memories of the desk."""
        ...


class Inquiries(Protocol):
    """Every question that was ever asked, and its answer."""

    async def begin(self, request: InquiryRequest) -> None:
        """Keep a question; one that is there stays."""
        ...

    async def end(self, request: InquiryRequest, report: InquiryReport) -> InquiryReport:
        """Keep its answer, once, with what it took by the ledger of spend; the answer is what was kept first."""
        ...

    async def newest(self, desk_id: str, limit: int) -> Sequence[InquiryLine]:
        """A desk's newest questions first."""
        ...
