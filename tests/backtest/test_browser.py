from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backtest.results.comparing import Compared
from backtest.tear_sheet import write_tear_sheet
from backtest.tear_sheet.comparison import write_comparison
from tests.backtest.made import card_of, made, metrics_of, wavy
from tests.chromium import FOUND, Page, browser

pytestmark = pytest.mark.skipif(FOUND is None, reason="there is no Chromium here: apt-get install chromium")


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_sheet_shows_its_pictures_and_asks_for_nothing(
    chromium: Page, tmp_path: Path, width: int, scheme: str
) -> None:
    path = tmp_path / "tear_sheet.html"
    write_tear_sheet(wavy(), card_of(wavy(), banners=("Mind this.",)), metrics_of(wavy()), path)
    chromium.show(path, width=width, dark=scheme == "dark")
    seen = chromium.seen()
    assert len(seen.pictures) == 8
    assert all(picture["name"] and picture["width"] > 150 and picture["height"] > 20 for picture in seen.pictures)
    assert seen.complaints == []
    assert seen.requests == [path.as_uri()]
    assert seen.overflow == 0


def test_a_poor_sheet_and_a_comparison_show_without_complaint(chromium: Page, tmp_path: Path) -> None:
    still = made([[10.0]])
    write_tear_sheet(still, card_of(still), metrics_of(still), tmp_path / "poor.html")
    runs = [Compared(card_of(one), metrics_of(one), one.days, one.equity) for one in (wavy(), wavy(100))]
    write_comparison(runs, tmp_path / "comparison.html")
    for name, pictures in (("poor.html", 4), ("comparison.html", 1)):
        chromium.show(tmp_path / name)
        seen = chromium.seen()
        assert (len(seen.pictures), seen.complaints) == (pictures, [])
        assert all(picture["width"] > 150 for picture in seen.pictures)


def test_what_a_page_should_not_do_is_seen(chromium: Page, tmp_path: Path) -> None:
    path = tmp_path / "bad.html"
    path.write_text(
        "<script>console.error('it speaks')</script><img src='http://127.0.0.1:1/x'><p style='width:5000px'>wide"
    )
    chromium.show(path)
    seen = chromium.seen()
    assert any("it speaks" in complaint for complaint in seen.complaints)
    assert len(seen.requests) == 2
    assert seen.overflow > 0
