"""Text from outside (news, another agent, a company's name) as data: cleaned, capped, in delimiters it cannot close."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

OPEN = "<untrusted>"
CLOSE = "</untrusted>"

# What no reader sees: control and format characters, surrogates, private use, tags, variation selectors, fillers.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2"
    "\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ud800-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"
    "\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U0010ffff]"
)
# Normalising sorts runs of combining marks in quadratic time: in pieces, a flood of them costs nothing.
_PIECE = 64
# Runs of letters; marks and digits between them join nothing.
_WORD = re.compile(r"[^\W\d_]+")
_LOOK_ALIKE = {"CYRILLIC", "GREEK", "COPTIC", "ARMENIAN", "CHEROKEE", "LISU"}
_MOST_WORDS = 4000
_BRACKETS = str.maketrans("<>", "\u2039\u203a")


def plain(text: str, limit: int) -> str:
    """The text as one visible line of at most `limit` characters: NFKC, nothing hidden, single spaces."""
    seen = _UNSEEN.sub("", text[: 4 * limit])
    if not seen.isascii():
        seen = _UNSEEN.sub("", _normal(seen, limit))
    return " ".join(seen.split())[:limit].rstrip()


def _normal(text: str, limit: int) -> str:
    """NFKC until there is enough: one compatibility character may grow into 18."""
    normal = ""
    for start in range(0, len(text), _PIECE):
        normal += unicodedata.normalize("NFKC", text[start : start + _PIECE])
        if len(normal) >= limit:
            break
    return normal


def enclose(text: str, limit: int) -> str:
    """Untrusted text in its envelope. No angle bracket survives inside, so nothing in the text can close it."""
    return f"{OPEN}{plain(text, limit).translate(_BRACKETS)}{CLOSE}"


def enclose_lines(text: str, limit: int) -> str:
    """As `enclose`, with the lines of a table left as lines."""
    lines = (plain(line, limit) for line in text[: 4 * limit].splitlines())
    shown = "\n".join(line for line in lines if line)[:limit]
    return f"{OPEN}{shown.translate(_BRACKETS)}{CLOSE}"


def mixed_scripts(texts: Iterable[str]) -> bool:
    """Whether a word of these texts mixes Latin letters with look-alikes of another alphabet: a disguise, or a slip."""
    return any(_mixed(word) for text in texts if not text.isascii() for word in _WORD.findall(plain(text, _MOST_WORDS)))


def _mixed(word: str) -> bool:
    if word.isascii():
        return False
    scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in word}
    return "LATIN" in scripts and not scripts.isdisjoint(_LOOK_ALIKE)


def opened(enclosed: str) -> str:
    """The text of an envelope, still untrusted."""
    return enclosed.removeprefix(OPEN).removesuffix(CLOSE)
