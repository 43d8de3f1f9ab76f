"""A headless Chromium, driven over pipes by Playwright: what a person does in it, and what it complains of."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, ConsoleMessage, Error, Locator, Page, Route, async_playwright, expect

FOUND = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
WANTED = pytest.mark.skipif(FOUND is None, reason="there is no Chromium here: apt-get install chromium")
SHAPES = [(1280, False), (1280, True), (390, False), (390, True)]
"""A desk and a telephone, by day and by night."""
GRAVE = frozenset({"serious", "critical"})
PATIENCE_MS = 30_000
"""However long a busy machine takes to show something: no measure."""
# Nothing may be fetched from elsewhere, by the page or by the browser for itself: every name leads nowhere.
_ALONE = (
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-sandbox",
    "--no-first-run",
)
_COMPLAINTS = frozenset({"error", "warning", "assert", "uncaught"})
_NEAR = re.compile(r"(http://127\.0\.0\.1[:/]|file:|data:|about:|blob:)")
_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser for as long as it is needed."""
    assert FOUND
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=FOUND, args=_ALONE)
        yield browser
        await browser.close()


@dataclass
class Tab:
    """One page of a person's own: nobody else's colours, tokens or cookies are in it."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    astray: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    """Parts of what the browser may complain of here: it speaks of every answer that is an error."""

    async def open(self, path: str) -> None:
        """Go there, and wait until all that is read for it has come: it moves what stands below, and clicks miss."""
        await self.page.goto(path)
        await expect(self.page.get_by_role("heading", level=1)).to_be_visible()
        await expect(self.page.locator("[aria-busy=true]")).to_have_count(0)

    async def let(self, route: Route) -> None:
        """Let a request through, if it stays on this machine."""
        self.requests.append(route.request.url)
        if _NEAR.match(route.request.url):
            await route.continue_()
        else:
            self.astray.append(route.request.url)
            await route.abort()

    def hear(self, said: ConsoleMessage | Error) -> None:
        """Keep what the browser says."""
        kind, text = ("uncaught", said.message) if isinstance(said, Error) else (said.type, said.text)
        if kind in _COMPLAINTS and not any(part in text for part in self.expected):
            self.complaints.append(f"{kind}: {text}")

    async def overflow(self) -> int:
        """How many pixels the page is wider than the screen."""
        wide: int = await self.page.evaluate(_WIDE)
        return wide

    async def barriers(self) -> list[str]:
        """What keeps somebody from using the page as it stands now, as axe finds it: what, how grave, and where."""
        found = (await Axe().run(self.page)).response["violations"]
        return [
            f"{one['id']} ({one['impact']}): {node['html'][:200]}"
            for one in found
            if one["impact"] in GRAVE
            for node in one["nodes"]
        ]

    async def sound(self) -> None:
        """See that everybody can use the page on this screen."""
        barriers, wide = await self.barriers(), await self.overflow()
        assert not barriers, barriers
        assert not wide, f"{wide} pixels wider than the screen"

    def button(self, name: str) -> Locator:
        """The button of this very name."""
        return self.page.get_by_role("button", name=name, exact=True)

    def heading(self, name: str | re.Pattern[str]) -> Locator:
        """The heading of this name."""
        return self.page.get_by_role("heading", name=name)


@asynccontextmanager
async def tab(browser: Browser, *, width: int = 1280, dark: bool = False, **more: Any) -> AsyncIterator[Tab]:
    """A page on a screen of its own. It ends in a failure when anything went astray or the browser complained."""
    context = await browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
        service_workers="block",
        **more,
    )
    context.set_default_timeout(PATIENCE_MS)
    try:
        made = Tab(await context.new_page())
        await context.route("**/*", made.let)
        made.page.on("console", made.hear)
        made.page.on("pageerror", made.hear)
        yield made
        assert not made.astray, made.astray
        assert not made.complaints, made.complaints
    finally:
        await context.close()
