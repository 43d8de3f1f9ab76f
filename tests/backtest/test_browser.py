from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.async_api import Browser

from backtest.results.comparing import Compared
from backtest.tear_sheet import write_tear_sheet
from backtest.tear_sheet.comparison import write_comparison
from tests.backtest.made import card_of, made, metrics_of, wavy
from tests.browser import SHAPES, WANTED, Tab, tab

pytestmark = WANTED


class Shown(NamedTuple):
    name: str | None
    width: float
    height: float


async def pictures(of: Tab) -> list[Shown]:
    found = []
    for each in await of.page.locator("[role=img]").all():
        box = await each.bounding_box()
        assert box
        found.append(Shown(await each.get_attribute("aria-label"), box["width"], box["height"]))
    return found


@pytest.mark.parametrize(("width", "dark"), SHAPES)
async def test_the_sheet_shows_its_pictures_and_asks_for_nothing(
    chromium: Browser,
    tmp_path: Path,
    width: int,
    dark: bool,  # noqa: FBT001  of the parametrisation
) -> None:
    path = tmp_path / "tear_sheet.html"
    write_tear_sheet(wavy(), card_of(wavy(), banners=("Mind this.",)), metrics_of(wavy()), path)
    async with tab(chromium, width=width, dark=dark) as sheet:
        await sheet.page.goto(path.as_uri())
        seen = await pictures(sheet)
        assert len(seen) == 8
        assert all(picture.name and picture.width > 150 and picture.height > 20 for picture in seen)
        assert sheet.requests == [path.as_uri()]
        await sheet.sound()


async def test_a_poor_sheet_and_a_comparison_show_without_complaint(chromium: Browser, tmp_path: Path) -> None:
    still = made([[10.0]])
    write_tear_sheet(still, card_of(still), metrics_of(still), tmp_path / "poor.html")
    runs = [Compared(card_of(one), metrics_of(one), one.days, one.equity) for one in (wavy(), wavy(100))]
    write_comparison(runs, tmp_path / "comparison.html")
    for name, count in (("poor.html", 4), ("comparison.html", 1)):
        async with tab(chromium) as sheet:
            await sheet.page.goto((tmp_path / name).as_uri())
            seen = await pictures(sheet)
            assert len(seen) == count
            assert all(picture.width > 150 for picture in seen)


async def test_what_a_page_should_not_do_is_seen(chromium: Browser, tmp_path: Path) -> None:
    path = tmp_path / "bad.html"
    path.write_text(
        "<script>console.error('it speaks'); nowhere()</script>"
        "<img src='http://example.com/x'><p style='width:5000px'>wide"
    )
    async with tab(chromium) as bad:
        await bad.page.goto(path.as_uri())
        assert any("it speaks" in complaint for complaint in bad.complaints)
        assert any(complaint.startswith("uncaught: nowhere") for complaint in bad.complaints)
        assert bad.astray == ["http://example.com/x"]
        assert await bad.overflow() > 0
        found = " ".join(await bad.barriers())
        assert "image-alt (critical)" in found
        assert "html-has-lang (serious)" in found
        bad.complaints.clear()
        bad.astray.clear()
