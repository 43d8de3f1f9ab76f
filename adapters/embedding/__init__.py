"""Models that turn texts into vectors: what they are given, and what is believed of their answers."""

from __future__ import annotations

from collections.abc import Sequence

NOTHING_SAID = "no words"
"""What stands for an empty text: a vector of nothing has no direction, and a vendor refuses it."""


def spoken(texts: Sequence[str]) -> list[str]:
    """Texts as a model is given them: on one line, and never empty."""
    return [" ".join(text.split()) or NOTHING_SAID for text in texts]
