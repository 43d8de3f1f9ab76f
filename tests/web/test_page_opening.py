"""A desk without books, in the page: each says how it gets them, and fills by itself once it has."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from embedded.postgres import PostgresServer
from settings import WebSettings
from tests.browser import SHAPES, WANTED, Tab, tab
from tests.web.api import Api, api, settings_of, token
from tests.web.conftest import worked
from trading.access import Scope
from web.pages import ADDRESSES

pytestmark = WANTED

NOTICE = "This desk has no books yet."
NOTHING = "Nothing yet: it begins with the desk's first cycle."
REFUSED = "status of 409"
SOME = {"{cycle_id:path}": "main-20261120T143000-1", "{name}": "agents", "{run_id}": "long"}


@pytest.fixture
async def bare(postgres: PostgresServer, sample_data: Path) -> AsyncIterator[Api]:
    """The API of a desk that has never run, with workers for its first cycle."""
    pace = WebSettings(requests_per_second=10_000, burst=100_000)
    async with (
        worked(postgres, sample_data) as (database, client),
        api(database, client, settings_of(sample_data, web=pace)) as made,
    ):
        yield made


async def told(one: Tab, address: str) -> None:
    """See a page that is read, and says what to do."""
    page = one.page
    await page.goto(address)
    await expect(page.get_by_role("heading", level=1)).to_have_count(1)
    await expect(page.get_by_text(NOTICE)).to_be_visible()
    await expect(page.locator("[aria-busy=true]")).to_have_count(0)


@pytest.mark.parametrize(
    "shapes", [[], pytest.param([SHAPES[0], SHAPES[3]], marks=pytest.mark.faults)], ids=["said", "for everybody"]
)
async def test_every_page_says_how_the_desk_gets_books_and_none_that_it_failed(
    bare: Api, chromium: Browser, shapes: list[tuple[int, bool]]
) -> None:
    async with tab(chromium, base_url=bare.url) as one:
        one.expected += [REFUSED, "status of 404"]
        for address in ADDRESSES:
            path = address
            for name, value in SOME.items():
                path = path.replace(name, value)
            await told(one, path)
            missing = address == "/backtests/{run_id}"  # there is no such run, books or no books
            await expect(one.page.get_by_role("alert")).to_have_count(1 if missing else 0)
            for width, dark in shapes:
                await one.page.set_viewport_size({"width": width, "height": 900})
                await one.page.emulate_media(color_scheme="dark" if dark else "light")
                await one.sound()
            link = one.page.get_by_role("main").get_by_role("link", name="Run its first cycle here")
            await expect(link).to_have_count(0 if address == "/cycles" else 1)


async def test_the_first_cycle_is_run_from_the_page_and_fills_what_was_empty(bare: Api, chromium: Browser) -> None:
    async with tab(chromium, base_url=bare.url) as one, tab(chromium, base_url=bare.url) as other:
        for each in (one, other):
            each.expected += [REFUSED, "status of 404"]
            await told(each, "/" if each is one else "/memory?text=a%20dip")
            await each.sound()
        await expect(other.page.get_by_text(NOTHING)).to_be_visible()
        await one.page.get_by_role("link", name="Run its first cycle here").click()
        await one.page.get_by_label("Symbols").fill("AAPL MSFT")
        await one.page.get_by_label("As of").fill("2017-11-10")
        await one.button("Run a cycle").click()
        await expect(one.page.get_by_role("main").get_by_text("Orders went out.")).to_be_visible()
        await expect(one.page.get_by_text(NOTICE)).to_have_count(0)
        await one.page.get_by_role("link", name="Overview", exact=True).click()
        await expect(one.page.get_by_role("region", name="Figures")).to_contain_text("Equity")
        await one.sound()
        # Nobody has touched this one, and no line of the log but that of the opening concerns it.
        await expect(other.page.get_by_text(NOTHING)).to_have_count(0)
        await expect(other.page.get_by_role("alert")).to_have_count(0)
        await expect(other.page.get_by_text(NOTICE)).to_have_count(0)


async def test_who_may_not_run_a_cycle_is_told_what_that_wants_and_given_no_link(bare: Api, chromium: Browser) -> None:
    looking = await token(bare.desk.books.engine, Scope.READ)
    async with tab(chromium, base_url=bare.url) as one:
        one.expected += ["status of 401", REFUSED]
        await one.page.goto("/")
        await expect(one.page.get_by_text(NOTICE)).to_have_count(0)
        await one.page.get_by_label("Token").fill(looking)
        await one.button("Open").click()
        await expect(one.page.get_by_text(NOTICE)).to_be_visible()
        main = one.page.get_by_role("main")
        await expect(main).to_contain_text("may not run one: that wants the scope operate")
        await expect(main.get_by_role("link", name="Run its first cycle here")).to_have_count(0)
        await one.sound()
