"""What the desk refuses, as the page says it: in words, at the field that it is about."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, expect

from tests.browser import WANTED, tab
from tests.web.api import Api

pytestmark = WANTED

TICKER = "is no ticker, such as AAPL or BRK.B"


@pytest.mark.parametrize("page", ["/memory?text=a%20dip&", "/decisions?"])
async def test_a_filter_that_cannot_be_says_so_in_words(shown: Api, chromium: Browser, page: str) -> None:
    async with tab(chromium, base_url=shown.url) as one:
        one.expected.append("status of 422")
        await one.open(f"{page}symbol=aapl!")
        await expect(one.page.get_by_role("alert")).to_contain_text(f"symbol: {TICKER}")
        await one.sound()


async def test_a_strategy_that_cannot_be_is_marked_field_by_field(shown: Api, chromium: Browser) -> None:
    async with tab(chromium, base_url=shown.url) as one:
        one.expected.append("status of 422")
        await one.open("/strategies")
        await one.page.get_by_role("button", name="Add a strategy …").click()
        await one.page.get_by_label("Name", exact=True).fill("momentum")
        await one.page.get_by_label("Allocation, %").fill("150")
        await one.page.get_by_label("Symbols", exact=True).fill("AAPL, aapl!")
        await one.button("Add").click()
        await expect(one.page.get_by_label("Allocation, %")).to_have_accessible_description(
            re.compile(r"Must be 100 % or less\.$")
        )
        await expect(one.page.get_by_text(f"One of them {TICKER}.")).to_be_visible()
        await one.sound()
