"""Ten thousand amounts: each is held exactly or refused, rounded once, and comes back from JSON as it went."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction as Exact

from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from tests.examples import examples
from tests.making import PLAIN, hints, mentions, record_types
from tests.making import example as example_of
from trading.money import (
    Dollars,
    Fraction,
    Price,
    Quantity,
    Record,
    SignedQuantity,
    cents,
    notional,
    whole_shares,
)

# Least, most, decimal places and whether nought itself is allowed.
BOUNDS = {
    "Dollars": (Dollars, Decimal("-1e15"), Decimal("1e15"), 2),
    "Price": (Price, Decimal("1e-6"), Decimal("1e7"), 6),
    "Quantity": (Quantity, Decimal(0), Decimal("1e9"), 9),
    "SignedQuantity": (SignedQuantity, Decimal("-1e9"), Decimal("1e9"), 9),
    "Fraction": (Fraction, Decimal(0), Decimal(1), 8),
}
ADAPTERS: dict[str, TypeAdapter[Decimal]] = {name: TypeAdapter(kind) for name, (kind, *_) in BOUNDS.items()}
MONEY_RECORDS = [
    record
    for record in record_types()
    if any(mentions(hint, kind) for hint in hints(record).values() for kind, *_ in BOUNDS.values())
]


def decimals(least: float, most: float, places: int) -> st.SearchStrategy[Decimal]:
    """Decimals of so many places, many times faster than `st.decimals`."""
    unit = 10**places
    return st.integers(round(least * unit), round(most * unit)).map(lambda n: Decimal(n).scaleb(-places))


written = st.one_of(
    st.tuples(st.integers(-(10**18), 10**18), st.integers(-12, 400)).map(lambda n: Decimal(n[0]).scaleb(n[1])),
    decimals(-2, 2, 10),
    st.integers(-(10**16), 10**16),
    st.floats(),
    st.booleans(),
    decimals(-(10**9), 10**9, 9).map(str),
    st.sampled_from(["NaN", "-Infinity", "1E+400", "-0", "-0.00", "1e-7", "0x10", "\u00bd", "\u0661", "1_000", " 1 "]),
)
dollars = decimals(-1e13, 1e13, 2)
prices = decimals(1e-6, 1e7, 6)
quantities = decimals(0, 1e9, 9)


def may_be(name: str, value: object) -> bool:
    """Whether this is an amount of its kind, worked out without the library that judges it."""
    if isinstance(value, (bool, float)):
        return False
    try:
        exact = Decimal(value)  # type: ignore[arg-type]  # floats are out already
    except ArithmeticError:
        return False
    _, least, most, places = BOUNDS[name]
    return exact.is_finite() and least <= exact <= most and (Exact(exact) * 10**places).denominator == 1


@given(name=st.sampled_from(sorted(BOUNDS)), value=written)
@examples(200, 4500)
def test_an_amount_is_held_exactly_or_refused(name: str, value: object) -> None:
    try:
        held = ADAPTERS[name].validate_python(value)
    except ValidationError:
        assert not may_be(name, value)
    else:
        assert may_be(name, value)
        assert held == Decimal(value)  # type: ignore[arg-type]  # it was allowed, so it is a number
        assert held or not held.is_signed()


@given(quantity=quantities, price=prices)
@example(quantity=Decimal("100005000.000000002"), price=Decimal("9999999.999999"))
@examples(200, 2000)
def test_a_notional_is_the_exact_product_rounded_once(quantity: Decimal, price: Decimal) -> None:
    found = notional(quantity, price)
    exact = Exact(quantity) * Exact(price)
    assert Exact(found) == Exact(round(exact * 100), 100)  # round() of a fraction is half to even
    assert found == cents(found) == notional(-quantity, price)


@given(held=dollars, price=prices)
@examples(200, 1000)
def test_whole_shares_cost_no_more_than_the_dollars(held: Decimal, price: Decimal) -> None:
    shares = whole_shares(held, price)
    assert shares == max(min(Exact(held) // Exact(price), 10**9), 0)


@given(amounts=st.lists(dollars, min_size=3, max_size=3), order=st.permutations(range(3)))
@examples(200, 1000)
def test_dollars_add_up_the_same_in_any_order(amounts: list[Decimal], order: list[int]) -> None:
    a, b, c = amounts
    with localcontext(prec=60):
        exact = a + b + c
    assert (a + b) + c == a + (b + c) == exact
    assert sum((amounts[i] for i in order), Decimal(0)) == exact
    assert cents(a) + cents(b) == cents(a + b)


@given(
    record=st.sampled_from(MONEY_RECORDS),
    amounts=st.fixed_dictionaries(
        {
            "Dollars": decimals(-1e15, 1e15, 2),
            "Price": prices,
            "Quantity": decimals(1e-9, 1e9, 9),
            "SignedQuantity": decimals(-1e9, 1e9, 9),
            "Fraction": decimals(0, 1, 8),
        }
    ),
)
@examples(200, 1500)
def test_every_record_with_money_comes_back_from_json(record: type[Record], amounts: dict[str, Decimal]) -> None:
    replaced = [(kind, amounts[name]) for name, (kind, *_) in BOUNDS.items()]
    made = example_of(record, (*replaced, *PLAIN))
    again = record.model_validate_json(made.model_dump_json())
    assert again == made
    assert again.model_dump_json() == made.model_dump_json()
