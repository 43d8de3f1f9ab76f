"""Who comes to the page by a wrong address, with a wrong token, or with one that may only look."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.browser import WANTED, tab
from tests.web.api import Api, token
from trading.access import Scope

pytestmark = WANTED


@pytest.mark.parametrize("address", ["/nothing/here", "/cycle"])
async def test_an_address_without_a_page_leads_back_to_one(desk: Api, chromium: Browser, address: str) -> None:
    async with tab(chromium, base_url=desk.url) as one:
        one.expected.append("status of 404")
        answer = await one.page.goto(address)
        assert answer is not None
        assert answer.status == 404
        await expect(one.heading("There is no such page")).to_be_visible()
        await one.sound()
        await one.page.get_by_role("main").get_by_role("link", name="Overview").click()
        await expect(one.heading("Overview")).to_be_visible()


@pytest.mark.parametrize("accept", ["application/json", "*/*", "text/event-stream"])
async def test_a_program_is_told_a_problem(desk: Api, accept: str) -> None:
    answer = await desk.get("/nothing/here", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    answer = await desk.get("/api/nothing", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


async def test_an_address_that_is_no_text_is_an_unknown_name(desk: Api, chromium: Browser) -> None:
    async with tab(chromium, base_url=desk.url) as one:
        one.expected.append("status of 4")
        await one.page.goto("/strategies/%ff")
        await expect(one.page.get_by_role("main").get_by_role("alert")).to_be_visible()


async def test_a_token_that_does_not_count_is_named_as_the_reason(desk: Api, chromium: Browser) -> None:
    known = await token(desk.desk.books.engine, Scope.READ)
    try:
        async with tab(chromium, base_url=desk.url) as one:
            one.expected.append("status of 401")
            await one.page.goto("/")
            await expect(one.heading("The desk wants a token")).to_be_visible()
            await expect(one.page.get_by_role("alert")).to_have_count(0)
            await one.page.get_by_label("Token").fill(f"{known[:-1]}{'a' if known[-1] != 'a' else 'b'}")
            await one.button("Open").click()
            await expect(one.page.get_by_role("alert")).to_have_text("Not this one: there is no such token.")
            await one.sound()
            await one.page.get_by_label("Token").fill(known)
            await one.button("Open").click()
            await expect(one.heading("Overview")).to_be_visible()
            for address, button in (
                ("/ask", "Ask"),
                ("/log", "Verify now"),
                ("/log", "Write"),
                ("/cycles", "Run a cycle"),
            ):
                await one.page.goto(address)
                await expect(one.page.get_by_text("may not", exact=False).first).to_be_visible()
                await expect(one.button(button)).to_have_count(0)
    finally:
        for each in await desk.desk.tokens.listed():
            await desk.desk.tokens.revoke(each.token_id, each.created_at)


async def test_words_that_would_turn_around_are_written_as_what_they_are(desk: Api, chromium: Browser) -> None:
    async with tab(chromium, base_url=desk.url) as one:
        await one.page.goto("/log")
        await expect(one.page.get_by_text("live", exact=True)).to_be_visible()
        await desk.post("/api/events", {"text": "paid to \u202eecila"})
        await one.page.get_by_role("button", name="new line").click()
        await expect(one.page.get_by_text(r"paid to \u202eecila").first).to_be_visible()


async def test_on_a_phone_the_menu_shows_where_one_is(desk: Api, chromium: Browser) -> None:
    async with tab(chromium, base_url=desk.url, width=390) as one:
        await one.page.goto("/settings")
        link = one.page.get_by_role("navigation").get_by_role("link", name="Settings")
        await expect(link).to_be_in_viewport(ratio=0.9)
