"""Who takes the orders, by the settings."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.paper_broker import PaperBroker, PaperTerms
from settings import Settings
from trading.ports import Market


def broker_of(settings: Settings, engine: AsyncEngine, market: Market) -> PaperBroker:
    """The broker that the settings name: the one on paper, with its terms."""
    terms = PaperTerms.model_validate(settings.paper.model_dump())
    return PaperBroker(engine, market, terms, settings.trading.opening_cash)
