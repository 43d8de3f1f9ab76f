"""What a person does on the pages, from the first click to what came of it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect

from tests.browser import WANTED, Tab, tab
from tests.web.api import Api, token
from tests.web.material import MARKUP, furnish
from trading.access import Scope

pytestmark = WANTED


@pytest.fixture(scope="module")
async def furnished(shown: Api, tmp_path_factory: pytest.TempPathFactory) -> Api:
    await furnish(shown, tmp_path_factory.mktemp("runs"))
    return shown


@pytest.fixture
async def one(furnished: Api, chromium: Browser) -> AsyncIterator[Tab]:
    async with tab(chromium, base_url=furnished.url) as made:
        yield made


async def test_a_cycle_is_asked_for_and_arrives_while_one_looks(one: Tab) -> None:
    page = one.page
    await one.open("/cycles")
    await page.get_by_label("Symbols").fill("aapl, msft")
    await one.button("Run a cycle").click()
    await expect(one.heading(re.compile(r"^Cycle \w+-.+"))).to_be_visible()
    await expect(page).to_have_url(re.compile(r"/cycles/.+"))
    loads = len([each for each in one.requests if each.endswith("/page/main.js")])
    await expect(page.get_by_text("took")).to_be_visible()
    for symbol in ("AAPL", "MSFT"):
        await expect(page.get_by_role("main")).to_contain_text(symbol)
    assert len([each for each in one.requests if each.endswith("/page/main.js")]) == loads, "it came without a reload"
    await one.sound()
    await page.get_by_role("navigation", name="Pages").get_by_role("link", name="Cycles").click()
    await expect(page.get_by_role("table", name="Cycles").get_by_role("row")).to_have_count(3)


async def test_a_cycle_that_cannot_be_is_refused_where_it_was_asked_for(one: Tab) -> None:
    one.expected.append("status of 4")
    await one.open("/cycles")
    await one.page.get_by_label("Symbols").fill(MARKUP)
    await one.button("Run a cycle").click()
    await expect(one.page.get_by_role("region", name="Run a cycle").get_by_role("alert")).to_be_visible()
    await expect(one.page).to_have_url(re.compile(r"/cycles$"))
    await one.sound()


async def test_a_note_is_written_and_the_note_of_another_comes_by_itself(one: Tab, furnished: Api) -> None:
    page = one.page
    await one.open("/log")
    await one.heading("Write a note").click()
    await page.get_by_role("textbox", name="Note").fill(f"{MARKUP} was here")
    await one.button("Write").click()
    lines = page.get_by_role("list", name="Lines of the log").get_by_role("listitem")
    await expect(lines.first).to_contain_text(f"{MARKUP} was here")
    await expect(page.get_by_role("status").filter(has_text="live").first).to_have_text("live")
    await furnished.post("/api/events", {"text": "and so was another"})
    await page.get_by_role("button", name="1 new line").click()
    await expect(lines.first).to_contain_text("and so was another")
    await one.sound()


async def test_the_chain_is_looked_at_from_its_first_line(one: Tab) -> None:
    await one.open("/log")
    await one.button("Verify now").click()
    await expect(one.page.get_by_text(re.compile(r"^Sound: \d+ lines say what was sealed"))).to_be_visible()


async def test_a_tear_sheet_is_shown_in_a_frame_and_can_do_nothing_there(one: Tab) -> None:
    await one.open("/backtests")
    await one.page.get_by_role("link", name="long", exact=True).click()
    frame = one.page.get_by_title("Tear sheet")
    await frame.scroll_into_view_if_needed()
    assert await frame.get_attribute("sandbox") == ""
    await expect(frame.content_frame.get_by_role("heading", level=1)).to_be_visible()
    await expect(frame.content_frame.get_by_text(MARKUP).first).to_be_visible()
    async with one.page.context.expect_page() as opened:
        await one.page.get_by_role("link", name="Open the tear sheet alone").click()
    alone = await opened.value
    await expect(alone.get_by_role("heading", level=1)).to_be_visible()


async def test_two_backtests_stand_beside_each_other(one: Tab) -> None:
    page = one.page
    await one.open("/backtests")
    compare = one.button("Compare")
    await page.get_by_label("Choose long").check()
    await expect(compare).to_be_disabled()
    await page.get_by_label("Choose short").check()
    await compare.click()
    await expect(one.heading("Backtests beside each other")).to_be_visible()
    await expect(page.get_by_role("img", name="What 100 dollars became in each run")).to_be_visible()
    numbers = page.get_by_role("table", name="Numbers of each run")
    await expect(numbers.get_by_role("row", name=re.compile("Sessions"))).to_contain_text("300")
    await expect(numbers.get_by_role("row", name=re.compile("Sessions"))).to_contain_text("100")
    await page.go_back()
    await expect(one.heading("Backtests")).to_be_visible()


async def test_memory_is_searched_and_says_what_came_of_it(one: Tab) -> None:
    page = one.page
    await one.open("/memory")
    await page.get_by_role("searchbox").fill("the price broke out above its average")
    await one.button("Search").click()
    found = page.get_by_role("article")
    await expect(found).to_have_count(2)
    await expect(found.first).to_contain_text("AAPL")
    await expect(found.first).to_contain_text(f"thin volume. {MARKUP}")
    await expect(found.first).to_contain_text("+$120.00")
    await page.get_by_label("Symbol").fill("msft")
    await one.button("Search").click()
    await expect(found).to_have_count(1)
    await expect(found).to_contain_text("pending")
    await page.get_by_label("Symbol").fill("GE")
    await one.button("Search").click()
    await expect(page.get_by_text("Nothing like that is remembered")).to_be_visible()


async def test_a_strategy_that_another_has_changed_is_not_changed_over_it(one: Tab, furnished: Api) -> None:
    one.expected.append("status of 412")
    page = one.page
    await one.open("/strategies/second")
    await page.get_by_role("button", name="Change …").click()
    form = page.get_by_role("region", name="Change second")
    await form.get_by_label("Symbols").first.fill("MSFT")
    other = {"fields": {"allocation": "0.1"}, "reason": "by another"}
    assert (await furnished.ask("PATCH", "/api/strategies/second", json=other)).is_success
    await expect(form.get_by_role("alert").first).to_contain_text("Somebody has changed")
    await form.get_by_role("button", name="Change", exact=True).click()
    await expect(form).to_contain_text("Nothing was done")
    now = (await furnished.get("/api/strategies/second")).json()["strategy"]
    assert (now["universe"]["symbols"], now["allocation"]) == (["AAPL"], "0.1")
    await one.sound()
    await form.get_by_role("button", name="Cancel").click()
    await page.get_by_role("button", name="Change …").click()
    await form.get_by_label("Symbols").first.fill("MSFT")
    await form.get_by_role("button", name="Change", exact=True).click()
    await expect(page.get_by_role("status").filter(has_text="Changed: ")).to_be_visible()
    now = (await furnished.get("/api/strategies/second")).json()["strategy"]
    assert (now["universe"]["symbols"], now["allocation"]) == (["MSFT"], "0.1")


async def test_a_token_for_reading_is_told_what_it_may_not(one: Tab, furnished: Api) -> None:
    one.expected.append("status of 40")
    page = one.page
    reader = await token(furnished.desk.books.engine, Scope.READ)
    try:
        await page.goto("/strategies/second")
        await page.get_by_label("Token").fill(reader)
        await one.button("Open").click()
        await expect(page.get_by_text("may not change it")).to_contain_text("operate")
        await expect(page.get_by_role("button", name="Change …")).to_have_count(0)
        await expect(page.get_by_role("banner")).to_contain_text("ann may not halt")
        await expect(one.button("Halt")).to_have_count(0)
        await one.sound()
        await one.open("/approvals")
        await expect(page.get_by_text("may not answer")).to_contain_text("approve")
        await one.open("/log")
        await one.heading("Write a note").click()
        await expect(page.get_by_text("may not write a note")).to_contain_text("operate")
        await expect(page.get_by_role("textbox", name="Note")).to_have_count(0)
    finally:
        for each in await furnished.desk.tokens.listed():
            await furnished.desk.tokens.revoke(each.token_id, each.created_at)
