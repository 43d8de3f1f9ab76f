"""Numbers as they stand on the page, their sign always written, so that no colour has to tell it."""

from __future__ import annotations

from math import isfinite

NOTHING = "–"
MINUS = "−"
_SCALES = ((1e9, "B"), (1e6, "M"), (1e3, "k"))
_SCALED_FROM = 10_000
_MOST_DIGITS = 9
_NOISE = 1e-9


def dollars(value: float, *, sign: bool = False) -> str:
    """Dollars to the cent."""
    return _signed(f"{abs(value):,.2f}", value, "$", sign=sign)


def percent(value: float, digits: int = 2, *, sign: bool = False) -> str:
    """A fraction as percent."""
    return _signed(f"{abs(value) * 100:,.{digits}f}%", value, "", sign=sign)


def short_percent(value: float) -> str:
    """A fraction as percent in few letters, for a cell: `−12.3`."""
    return _signed(f"{abs(value) * 100:.1f}", value, "")


def price(value: float) -> str:
    """Dollars a share, to the cent and finer below a dollar or where a price has more digits."""
    return _signed(f"{abs(value):,.4f}" if abs(value) < 1 else f"{abs(value):,.2f}", value, "")


def shares(value: float) -> str:
    """Shares, whole where they are."""
    return _signed(f"{abs(value):,.6f}".rstrip("0").rstrip("."), value, "")


def compact(value: float, step: float = 0.0, unit: str = "$", like: float | None = None) -> str:
    """A tick in few letters: digits enough to tell it from the next, a `step` away; in thousands where `like` is."""
    size = abs(value if like is None else like)
    scale, letter = next(((by, name) for by, name in _SCALES if size >= max(by, _SCALED_FROM)), (1.0, ""))
    digits = next((few for few in range(_MOST_DIGITS) if _whole(step / scale * 10**few)), _MOST_DIGITS)
    return _signed(f"{abs(value) / scale:,.{digits}f}{letter}", value, unit)


def _whole(value: float) -> bool:
    return abs(value - round(value)) < _NOISE * max(1.0, abs(value))


def _signed(digits: str, value: float, unit: str, *, sign: bool = False) -> str:
    """Digits that came out as nothing have no sign."""
    if not isfinite(value):
        return NOTHING
    zero = not any(letter in "123456789" for letter in digits)
    before = "" if zero else MINUS if value < 0 else "+" if sign else ""
    return f"{before}{unit}{digits}"
