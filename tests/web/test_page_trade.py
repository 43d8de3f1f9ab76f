"""A trade that a person proposes on the page, from the form to what came of it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Request, Route, expect

from tests.browser import SHAPES, WANTED, Tab, tab
from tests.web.api import Api, token
from tests.web.material import MARKUP
from trading.access import Scope

pytestmark = WANTED

A_CYCLE = re.compile(r"/cycles/.+")
PROPOSED = "**/api/trades"


@pytest.fixture
async def one(shown: Api, chromium: Browser) -> AsyncIterator[Tab]:
    async with tab(chromium, base_url=shown.url) as made:
        yield made


def form_of(one: Tab) -> Locator:
    return one.page.get_by_role("region", name="Propose a trade")


async def fill(one: Tab, reason: str = "a hunch", **words: str) -> Locator:
    """Open the form and write into it: {label: words}."""
    await one.open("/cycles")
    form = form_of(one)
    for label, word in {"Reason": reason, **words}.items():
        await form.get_by_label(label, exact=label == "Size").fill(word)
    return form


async def propose(form: Locator) -> None:
    await form.get_by_role("button", name="Propose it").click()


async def ended(one: Tab) -> Locator:
    """The page of the cycle that was begun, once it is over; the form leads there by itself."""
    await expect(one.page).to_have_url(A_CYCLE)
    await expect(one.page.get_by_text("took")).to_be_visible()
    return one.page.get_by_role("main")


async def count_cycles(desk: Api) -> int:
    return len((await desk.get("/api/cycles", params={"limit": 500})).json()["items"])


async def sent_by(one: Tab, form: Locator) -> Request:
    async with one.page.expect_request(PROPOSED) as asked:
        await propose(form)
    return await asked.value


async def test_a_buy_is_proposed_and_its_cycle_arrives_with_its_order(one: Tab) -> None:
    page = one.page
    form = await fill(one, MARKUP, Symbol="msft", Size="2", Stop="1")
    await expect(form.get_by_label("Sessions")).to_have_value("20")
    loads = sum(each.endswith("/page/main.js") for each in one.requests)
    await propose(form)
    main = await ended(one)
    assert sum(each.endswith("/page/main.js") for each in one.requests) == loads, "it came without a reload"
    order = page.get_by_role("table", name="Orders of this cycle").get_by_role("row").filter(has_text="MSFT").first
    await expect(order).to_contain_text("2")
    way = page.get_by_role("region", name="MSFT")
    await expect(way.get_by_role("heading", level=4)).to_have_text(["Operator", "Decision"])
    await expect(way).to_contain_text("2 shares")
    await expect(way.get_by_text("proposed by operator")).to_have_count(2)
    await expect(page.get_by_role("region", name="How it went")).to_contain_text(
        "proposed by operator, no agent was asked"
    )
    await expect(main).not_to_contain_text("RiskManager")
    await expect(way.get_by_text(MARKUP).first).to_be_visible()
    await one.sound()
    for address in ("/decisions?symbol=MSFT", "/log?types=OperatorDecision"):
        await one.open(address)
        await expect(page.get_by_text("proposed by operator").first).to_be_visible()
        await expect(page.get_by_text(MARKUP).first).to_be_visible()
    assert await page.locator("main img, main s").count() == 0
    assert not [each for each in one.requests if "planted" in each]


@pytest.mark.parametrize(
    ("shape", "shares"), [(SHAPES[0], "3"), (SHAPES[3], "4")]
)  # the same twice in a minute is denied
async def test_what_is_held_is_sold_from_the_overview(
    shown: Api, chromium: Browser, shape: tuple[int, bool], shares: str
) -> None:
    width, dark = shape
    async with tab(chromium, base_url=shown.url, width=width, dark=dark) as one:
        page = one.page
        bought = {"side": "buy", "symbol": "AAPL", "shares": shares, "stop": "1", "reason": "to have some"}
        await shown.post("/api/trades", bought, params={"wait": 25})
        await one.open("/")
        await page.get_by_role("link", name="Sell AAPL …").click()
        form = form_of(one)
        await expect(form.get_by_label("Size", exact=True)).to_be_focused()
        await expect(form.get_by_label("Size", exact=True)).to_be_in_viewport()
        await expect(form.get_by_label("What to do")).to_have_value("sell")
        await expect(form.get_by_label("Symbol")).to_have_value("AAPL")
        await expect(form.get_by_label("Strategy")).to_have_value("agents")
        await expect(form.get_by_label("Stop")).to_have_count(0)
        await one.sound()
        await form.get_by_label("Reason").fill("enough of it")
        await propose(form)
        main = await ended(one)
        await expect(page.get_by_role("region", name="AAPL")).to_contain_text("all of it")
        await expect(main).to_contain_text("Sold")
        held = (await shown.get("/api/positions")).json()["items"]
        assert "AAPL" not in [each["symbol"] for each in held]


async def test_what_is_more_than_a_limit_lets_pass_is_said_by_that_limit(one: Tab) -> None:
    form = await fill(one, Symbol="KO", Size="1000000")
    await propose(form)
    await ended(one)
    limits = one.page.get_by_role("region", name="KO").get_by_role("listitem")
    await expect(limits.filter(has_text="1,000,000 →").first).to_contain_text(re.compile(r"[A-Z][a-z ]+: .*[a-z]"))
    await one.sound()


NO_SIZE = "A buy needs a size: shares, or a part of the equity."
BAD = [
    ({}, {"Size": NO_SIZE}),
    ({"Size": "1,5"}, {"Size": "Shares above 0, as 10 or 2.5."}),
    ({"Size": "0"}, {"Size": NO_SIZE}),
    (
        {"Size": "1", "Symbol": "<b>", "Stop": "-1", "Sessions": "x", "Reason": "  "},
        {
            "Symbol": "<B> is no ticker, such as AAPL or BRK.B.",
            "Stop": "Dollars above 0, as 170 or 169.50.",
            "Sessions": "From 1 to 750.",
            "Reason": "A few words, 400 letters at most.",
        },
    ),
]


@pytest.mark.parametrize(("words", "told"), BAD)
async def test_what_cannot_be_is_told_at_its_field_and_nothing_begins(
    one: Tab, shown: Api, words: dict[str, str], told: dict[str, str]
) -> None:
    one.expected.append("status of 422")
    before = await count_cycles(shown)
    form = await fill(one, **{"Symbol": "MSFT", **words})
    await propose(form)
    await expect(form.get_by_role("alert")).to_contain_text("Not taken: see the")
    for label, said in told.items():
        field = form.get_by_label(label, exact=label == "Size")
        await expect(field).to_have_attribute("aria-invalid", "true")
        await expect(field).to_have_accessible_description(re.compile(re.escape(said)))
    assert await form.locator("[aria-invalid]").count() == len(told)
    await expect(form.get_by_label(next(iter(told)), exact=True)).to_be_focused()
    await expect(one.page).to_have_url(re.compile(r"/cycles$"))
    await one.sound()
    assert await count_cycles(shown) == before


async def test_a_symbol_that_the_market_has_not_is_told_at_the_form(one: Tab) -> None:
    one.expected.append("status of 404")
    form = await fill(one, Symbol="ZZZZ", Size="1")
    await propose(form)
    await expect(form.get_by_role("alert")).to_contain_text("no bars of ZZZZ")


@pytest.mark.parametrize(("typed", "weight"), [("1.1", "0.011"), ("0.07 %", "0.0007"), ("+0.5", "+0.5 %")])
async def test_per_cents_are_sent_as_the_exact_fraction_and_never_as_another(one: Tab, typed: str, weight: str) -> None:
    one.expected.append("status of 422")
    form = await fill(one, Symbol="KO", Size=typed)
    await form.get_by_label("Size in").select_option("% of equity")
    asked: Any = (await sent_by(one, form)).post_data_json
    assert (asked["weight"], asked.get("shares")) == (weight, None)
    if weight.endswith("%"):
        await expect(form.get_by_label("Size", exact=True)).to_have_attribute("aria-invalid", "true")
    else:
        await ended(one)


async def test_two_clicks_are_one_trade(one: Tab, shown: Api) -> None:
    before = await count_cycles(shown)
    form = await fill(one, Symbol="KO", Size="1")
    await form.get_by_role("button", name="Propose it").evaluate("each => (each.click(), each.click())")
    await ended(one)
    assert sum(each.endswith("/api/trades") for each in one.requests) == 1
    assert await count_cycles(shown) == before + 1


async def test_a_trade_whose_answer_is_lost_is_asked_for_again_and_made_once(one: Tab, shown: Api) -> None:
    one.expected.append("ERR_FAILED")
    before = await count_cycles(shown)
    keys: list[str | None] = []

    async def lose_the_first(route: Route) -> None:
        keys.append(await route.request.header_value("Idempotency-Key"))
        if len(keys) > 1:
            await route.continue_()
        else:
            await route.fetch()
            await route.abort()

    await one.page.route(PROPOSED, lose_the_first)
    form = await fill(one, Symbol="KO", Size="1")
    await propose(form)
    await expect(form.get_by_role("alert")).to_contain_text("does not answer")
    for _ in range(2):  # touched, and as it was: it is the same wish
        await form.get_by_label("Although the exchange is closed").click()
    await propose(form)
    await ended(one)
    assert len(keys) == 2
    assert keys[0] == keys[1] is not None
    assert await count_cycles(shown) == before + 1


async def test_who_may_only_look_proposes_nothing(one: Tab, shown: Api) -> None:
    one.expected.append("status of 401")
    reader = await token(shown.desk.books.engine, Scope.READ)
    try:
        await one.open("/cycles")
        await one.page.get_by_label("Token").fill(reader)
        await one.button("Open").click()
        await expect(form_of(one)).to_contain_text("may not propose a trade")
        await expect(one.button("Propose it")).to_have_count(0)
        await one.open("/")
        await expect(one.page.get_by_role("table", name="What is held")).to_be_visible()
        await expect(one.page.get_by_role("link", name="Sell")).to_have_count(0)
    finally:
        for each in await shown.desk.tokens.listed():
            await shown.desk.tokens.revoke(each.token_id, each.created_at)


@pytest.mark.faults
@pytest.mark.parametrize(("width", "dark"), SHAPES)
async def test_the_form_its_refusal_and_its_cycle_are_for_everybody(
    shown: Api,
    chromium: Browser,
    width: int,
    dark: bool,  # noqa: FBT001  of the parametrisation
) -> None:
    async with tab(chromium, base_url=shown.url, width=width, dark=dark) as one:
        one.expected.append("status of 422")
        form = await fill(one, Symbol="KO", Stop="low")
        await one.sound()
        await propose(form)
        await expect(form.get_by_label("Stop")).to_have_attribute("aria-invalid", "true")
        await one.sound()
        await form.get_by_label("Size", exact=True).fill(str(width + dark))
        await form.get_by_label("Stop").fill("1")
        await propose(form)
        await ended(one)
        await one.sound()
