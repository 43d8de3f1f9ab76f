"""From an X-Request-ID to the page of its trace."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.traces import trace_hex, trace_url


@given(st.text(min_size=1, max_size=160))
def test_every_name_has_one_trace_of_32_digits(name: str) -> None:
    digits = trace_hex(name)
    assert len(digits) == 32
    assert int(digits, 16) != 0
    assert trace_hex(name) == digits
    assert trace_hex(digits) == digits, "whoever has the digits finds the same trace"


def test_a_name_that_is_a_trace_already_stays_it() -> None:
    assert trace_hex("4BF92F3577B34DA6A3CE929D0E0E4736") == "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    "name", ["0" * 32, "4bf92f3577b34da6a3ce929d0e0e473", "4bf92f3577b34da6a3ce929d0e0e47365", "a"]
)
def test_any_other_is_the_first_half_of_its_hash(name: str) -> None:
    assert trace_hex(name) == hashlib.sha256(name.encode()).hexdigest()[:32]


def test_a_link_is_there_where_a_trace_store_is_named() -> None:
    assert trace_url("", "a") is None
    template = "http://127.0.0.1:16686/trace/{trace}"
    assert trace_url(template, "f" * 32) == f"http://127.0.0.1:16686/trace/{'f' * 32}"
