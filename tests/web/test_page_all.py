"""Every page of a desk that has something of everything: whole, for everybody, and markup is text on it."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser import SHAPES, WANTED, Tab, tab
from tests.web.api import Api
from tests.web.material import MARKUP, furnish
from web.pages import ADDRESSES

pytestmark = WANTED

SOME = {"/strategies/{name}": "/strategies/second", "/backtests/{run_id}": "/backtests/long"}
MORE = ("/backtests?compare=long,short", "/memory?text=a%20breakout", "/log?types=OperatorNote")


@pytest.fixture(scope="module")
async def furnished(shown: Api, tmp_path_factory: pytest.TempPathFactory) -> Api:
    await furnish(shown, tmp_path_factory.mktemp("runs"))
    return shown


async def whole(page: Page) -> None:
    """Everything was read, and nothing of it in vain."""
    await expect(page.get_by_role("heading", level=1)).to_have_count(1)
    await expect(page.locator("[aria-busy=true]")).to_have_count(0)
    await expect(page.get_by_role("alert")).to_have_count(0)


async def look(one: Tab, shapes: list[tuple[int, bool]]) -> list[str]:
    """What is wrong with the page that is open, on each of these screens."""
    wrong = []
    for width, dark in shapes:
        await one.page.set_viewport_size({"width": width, "height": 900})
        await one.page.emulate_media(color_scheme="dark" if dark else "light")
        found = await one.barriers()
        if wide := await one.overflow():
            found.append(f"{wide} pixels wider than the screen")
        wrong += [f"{width} {'dark' if dark else 'light'}: {each}" for each in found]
    return wrong


@pytest.mark.parametrize(
    "shapes", [[SHAPES[0], SHAPES[3]], pytest.param(SHAPES[1:3], marks=pytest.mark.faults)], ids=["apart", "between"]
)
@pytest.mark.parametrize("address", [*ADDRESSES, *MORE])
async def test_a_page_is_whole_and_for_everybody(
    furnished: Api, chromium: Browser, address: str, shapes: list[tuple[int, bool]]
) -> None:
    (cycle,) = (await furnished.get("/api/cycles")).json()["items"]
    path = address.replace("{cycle_id:path}", cycle["cycle_id"])
    async with tab(chromium) as one:
        await one.page.goto(furnished.url + SOME.get(path, path))
        await whole(one.page)
        assert await look(one, shapes) == []
        assert not [each for each in one.requests if "planted" in each], "markup has become a picture"
        assert await one.page.locator("main img, main s").count() == 0


async def test_markup_is_shown_as_it_was_written(furnished: Api, chromium: Browser) -> None:
    for path in ("/log", "/ask", "/strategies"):
        async with tab(chromium) as one:
            await one.page.goto(furnished.url + path)
            await expect(one.page.get_by_text(MARKUP).first).to_be_attached()
