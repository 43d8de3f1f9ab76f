"""Who may see the page, and what it says when nobody answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser import WANTED, Tab, tab
from tests.conftest import free_port
from tests.web.api import Api, token
from trading.access import Scope
from web.serving import serving_web

pytestmark = WANTED


@pytest.fixture
async def reader(shown: Api) -> AsyncIterator[str]:
    """A token for reading alone; from its making to the test's end the desk lets in nobody without one."""
    yield await token(shown.desk.books.engine, Scope.READ)
    for one in await shown.desk.tokens.listed():
        await shown.desk.tokens.revoke(one.token_id, one.created_at)


async def enter(one: Tab, secret: str) -> None:
    await expect(one.heading("The desk wants a token")).to_be_visible()
    await one.page.get_by_label("Token").fill(secret)
    await one.button("Open").click()


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
async def test_a_desk_with_a_token_asks_for_it_and_shows_itself_to_who_has_it(
    shown: Api,
    reader: str,
    chromium: Browser,
    width: int,
    dark: bool,  # noqa: FBT001  of the parametrisation
) -> None:
    async with tab(chromium, width=width, dark=dark) as one:
        one.expected.append("status of 401")
        await one.page.goto(shown.url)
        await expect(one.heading("The desk wants a token")).to_be_visible()
        await one.sound()
        await enter(one, "<i>nobody's</i>")
        await enter(one, f"  {reader} ")
        await expect(one.page.get_by_role("banner")).to_contain_text("ACTIVE")
        await expect(one.heading("Overview")).to_be_visible()
        await expect(one.page.get_by_role("status").filter(has_text="live").first).to_have_text("live")
        assert reader not in one.page.url
        await one.page.reload()
        await expect(one.page.get_by_role("banner")).to_contain_text("ACTIVE")


async def test_a_token_is_of_one_tab_and_of_no_other(shown: Api, reader: str, chromium: Browser) -> None:
    async with tab(chromium) as one:
        one.expected.append("status of 401")
        await one.page.goto(shown.url)
        await enter(one, reader)
        await expect(one.page.get_by_role("banner")).to_contain_text("ACTIVE")
        other = await one.page.context.new_page()
        await other.goto(shown.url)
        await expect(other.get_by_role("heading", name="The desk wants a token")).to_be_visible()


async def look(page: Page, *, away: bool) -> None:
    """Turn to another tab or window, or back: a browser without a screen shows all of its pages."""
    said = "Object.defineProperty(document, 'hidden', { value: away, configurable: true })"
    await page.evaluate(f"away => {{ {said}; document.dispatchEvent(new Event('visibilitychange')); }}", away)


@pytest.mark.faults
async def test_tabs_that_nobody_looks_at_leave_room_for_others(shown: Api, chromium: Browser) -> None:
    async with tab(chromium) as one:
        pages = [one.page]
        for _ in range(7):
            await pages[-1].goto(f"{shown.url}/log")
            live = pages[-1].get_by_role("status").filter(has_text="live").first
            await expect(live).to_have_text("live")
            await look(pages[-1], away=True)
            pages.append(await one.page.context.new_page())
        await shown.post("/api/events", {"text": "while nobody looked"})
        await look(one.page, away=False)
        await expect(one.page.get_by_role("status").filter(has_text="live").first).to_have_text("live")
        await expect(one.page.get_by_role("list", name="Lines of the log")).to_contain_text("while nobody looked")


async def test_without_an_answer_the_page_says_so_and_comes_back_by_itself(shown: Api, chromium: Browser) -> None:
    port = free_port()
    async with AsyncExitStack() as up, tab(chromium) as one:
        # Each a way in which a server that ends leaves those who ask it.
        one.expected += ["ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE"]
        one.expected.append("ERR_INCOMPLETE_CHUNKED_ENCODING")
        address = await up.enter_async_context(serving_web(shown.desk, "127.0.0.1", port))
        await one.page.goto(address)
        live = one.page.get_by_role("status").filter(has_text="live").first
        await expect(live).to_have_text("live")
        await up.aclose()
        await expect(live).to_contain_text("not live")
        await one.page.get_by_role("link", name="Ask", exact=True).click()
        await expect(one.page.get_by_role("alert")).to_contain_text("The desk does not answer")
        await one.sound()
        await shown.post("/api/breaker/halt", {"reason": "while nobody looked"})
        async with serving_web(shown.desk, "127.0.0.1", port):
            await expect(live).to_have_text("live")
            await expect(one.page.get_by_role("banner")).to_contain_text("HALTED")
            await shown.post("/api/breaker/resume", {"reason": "it is over"})
            await expect(one.page.get_by_role("banner")).to_contain_text("ACTIVE")
            await one.page.goto("about:blank")
