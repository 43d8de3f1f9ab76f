"""OpenAI's embeddings, through its official SDK: one POST for all texts, without retries and read within a bound."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from adapters.embedding import spoken
from adapters.model_api import openai_wire, wire
from adapters.model_api.access import Access
from adapters.model_api.failures import asking
from trading.errors import ModelRefused
from trading.memory_ports import EMBEDDING_SIZE, Vector

Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e6, le=1e6)]


class _Embedded(wire.Shape):
    index: int
    embedding: list[Number]


class _Answer(wire.Shape):
    data: list[_Embedded]


class OpenAIEmbedder:
    """The port `Embedder`, over one client. Its name says the model, and not the address: who has two has two desks."""

    def __init__(self, access: Access, model: str) -> None:
        self.name = f"openai:{model}"
        self._model = model
        self._access = access
        self._client = openai_wire.client(access)

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """One unit vector a text. Raises ModelUnavailable or ModelRefused."""
        if not texts:
            return []
        async with asking(self._access, self._model, openai_wire.SDK):
            raw = await self._client.embeddings.with_raw_response.create(
                model=self._model, input=spoken(texts), dimensions=EMBEDDING_SIZE, encoding_format="float"
            )
        said = wire.read(raw.http_response, _Answer, self._access)
        found = {one.index: one.embedding for one in said.data}
        if len(said.data) != len(texts) or set(found) != set(range(len(texts))):
            raise ModelRefused(f"{self._access.vendor} answered {len(said.data)} vectors for {len(texts)} texts")
        return [self._unit(found[place]) for place in range(len(texts))]

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _unit(self, vector: list[float]) -> Vector:
        length = math.hypot(*vector)
        if len(vector) != EMBEDDING_SIZE or not length:
            words = (
                f"a vector of {len(vector)} numbers, of length {length:g}, and not {EMBEDDING_SIZE} that say something"
            )
            raise ModelRefused(
                f"{self._access.vendor} answered {self._model} with {words}: name another MEMORY_EMBEDDER"
            )
        return tuple(number / length for number in vector)
