"""What must not be told: secrets by their value, and what has the shape of one."""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "[redacted]"
# A shorter one would be found in every second word, and is no secret to anybody who tries.
_LEAST = 6
_SHAPES = re.compile(
    r"""(?ix)
    (?P<lead> :// | \bbearer\s+ | \b(?:password|passwd|secret|token|api[_-]?key|authorization)["']?\s*[=:]\s*["']?
            (?:(?:bearer|basic)\s+)?
        | /api/webhooks/ | /bot(?=\d) )
    (?P<held> (?<=://)[^/\s:@]+:[^/\s@]+(?=@) | (?<!://)[^\s"'&,;|]{6,} )
    | \bsk-[\w-]{12,} | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b | \beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]+
    """
)


class Redaction:
    """Masks these secrets wherever a text has them, and whatever looks like one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({one for one in secrets if len(one) >= _LEAST}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, text: str) -> str:
        """The text without them."""
        told = self._known.sub(MASK, text) if self._known else text
        return _SHAPES.sub(lambda found: f"{found['lead'] or ''}{MASK}", told)
