"""What a rule may say: one sound signal a symbol, of the symbols that it was shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import ValidationError

from trading.errors import BadRule
from trading.rules.view import View
from trading.signals import Signal

_LONGEST = 300


def vetted(source: str, said: object, view: View) -> tuple[Signal, ...]:
    """The signals by name of their symbols. Raises BadRule for an answer with anything in it that is none of them."""
    if not isinstance(said, Iterable) or isinstance(said, str | bytes | Mapping):
        raise BadRule(f"{source} gave {_a(said)} and no list of signals")
    found: dict[str, Signal] = {}
    for one in said:
        if not isinstance(one, Signal):
            raise BadRule(f"{source} gave {_a(one)} among its signals")
        signal = _sound(source, one)
        if signal.symbol not in view.symbols:
            raise BadRule(f"{source} gave a signal of {signal.symbol}, which it was not shown")
        if signal.symbol in found:
            raise BadRule(f"{source} gave two signals of {signal.symbol}")
        found[signal.symbol] = signal
    return tuple(found[symbol] for symbol in sorted(found))


def told(error: BaseException) -> str:
    """An exception of somebody's code in one line; of a record that cannot be, which field is wrong and why."""
    kind = type(error).__name__
    if isinstance(error, ValidationError):
        return _shortened(f"{kind}: {error.title}: {'; '.join(wrong_fields(error))}")
    try:
        return _shortened(f"{kind}: {error}".rstrip(": "))
    except Exception:  # noqa: BLE001  its words are somebody's code, too
        return kind


def wrong_fields(error: ValidationError) -> list[str]:
    """What is wrong with each field, a few words each."""
    lines = []
    for one in error.errors(include_url=False, include_context=False):
        field = ".".join(str(part) for part in one["loc"])
        message = one["msg"].removeprefix("Value error, ")
        lines.append(f"{field}: {message}" if field else message)
    return lines


def _sound(source: str, signal: Signal) -> Signal:
    """The signal validated once more: one can be made past its validation."""
    fields = {name: value for name, value in signal.__dict__.items() if name in Signal.model_fields}
    try:
        sound = Signal.model_validate(fields)
    except ValidationError as wrong:
        about = _shortened(str(fields.get("symbol", "nothing")))
        raise BadRule(_shortened(f"{source} gave a signal of {about} with {wrong_fields(wrong)[0]}")) from None
    if sound.weight is not None and sound.quantity is not None:
        raise BadRule(f"{source} gave a signal of {sound.symbol} with a weight and a quantity: one of them is meant")
    return sound


def _a(thing: object) -> str:
    return f"a {type(thing).__name__}"


def _shortened(words: str) -> str:
    return " ".join(words.split())[:_LONGEST]
