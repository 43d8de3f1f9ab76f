"""Entries that wait for a person, in the page: what is answered is what was seen, by who may."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from adapters.postgres.engine import application_engine
from adapters.postgres.reports import Reports
from embedded.postgres import PostgresServer
from settings import WebSettings
from tests.browser import WANTED, Tab, tab
from tests.conftest import fresh_database
from tests.rig import Ports, ask, request, serving, until
from tests.servers import temporal_server
from tests.web.api import Api, api, settings_of
from tests.web.test_approving import ALWAYS
from trading.events import EventType

pytestmark = WANTED


@pytest.fixture(scope="module")
async def asking(postgres: PostgresServer, sample_data: Path) -> AsyncIterator[Api]:
    """A desk whose every entry waits for a yes."""
    database = await fresh_database(postgres)
    async with AsyncExitStack() as stack:
        temporal = await stack.enter_async_context(temporal_server())
        engine = application_engine(database)
        stack.push_async_callback(engine.dispose)
        await stack.enter_async_context(serving(temporal.client, Ports.real(engine, sample_data).but(rules=ALWAYS)))
        pace = WebSettings(requests_per_second=10_000, burst=100_000)
        yield await stack.enter_async_context(api(database, temporal.client, settings_of(sample_data, web=pace)))


async def ask_and_wait(desk: Api) -> list[str]:
    """A cycle whose entries wait; their symbols."""
    reports = Reports(desk.desk.books.engine, "main")
    before = await reports.head()
    await ask(desk.desk.client, request())

    async def asked() -> bool:
        if not await reports.is_open():
            return False
        return bool(await reports.events_after(before, limit=500, types=[EventType.APPROVAL_ASKED]))

    await until(asked)
    (one,) = (await desk.get("/api/approvals")).json()["items"]
    return [order["request"]["symbol"] for order in one["asked"]["orders"]]


@pytest.fixture
async def one(asking: Api, chromium: Browser) -> AsyncIterator[Tab]:
    async with tab(chromium, base_url=asking.url) as made:
        yield made


async def test_what_waits_comes_by_itself_and_some_of_it_is_let_go(one: Tab, asking: Api) -> None:
    one.expected.append("status of 409")  # there are no books yet
    page = one.page
    await one.open("/approvals")
    await expect(page.get_by_text("Nothing waits.")).to_be_visible()
    symbols = await ask_and_wait(asking)
    await expect(one.heading("entries wait")).to_be_visible()
    await one.sound()
    held, let = symbols[0], symbols[1:]
    await page.get_by_label(f"Approve {held}").uncheck()
    await page.get_by_role("button", name=f"Approve {len(let)} of {len(symbols)} …").click()
    dialog = page.get_by_role("dialog")
    for symbol in let:
        await expect(dialog).to_contain_text(symbol)
    await expect(dialog).not_to_contain_text(held)
    await one.sound()
    await dialog.get_by_label("Reason, if there is one").fill("<u>looks</u> right")
    await dialog.get_by_role("button", name="Approve", exact=True).click()
    await expect(dialog).to_be_hidden()
    answered = page.get_by_role("table", name="Questions that have ended, the newest first")
    await expect(answered).to_contain_text("partly")
    await expect(answered).to_contain_text("<u>looks</u> right")
    await expect(page.get_by_text("Nothing waits.")).to_be_visible()


async def test_what_another_has_answered_meanwhile_is_said_and_nothing_is_sent(one: Tab, asking: Api) -> None:
    one.expected.append("status of 409")
    page = one.page
    await one.open("/approvals")
    await ask_and_wait(asking)
    await page.get_by_role("button", name="Reject all …").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Reason").fill("not today")
    (waiting,) = (await asking.get("/api/approvals")).json()["items"]
    said = {"cycle_id": waiting["asked"]["cycle_id"], "hash": waiting["asked"]["hash"]}
    assert (await asking.post("/api/approvals/reject", said)).is_success
    await dialog.get_by_role("button", name="Reject", exact=True).click()
    await expect(dialog.get_by_role("alert")).to_contain_text("Nothing was sent on your word")
    await one.sound()
