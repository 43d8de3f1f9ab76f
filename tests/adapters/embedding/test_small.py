"""The embedder that comes along: no network, the same words the same vector, like words near."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from adapters.embedding.small import SmallEmbedder
from tests.adapters.embedding.sentences import DISSIMILAR, SIMILAR
from trading.memory_ports import EMBEDDING_SIZE

LIKE = 0.25
"""The cosine from which on two sentences count as alike: between the two kinds of pairs."""
ENOUGH = 0.9
"""Of 40 pairs 39 or 40 were told right when this was written; four may be lost to another version."""


async def test_vectors_are_of_unit_length_and_the_same_each_time() -> None:
    texts = ["a breakout", "", " \n\t", "\N{WHITE SMILING FACE}", "word " * 800]
    first, second = await SmallEmbedder().embed(texts), await SmallEmbedder().embed(texts)
    assert first == second
    assert [len(vector) for vector in first] == [EMBEDDING_SIZE] * 5
    assert [float(np.linalg.norm(vector)) for vector in first] == pytest.approx([1] * 5, abs=1e-5)
    assert first[1] == first[2]
    assert await SmallEmbedder().embed([]) == []


async def test_a_text_means_the_same_beside_others() -> None:
    alone = await SmallEmbedder().embed(["volume dried up"])
    beside = await SmallEmbedder().embed(["a long one " * 90, "volume dried up"])
    assert beside[1] == pytest.approx(alone[0], abs=1e-6)


async def test_like_sentences_are_told_from_others() -> None:
    like, unlike = [await cosines(pairs) for pairs in (SIMILAR, DISSIMILAR)]
    right = int((like > LIKE).sum() + (unlike <= LIKE).sum())
    print(f"\n{right} of 40 pairs are told right; like {like.mean():.2f}, unlike {unlike.mean():.2f} on average")  # noqa: T201  what is asked for
    assert right >= ENOUGH * 40


async def test_of_all_sentences_its_own_pair_is_mostly_the_nearest() -> None:
    asked, kept = [np.array(await SmallEmbedder().embed([pair[side] for pair in SIMILAR])) for side in (0, 1)]
    found = int(((asked @ kept.T).argmax(axis=1) == np.arange(len(SIMILAR))).sum())
    print(f"\nof {len(SIMILAR)} sentences {found} find their pair first")  # noqa: T201  what is asked for
    assert found >= ENOUGH * len(SIMILAR)


async def cosines(pairs: tuple[tuple[str, str], ...]) -> NDArray[np.float64]:
    first, second = [np.array(await SmallEmbedder().embed([pair[side] for pair in pairs])) for side in (0, 1)]
    together: NDArray[np.float64] = (first * second).sum(axis=1)
    return together
