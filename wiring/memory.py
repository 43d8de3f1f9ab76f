"""What embeds texts, by the settings."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from activities.memory import Shelf
from adapters.embedding.small import NAME, SmallEmbedder
from adapters.postgres.grounds import PostgresGrounds
from adapters.postgres.memory import PostgresMemory
from settings import Settings
from trading.memory_ports import Embedder
from wiring.model_names import Provider
from wiring.models import access_of


def shelf_of(settings: Settings, engine: AsyncEngine) -> Shelf:
    """Where the desk's memories lie. Raises BadConfiguration as `embedder_of`."""
    return Shelf(PostgresMemory(engine), PostgresGrounds(engine), embedder_of(settings), settings.memory.heed)


def embedder_of(settings: Settings) -> Embedder:
    """The embedder that is named. Raises BadConfiguration for a key that is missing or another vendor's."""
    name = settings.memory.embedder
    if name == NAME:
        return SmallEmbedder()
    access = access_of(settings.models, Provider.OPENAI)
    # The SDK takes a second to import: no process that asks nothing of it waits for it.
    from adapters.embedding.openai import OpenAIEmbedder  # noqa: PLC0415  see above

    return OpenAIEmbedder(access, name.partition(":")[2])
