"""What stands around every page: the menu, the colours, the state of the desk, and the way to stop it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser import WANTED, Tab, tab
from tests.web.api import Api

pytestmark = WANTED

HEADER: Final = "banner"
MENU: Final = "navigation"


@pytest.fixture
async def overview(shown: Api, chromium: Browser) -> AsyncIterator[Tab]:
    async with tab(chromium) as one:
        await one.page.goto(shown.url)
        await stands(one.page, "ACTIVE")
        yield one


async def stands(page: Page, state: str) -> None:
    await expect(page.get_by_role(HEADER)).to_contain_text(state)


async def test_a_halt_takes_the_very_words_and_so_does_going_on(overview: Tab, shown: Api) -> None:
    page = overview.page
    await overview.button("Halt").click()
    dialog = page.get_by_role("dialog", name="Halt the desk")
    button = dialog.get_by_role("button", name="Halt", exact=True)
    await dialog.get_by_label("Reason").fill("<b>Smoke</b> in the room")
    for wrong in ("halt", "Halt main", "halt other", "halt main!"):
        await dialog.get_by_label("to confirm").fill(wrong)
        await expect(button).to_be_disabled()
    await dialog.get_by_label("to confirm").fill("halt main")
    await overview.sound()
    await button.click()
    await stands(page, "HALTED")
    await expect(dialog).to_be_hidden()
    assert (await shown.get("/api/breaker")).json()["desk"]["reason"].endswith("<b>Smoke</b> in the room")

    await overview.button("Resume").click()
    dialog = page.get_by_role("dialog", name="Resume trading")
    await expect(dialog).to_contain_text("<b>Smoke</b> in the room")
    await dialog.get_by_label("Why it may go on").fill("It was toast")
    await dialog.get_by_label("to confirm").fill("halt main")
    button = dialog.get_by_role("button", name="Resume", exact=True)
    await expect(button).to_be_disabled()
    await dialog.get_by_label("to confirm").fill("resume main")
    await overview.sound()
    await button.click()
    await stands(page, "ACTIVE")


async def test_the_desk_is_halted_and_resumed_by_keys_alone(overview: Tab) -> None:
    keys = overview.page.keyboard
    await reach(overview.page, "Halt")
    await keys.press("Enter")
    await expect(overview.page.get_by_role("dialog")).to_be_visible()
    await keys.press("Escape")
    await expect(overview.page.get_by_role("dialog")).to_be_hidden()
    for name, state in (("Halt", "HALTED"), ("Resume", "ACTIVE")):
        await reach(overview.page, name)
        await keys.press("Enter")
        await expect(overview.page.get_by_role("dialog").get_by_role("textbox").first).to_be_focused()
        await keys.type("By keys")
        await reach(overview.page, f"{name.lower()} main", at_most=4)
        await keys.type(f"{name.lower()} main")
        await keys.press("Enter")
        await stands(overview.page, state)


async def reach(page: Page, name: str, at_most: int = 60) -> None:
    """Press Tab until what has the focus is called so."""
    called = "(document.activeElement?.labels?.[0] ?? document.activeElement)?.textContent ?? ''"
    for _ in range(at_most):
        await page.keyboard.press("Tab")
        said = (await page.evaluate(called)).strip()
        if said == name or (" " in name and name in said):
            return
    raise AssertionError(f"no key leads to {name}")


async def test_a_halt_by_another_is_seen_without_a_reload(overview: Tab, shown: Api) -> None:
    await expect(overview.page.get_by_role("status").filter(has_text="live").first).to_be_visible()
    assert (await shown.post("/api/breaker/halt", {"reason": "by another"})).is_success
    await stands(overview.page, "HALTED")
    assert (await shown.post("/api/breaker/resume", {"reason": "it is over"})).is_success
    await stands(overview.page, "ACTIVE")


@pytest.mark.parametrize("width", [1280, 390])
async def test_the_menu_leads_everywhere_and_back(shown: Api, chromium: Browser, width: int) -> None:
    async with tab(chromium, width=width) as one:
        await one.page.goto(shown.url)
        menu = one.page.get_by_role(MENU, name="Pages")
        names = await menu.get_by_role("link").all_inner_texts()
        assert len(names) >= 13
        for name in names:
            link = menu.get_by_role("link", name=name, exact=True)
            await link.click()
            await expect(link).to_have_attribute("aria-current", "page")
            await expect(one.page.get_by_role("main").get_by_role("heading", level=1)).to_be_visible()
            assert await one.overflow() == 0
        await one.page.go_back()
        await expect(menu.get_by_role("link", name=names[-2], exact=True)).to_have_attribute("aria-current", "page")


async def test_colours_are_chosen_and_stay(overview: Tab) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    light = await overview.page.evaluate(ground)
    await overview.page.get_by_label("Colours").select_option("Dark")
    dark = await overview.page.evaluate(ground)
    assert dark != light
    await overview.page.reload()
    assert await overview.page.evaluate(ground) == dark
    await overview.page.get_by_label("Colours").select_option("Colours of the machine")
    await overview.page.reload()
    assert await overview.page.evaluate(ground) == light


async def test_whoever_comes_by_keys_may_skip_the_menu(overview: Tab) -> None:
    await overview.page.keyboard.press("Tab")
    skip = overview.page.get_by_role("link", name="Skip to the content")
    await expect(skip).to_be_focused()
    await overview.page.keyboard.press("Enter")
    await expect(overview.page.get_by_role("main")).to_be_focused()


async def test_whoever_looks_from_page_to_page_in_haste_sees_each_of_them(desk: Api, chromium: Browser) -> None:
    async with tab(chromium) as one:
        for address in ("/", "/cycles", "/orders", "/decisions", "/"):
            await one.page.goto(desk.url + address)
            await expect(one.page.get_by_role("main").get_by_role("heading", level=1)).to_be_visible()
