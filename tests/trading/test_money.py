"""Amounts are exact or refused, and no record of the rules holds what could not be."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import AwareDatetime, TypeAdapter, ValidationError

from tests.making import AT, PLAIN, example, fields_of, hints, mentions, record_types, value_of
from trading.instruments import Symbol
from trading.money import (
    MOST_SHARES,
    MOST_TEXT,
    DeskId,
    Dollars,
    Fraction,
    Identifier,
    Price,
    Quantity,
    Ratio,
    Record,
    SignedQuantity,
    Text,
    cents,
    notional,
    tick,
    whole_shares,
)
from trading.signals import Score

NAMES = {
    "Dollars": Dollars,
    "Price": Price,
    "Quantity": Quantity,
    "SignedQuantity": SignedQuantity,
    "Fraction": Fraction,
    "Ratio": Ratio,
    "Score": Score,
    "Symbol": Symbol,
    "Identifier": Identifier,
    "DeskId": DeskId,
    "AwareDatetime": AwareDatetime,
}
MONEY = ("Dollars", "Price", "Quantity", "SignedQuantity", "Fraction")
NEVER_MONEY: list[object] = [
    *("NaN", "sNaN", "-NaN", "Infinity", "-Infinity", "1E+400", "-1E+400", "1E-400", "0.1234567891"),
    *("", "ten", "1,000"),
    *(Decimal("NaN"), Decimal("Infinity"), Decimal("1E+400"), 10.0, 0.1, float("nan"), True, False, None, [], b"\xff"),
]
BAD: dict[str, list[object]] = {
    "Dollars": [*NEVER_MONEY, "0.001", "1000000000000000.01", "-1000000000000000.01"],
    "Price": [*NEVER_MONEY, 0, "-0", -1, "-0.01", "0.0000001", "10000000.01"],
    "Quantity": [*NEVER_MONEY, -1, "-0.000000001", "0.0000000001", "1000000000.1"],
    "SignedQuantity": [*NEVER_MONEY, "-1000000000.1", "1000000000.1"],
    "Fraction": [*NEVER_MONEY, "-0.00000001", "1.00000001", 2, "0.123456789"],
    "Ratio": [float("nan"), float("inf"), -float("inf"), "NaN", "1e400", None],
    "Score": [float("nan"), float("inf"), -0.01, 1.01, None],
    "Symbol": [
        *("\u0410APL", "A\u0391PL", "\uff21APL", "A\u200bAPL", "aapl", "Aapl"),
        *("", "AAPL\n", " AAPL", "AAPL MSFT", "1AAPL", "TOOLONGG", "BRK.", "BRK.BBB"),
    ],
    "Identifier": ["", "-a", "a b", "a\n", "a\nb", "é", "a" * 161, "a;b", None],
    "DeskId": ["", "Paper", "paper_1", "-paper", "p" * 32, "paper\n", None],
    "AwareDatetime": [AT.replace(tzinfo=None), AT.replace(tzinfo=None).isoformat(), "yesterday", None],
}
RECORDS = record_types()
PLACES = [
    pytest.param(record, field, name, id=f"{record.__name__}.{field}-{name}")
    for record in RECORDS
    for field, hint in hints(record).items()
    for name, kind in NAMES.items()
    if mentions(hint, kind)
]


@pytest.mark.parametrize(("name", "bad"), [(name, bad) for name, bads in BAD.items() for bad in bads])
def test_an_amount_or_a_name_that_could_not_be_is_refused(name: str, bad: object) -> None:
    adapter: TypeAdapter[object] = TypeAdapter(NAMES[name])
    with pytest.raises(ValidationError):
        adapter.validate_python(bad)


@pytest.mark.parametrize(("record", "field", "name"), PLACES)
def test_every_field_of_every_record_refuses_it_too(record: type[Record], field: str, name: str) -> None:
    bads = [bad for bad in BAD[name] if bad is not None]
    for bad in bads:
        poisoned = tuple((kind, bad if kind is NAMES[name] else plain) for kind, plain in PLAIN)
        fields = fields_of(record) | {field: value_of(hints(record)[field], poisoned)}
        with pytest.raises(ValidationError):
            record.model_validate(fields)


@pytest.mark.parametrize("record", RECORDS)
def test_every_record_is_whole_frozen_and_refuses_what_it_does_not_know(record: type[Record]) -> None:
    made = example(record)
    field = next(iter(record.model_fields))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(made, field, getattr(made, field))
    with pytest.raises(ValidationError, match="Extra inputs"):
        record.model_validate(fields_of(record) | {"unheard_of": 1})
    assert record.model_validate_json(made.model_dump_json()) == made


def test_no_record_holds_an_amount_of_an_open_kind() -> None:
    open_kinds = [f"{r.__name__}.{f}" for r in RECORDS for f, hint in hints(r).items() if hint in {Decimal, datetime}]
    assert open_kinds == []


@pytest.mark.parametrize(
    ("kind", "given", "held"),
    [
        (Dollars, "-0", "0"),
        (Dollars, "-0.00", "0.00"),
        (Dollars, "10.10", "10.10"),
        (Dollars, "1E+2", "100"),
        (Dollars, "10.100000", "10.10"),
        (Dollars, "1000000000000000", "1E+15"),
        (Dollars, "-1000000000000000.00", "-1E+15"),
        (Price, "0.000001", "0.000001"),
        (Price, "10000000", "1E+7"),
        (Quantity, 3, "3"),
        (Quantity, "-0", "0"),
        (Quantity, "0.000000001", "0.000000001"),
        (Quantity, "1E+9", "1000000000"),
        (SignedQuantity, "-1000000000", "-1E+9"),
        (Fraction, "1.00000000", "1"),
        (Fraction, "-0", "0"),
    ],
)
def test_what_is_held_is_exactly_what_was_given(kind: Any, given: object, held: str) -> None:
    amount: Decimal = TypeAdapter(kind).validate_python(given)
    assert amount == Decimal(held)
    assert not (amount == 0 and amount.is_signed())


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [
        ("0.004", "0.00"),
        ("0.005", "0.00"),
        ("0.015", "0.02"),
        ("0.025", "0.02"),
        ("0.0250000000000001", "0.03"),
        ("-0.005", "0.00"),
        ("-0.015", "-0.02"),
        ("1.995", "2.00"),
        ("999999999999999.995", "1000000000000000.00"),
    ],
)
def test_cents_round_half_to_even(amount: str, rounded: str) -> None:
    assert cents(Decimal(amount)) == Decimal(rounded)


@pytest.mark.parametrize(
    ("quantity", "price", "dollars"),
    [
        ("3", "33.335", "100.00"),
        ("-3", "33.335", "100.00"),
        ("0.000000001", "0.000001", "0.00"),
        ("999999999.999999999", "9999999.999999", "9999999999998999.99"),
        # Rounded first to 28 digits this would be a half, and a cent more.
        ("100005000.000000002", "9999999.999999", "1000049999999900.01"),
    ],
)
def test_a_notional_is_rounded_to_the_cent_once(quantity: str, price: str, dollars: str) -> None:
    assert notional(Decimal(quantity), Decimal(price)) == Decimal(dollars)


@pytest.mark.parametrize(
    ("dollars", "price", "shares"),
    [
        ("100", "33.34", "2"),
        ("99.99", "33.33", "3"),
        ("99.98", "33.33", "2"),
        ("0", "1", "0"),
        ("-500", "1", "0"),
        ("1E+15", "0.000001", f"{MOST_SHARES}"),
    ],
)
def test_dollars_buy_whole_shares(dollars: str, price: str, shares: str) -> None:
    bought = whole_shares(Decimal(dollars), Decimal(price))
    assert bought == Decimal(shares)
    assert not bought.is_signed()


@pytest.mark.parametrize(("price", "step"), [("0.9999", "0.0001"), ("1", "0.01"), ("150", "0.01")])
def test_ticks_are_cents_from_one_dollar_up(price: str, step: str) -> None:
    assert tick(Decimal(price)) == Decimal(step)


def test_words_are_capped() -> None:
    words: TypeAdapter[str] = TypeAdapter(Text)
    assert words.validate_python("x" * MOST_TEXT) == "x" * MOST_TEXT
    with pytest.raises(ValidationError):
        words.validate_python("x" * (MOST_TEXT + 1))
