"""The pages in a real browser: what a person does there, and what the browser complains of."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.chromium import FOUND, Page, browser
from tests.rig import until
from tests.web.api import Api

pytestmark = pytest.mark.skipif(FOUND is None, reason="there is no Chromium here: apt-get install chromium")

ASKED = 'what do we hold? <img src=x onerror="document.title = 1">'
TOLD = "document.getElementById('told').textContent"
ARTICLES = "[...document.querySelectorAll('article')].map(each => each.innerText).join('\\n')"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("profile")) as page:
        yield page


async def in_page(chromium: Page, script: str) -> Any:
    """The browser is spoken to in a thread: its page is answered by this one."""
    return await asyncio.to_thread(chromium.evaluate, script)


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
async def test_a_question_is_asked_and_answered_in_the_page(
    desk: Api,
    chromium: Page,
    width: int,
    dark: bool,  # noqa: FBT001  of the parametrisation
) -> None:
    await asyncio.to_thread(chromium.show, desk.url, width=width, dark=dark)
    script = (
        f"document.getElementById('question').value = {json.dumps(ASKED)}; document.querySelector('button').click()"
    )
    await in_page(chromium, script)

    async def answered() -> bool:
        return bool(await in_page(chromium, TOLD) == "Answered.")

    async with asyncio.timeout(60):
        await until(answered)
    shown = await in_page(chromium, ARTICLES)
    assert ASKED in shown
    assert "rules-1" in shown
    seen = await asyncio.to_thread(chromium.seen)
    assert seen.complaints == []
    assert all(one.startswith((desk.url, "data:")) for one in seen.requests)
    assert seen.overflow == 0
    assert await in_page(chromium, "document.title") == "Ask the desk"


async def test_a_page_says_what_the_desk_refuses(desk: Api, chromium: Page) -> None:
    await asyncio.to_thread(chromium.show, f"{desk.url}/ask")
    await in_page(chromium, "sessionStorage.setItem('token', 'nobody'); location.reload()")

    async def refused() -> bool:
        return "token" in (await in_page(chromium, TOLD) or "")

    async with asyncio.timeout(30):
        await until(refused)
    assert await in_page(chromium, "document.getElementById('access').open") is True
    await in_page(chromium, "sessionStorage.clear()")


async def test_pages_are_strict_and_only_those_that_there_are(desk: Api) -> None:
    for path, kind in (("/ask", "text/html"), ("/page/desk.css", "text/css"), ("/page/ask.js", "text/javascript")):
        answer = await desk.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(kind)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'")
    assert (await desk.get("/page/../guard.py")).status_code == 404
    assert (await desk.get("/page/none.js")).status_code == 404
