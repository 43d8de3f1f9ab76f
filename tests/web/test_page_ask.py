"""Asking in the page: a question is text, and so is its answer."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.browser import WANTED, tab
from tests.web.api import Api

pytestmark = WANTED

ASKED = 'what do we hold? <img src=x onerror="document.title = 1">'


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
async def test_a_question_is_asked_and_answered_in_the_page(
    shown: Api,
    chromium: Browser,
    width: int,
    dark: bool,  # noqa: FBT001  of the parametrisation
) -> None:
    async with tab(chromium, width=width, dark=dark) as ask:
        await ask.open(f"{shown.url}/ask")
        await ask.page.get_by_label("Question").fill(ASKED)
        await ask.button("Ask").click()
        await expect(ask.page.get_by_text("Answered.", exact=True)).to_be_visible()
        answer = ask.page.get_by_role("article").filter(has=ask.heading(ASKED)).first
        await expect(answer).to_contain_text("rules-1")
        assert "Ask the desk" in await ask.page.title()
        await ask.sound()
