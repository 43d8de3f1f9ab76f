"""A small model that comes along with its weights: no network is asked, and the same words give the same vector."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from adapters.embedding import spoken
from trading.memory_ports import EMBEDDING_SIZE, Vector

if TYPE_CHECKING:
    from wordllama import WordLlama
    from wordllama.inference import WordLlamaInference

NAME = "wordllama"
# Texts side by side are padded to the longest: eight of a thousand tokens each are 8 MB.
_AT_ONCE = 8
_LOCK = Lock()


class SmallEmbedder:
    """The port `Embedder`: a text is the average of the vectors of its words, some thousand texts a second."""

    name = NAME

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """One unit vector a text. The model is loaded when it is first asked, in a third of a second, off the loop."""
        return await asyncio.to_thread(_embed, spoken(texts))


def _embed(texts: list[str]) -> list[Vector]:
    # Two threads would load it twice, and its tokenizer is not said to be for several at once.
    with _LOCK:
        vectors = _model().embed(texts, norm=True, batch_size=_AT_ONCE)
    return [tuple(map(float, vector)) for vector in vectors]


@cache
def _model() -> WordLlamaInference:
    import wordllama  # noqa: PLC0415  no process that embeds nothing waits for it

    # By itself it looks for its weights in a cache of the user's and on the network, and not where they came along.
    here = Path(wordllama.__file__).parent
    kind: type[WordLlama] = wordllama.WordLlama
    return kind.load(cache_dir=here, dim=EMBEDDING_SIZE, disable_download=True)
