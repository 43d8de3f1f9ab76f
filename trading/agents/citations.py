"""Whether the numbers in an agent's words are numbers that it was told: a number that is not is a concern.

A number is borne out when a number of the facts, or of the answer's own fields, equals it without its sign: within its
last written digit, or within half a percent. `12.3 %` and `30 bps` also stand for the fractions 0.123 and 0.003,
`2.1M` for 2,100,000. Numbers inside of quoted words (a headline, another agent's argument) bear nothing out: they are
claims.

Not looked at, because they cite nothing:

| what | for example |
|---|---|
| whole numbers to ten, without a sign of money or percent | 3 of 5 |
| spans of time | 200-day, 52-week, 50/200-day, 5 sessions, 20d |
| names and their windows | SMA200, RSI(14), MACD (12, 26, 9), S&P 500 |
| multiples | 2.5x, 1.5 ATR, 2:1 |
| round marks from 5 to 100 after a comparison | RSI below 70 |
| the agent's own judgement | score 0.62, confidence 0.7, votes +0.85 |

Numbers written as words are not found. A number that the agent worked out itself counts as not told: prompts say so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from pydantic import JsonValue

from trading.agents.envelope import opened
from trading.signals import Argument, Decision, RiskAssessment, Signal, Validation

MOST_NAMED = 12
_MOST_LENGTH = 40
_NEAR = 0.005
_SMALL = 10
_ROUND_STEP, _ROUND_MOST = 5, 100

_PLAIN = r"\d{1,6}(?:\.\d{1,4})?"
_SPAN = r"\d{1,3}(?:(?:/|-|–| to | or )\d{1,3}){0,3}"
_TIME = r"(?:days?|d|sessions?|weeks?|wks?|w|months?|mo|years?|yrs?|y|bars?|hours?|h|minutes?|periods?|quarters?)"
_INDICATOR = r"(?:sma|ema|ma|dma|rsi|atr|macd|bollinger|bands?|return|volatility|zscore|z-score)"
_WINDOW = r"(?:5|9|12|14|20|26|50|60|200)"
_CITES_NOTHING = re.compile(
    rf"(?<![\d.,])(?:"
    rf"{_SPAN}[ -]?{_TIME}(?![a-z])"
    rf"|{_PLAIN}(?:st|nd|rd|th)(?![a-z])"
    rf"|{_PLAIN}\s?(?:x|×|times|atrs?|atr_14|sigma)(?![a-z_])"
    rf"|\d{{1,2}}(?::|-to-)\d{{1,2}}(?![\d.])"
    rf")"
    rf"|(?<![a-z]){_INDICATOR}[ _-]?(?:\(\s?{_WINDOW}(?:\s?,\s?{_WINDOW}){{0,2}}\s?\)|{_WINDOW}(?![\d.,%]|\s?%))"
    rf"|[a-z_]+_{_WINDOW}d?(?!\d)"
    rf"|(?:s&p|russell|nasdaq|dow|ftse|nikkei)[ -]?\d{{2,4}}(?!\d)"
    rf"|(?:scores?|votes?|confidence|probability|risk|rank)(?:\s(?:is|of|at|stays?|near))?[ =:]{{0,2}}[-+−]?{_PLAIN}"
    rf"(?:\s(?:of|and)\s{_PLAIN})*",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?P<before>(?:below|above|under|over|beyond|past|near|than|least|most|exceeds|[<>≤≥])\s?(?:the\s)?)?"
    r"(?P<money>\$\s?)?(?<![A-Za-z\d.])(?P<digits>(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?)"
    r"\s?(?P<unit>%|percent|per cent|pct|bps|basis points|thousand|million|billion|bn|mn|[kmb](?![a-z]))?",
    re.IGNORECASE,
)
_SCALES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "million": 1e6, "b": 1e9, "bn": 1e9, "billion": 1e9}
_BPS = {"bps", "basis points"}


Said = TypeVar("Said", Signal, RiskAssessment, Validation, Decision, Argument)


def checked(said: Said, told: Mapping[str, Any]) -> Said:
    """What an agent said, with the numbers in its words that neither its facts nor its own answer bear out."""
    own: dict[str, Any] = said.model_dump()
    words: list[str] = [own.pop(name, "") for name in ("reasoning", "rationale", "rebuttal")]
    found = unsupported([*words, *own.pop("concerns", ()), *own.pop("points", ())], told, own)
    return said.model_copy(update={"uncited": found})


class _Cited(NamedTuple):
    """A number in the text: its value, the worth of its last digit, its unit, and whether it is a bare whole number."""

    written: str
    value: float
    last: float
    unit: str
    bare: bool
    compared: bool


def unsupported(words: Iterable[str], *told: JsonValue | Mapping[str, Any]) -> tuple[str, ...]:
    """The numbers in these words that nothing told bears out, as they are written, each once, at most twelve."""
    known = sorted({abs(number) for facts in told for number in _numbers(facts)})
    clean = _without_names(told)
    found = (cited for text in words for cited in _cited(clean(text)))
    wrong = dict.fromkeys(
        cited.written for cited in found if not _cites_nothing(cited) and not _borne_out(cited, known)
    )
    return tuple(wrong)[:MOST_NAMED]


def _numbers(value: Any) -> Iterator[float]:
    """Every number of a JSON value; what stands in texts is no number."""
    match value:
        case bool():
            return
        case int() | float() | Decimal():
            yield float(value)
        case Mapping():
            for item in value.values():
                yield from _numbers(item)
        case list() | tuple():
            for item in value:
                yield from _numbers(item)


def _cited(text: str) -> Iterator[_Cited]:
    for found in _NUMBER.finditer(_CITES_NOTHING.sub(" ", text)):
        whole, _, decimals = found["digits"].replace(",", "").partition(".")
        unit = (found["unit"] or "").lower()
        yield _Cited(
            written=" ".join(found[0].removeprefix(found["before"] or "").split())[:_MOST_LENGTH],
            value=float(f"{whole}.{decimals or 0}"),
            last=10.0 ** -len(decimals),
            unit=unit,
            bare=not (decimals or unit or found["money"]),
            compared=found["before"] is not None,
        )


def _cites_nothing(cited: _Cited) -> bool:
    if not cited.bare:
        return False
    marks = cited.compared and cited.value <= _ROUND_MOST and not cited.value % _ROUND_STEP
    return cited.value <= _SMALL or marks


def _borne_out(cited: _Cited, known: Iterable[float]) -> bool:
    scales = _scales(cited.unit)
    return any(_same(cited.value * scale, number, cited.last * scale) for number in known for scale in scales)


def _scales(unit: str) -> tuple[float, ...]:
    if unit in _BPS:
        return (0.0001,)
    return (_SCALES[unit],) if unit in _SCALES else (1.0, 0.01) if unit else (1.0,)


def _same(cited: float, known: float, last: float) -> bool:
    """Rounded to its last digit, or cut off there; a little of either is binary's."""
    little = 1e-9 * max(known, last)
    return -last / 2 - little <= known - cited < last + little or abs(known - cited) <= _NEAR * known


def _without_names(told: Iterable[Any]) -> Callable[[str], str]:
    """A cleaner that takes names with digits in them (3M) out of a text."""
    parts = {part for facts in told if isinstance(facts, Mapping) for part in _name_parts(facts)}
    if not parts:
        return str
    either = "|".join(re.escape(part) for part in sorted(parts))
    pattern = re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)
    return lambda text: pattern.sub(" ", text)


def _name_parts(facts: Mapping[str, Any]) -> Iterator[str]:
    name = facts.get("name")
    if isinstance(name, str):
        yield from (
            part for part in opened(name).split() if not part.isalpha() and any(sign.isalpha() for sign in part)
        )
