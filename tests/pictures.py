"""`make pictures`: the page as docs/pictures/ shows it, of a desk of its own that traded the sample for a few months.

What is in the pictures is what the desk does on the sample, the same each time; the hours at which it was done are not.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.async_api import Browser, Page, expect

from tests.browser import FOUND, chromium, tab
from tests.conftest import free_port
from tests.console.terminal import Terminal

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
MOST_BYTES = 250_000
HIGHEST = 1150
DAYS = ("2017-08-18", "2017-09-01", "2017-09-15", "2017-09-29", "2017-10-13", "2017-10-27", "2017-11-10")
FIRST = ("DUK", "GE", "INTC", "JPM", "KO")
LATER = ("AAPL", "AXP", "CAT", "HD", "IBM", "MSFT", "WMT")
REASON = "The feed has shown the same prices for an hour"


@dataclass(frozen=True)
class Shot:
    """A picture: its file, the page's address, and the screen."""

    name: str
    address: str
    width: int = 1280
    dark: bool = False


def main() -> int:
    """Trade, look, and keep the pictures; 1 when one is larger than it may be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=FOLDER, help="folder of the pictures")
    asked = parser.parse_args()
    if FOUND is None:
        print("There is no Chromium here: apt-get install chromium", file=sys.stderr)  # noqa: T201  a command's word
        return 1
    with TemporaryDirectory() as folder:
        desk = Terminal(Path(folder), {"WEB_PORT": str(free_port()), "TRADING_OPENING_CASH": "100000"})
        with _up(desk, *FIRST, "--as-of", DAYS[0]):
            cycle = _traded(desk)
            asyncio.run(_traded_pictures(desk, asked.into, cycle))
        with _up(desk.but(TRADING_APPROVAL="always"), *LATER, "--as-of", DAYS[-1]):
            asyncio.run(_halted_pictures(desk, asked.into))
    sizes = {path.name: path.stat().st_size for path in sorted(asked.into.glob("page-*.png"))}
    for name, size in sizes.items():
        print(f"{name:<24}{size / 1000:>6.0f} kB")  # noqa: T201  a command's word
    return int(any(size > MOST_BYTES for size in sizes.values()))


@contextmanager
def _up(desk: Terminal, *words: str) -> Iterator[None]:
    """The desk with its servers, until the block is left."""
    running = desk.start("up", *words)
    running.wait_for("HTTP API")
    try:
        yield
    finally:
        running.end(signal.SIGTERM)


def _traded(desk: Terminal) -> str:
    """A few months, two backtests and a question; the newest cycle's name."""
    for day in DAYS[1:]:
        done = desk.type("run", *FIRST, "--as-of", day, "--json")
        assert done.code == 0, done.err
    for fast in ("10", "20"):
        words = ("--strategy", "sma_cross", "--set", f"fast={fast}", "--symbols", "AAPL,MSFT", "--benchmark", "AAPL")
        kept = desk.type("backtest", *words)
        assert kept.code == 0, kept.err
    cycle: str = done.document["cycle_id"] if "cycle_id" in done.document else done.document["report"]["cycle_id"]
    return cycle


async def _traded_pictures(desk: Terminal, into: Path, cycle: str) -> None:
    async with chromium() as browser:
        for shot in (
            Shot("overview", "/"),
            Shot("phone", "/", width=390),
            Shot("cycle", f"/cycles/{cycle}"),
        ):
            await _picture(browser, desk, shot, into)


async def _halted_pictures(desk: Terminal, into: Path) -> None:
    async with chromium() as browser:
        async with _opened(browser, desk, Shot("approvals", "/approvals")) as page:
            await expect(page.get_by_role("button", name="Reject all …")).to_be_visible()
            await _kept(page, into / "page-approvals.png")
        halted = desk.type("halt", "--reason", REASON)
        assert halted.code == 0, halted.err
        await _picture(browser, desk, Shot("halted", "/", dark=True), into)


async def _picture(browser: Browser, desk: Terminal, shot: Shot, into: Path) -> None:
    async with _opened(browser, desk, shot) as page:
        await _kept(page, into / f"page-{shot.name}.png")


@asynccontextmanager
async def _opened(browser: Browser, desk: Terminal, shot: Shot) -> AsyncIterator[Page]:
    """A page with all that it shows."""
    async with tab(browser, width=shot.width, dark=shot.dark) as one:
        await one.page.goto(f"http://127.0.0.1:{desk.variables['WEB_PORT']}{shot.address}")
        await expect(one.page.get_by_role("heading", level=1)).to_be_visible()
        await expect(one.page.locator("[aria-busy=true]")).to_have_count(0)
        await expect(one.page.get_by_role("status").filter(has_text="live").first).to_have_text("live")
        yield one.page


async def _kept(page: Page, path: Path) -> None:
    """The page down to where a picture ends."""
    height = await page.evaluate("document.documentElement.scrollHeight")
    size = page.viewport_size
    assert size
    await page.set_viewport_size({"width": size["width"], "height": min(height, HIGHEST)})
    await page.screenshot(path=path, animations="disabled", caret="hide")


if __name__ == "__main__":
    raise SystemExit(main())
