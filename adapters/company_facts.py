"""Facts of companies, from the first that knows: what was kept, then the provider of prices.

Nobody is asked about what is known and fresh. When the provider fails, stale facts and the shipped table serve; only a
symbol of which nothing is known makes the failure one of the caller. Where the table has a symbol, its sector counts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import structlog

from adapters import sectors
from trading.companies import Company, merged
from trading.errors import MarketUnavailable, UnknownSymbol
from trading.instruments import Instrument
from trading.ports import Companies

Ask = Callable[[Sequence[str]], Awaitable[Sequence[Company]]]
"""Asks a provider for the facts of these symbols. Raises UnknownSymbol or MarketUnavailable."""

MOST_FAILURES = 2
"""Symbols of one look without an answer: then it is the provider that has none."""

log = structlog.get_logger()


class CompanyFacts:
    """The facts that one provider's market answers with."""

    def __init__(self, companies: Companies, ask: Ask) -> None:
        self._companies = companies
        self._ask = ask

    async def of(self, symbols: Sequence[str]) -> Mapping[str, Company]:
        """The facts of these symbols. Raises UnknownSymbol, or MarketUnavailable when nothing is known of one."""
        known = dict(await self._companies.find(symbols))
        now = datetime.now(UTC)
        wanted = [symbol for symbol in symbols if symbol not in known or not known[symbol].is_fresh(now)]
        if wanted:
            known |= await self._asked(wanted, known)
        return {symbol: _with_sector(known[symbol]) for symbol in symbols}

    async def of_today(self, symbols: Sequence[str]) -> Mapping[str, Company]:
        """What is known of these symbols by now, each told anew at most once a day.

        One that cannot be told costs the others nothing; after `MOST_FAILURES` nobody more is asked about.
        """
        known = dict(await self._companies.find(symbols))
        now, failures = datetime.now(UTC), 0
        for symbol in symbols:
            if symbol in known and known[symbol].is_of_today(now):
                continue
            try:
                known |= await self._told([symbol], known)
            except (MarketUnavailable, UnknownSymbol) as failure:
                failures += 1
                log.warning("nothing of today", symbol=symbol, reason=str(failure))
            if failures == MOST_FAILURES:
                break
        return known

    async def known(self, symbols: Sequence[str]) -> Mapping[str, Company]:
        """What is known without asking anybody."""
        return await self._companies.find(symbols)

    def listed(self, instruments: Iterable[Instrument]) -> list[Instrument]:
        """What a provider lists, with the sectors of the shipped table."""
        return [_TABLE.get(one.symbol, one) for one in instruments]

    async def _asked(self, wanted: Sequence[str], known: Mapping[str, Company]) -> dict[str, Company]:
        try:
            return await self._told(wanted, known)
        except MarketUnavailable as failure:
            listed = {s: _TABLE[s] for s in wanted if s in _TABLE and s not in known}
            if set(wanted) - known.keys() - listed.keys():
                raise
            log.warning("stale company facts serve", symbols=list(wanted), reason=str(failure))
            return {symbol: _from_table(instrument) for symbol, instrument in listed.items()}

    async def _told(self, wanted: Sequence[str], known: Mapping[str, Company]) -> dict[str, Company]:
        told = [merged(known.get(company.symbol), company) for company in await self._ask(wanted)]
        await self._companies.keep(told)
        return {company.symbol: company for company in told}


class CompaniesInMemory:
    """The port `Companies` for a process without a database: nothing outlives it."""

    def __init__(self) -> None:
        self._known: dict[str, Company] = {}

    async def find(self, symbols: Sequence[str]) -> Mapping[str, Company]:
        """What was kept of these symbols."""
        return {symbol: self._known[symbol] for symbol in symbols if symbol in self._known}

    async def keep(self, companies: Sequence[Company]) -> None:
        """Keep facts; newer ones stay."""
        for company in companies:
            held = self._known.get(company.symbol)
            if held is None or held.known_at <= company.known_at:
                self._known[company.symbol] = company


_TABLE: dict[str, Instrument] = sectors.read_instruments(Path(__file__).with_name(sectors.FILE_NAME))


def _from_table(instrument: Instrument) -> Company:
    return Company(**instrument.model_dump(), source=sectors.FILE_NAME, known_at=datetime.now(UTC))


def _with_sector(company: Company) -> Company:
    """The shipped table has the last word on sectors: the limits of every provider then count the same way."""
    listed = _TABLE.get(company.symbol)
    return company if listed is None else company.model_copy(update={"sector": listed.sector})
