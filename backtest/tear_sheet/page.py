"""The page around its parts: it asks nobody for anything, and forbids whatever is in it to do so."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from backtest.tear_sheet.markup import Html, Inner, element, joined, void

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""No script, no network: a page that is opened from a disk, or sent to somebody, does nothing but show."""


def page(title: str, *inner: Inner) -> Html:
    """A whole document in UTF-8."""
    head = element(
        "head",
        void("meta", charset="utf-8"),
        void("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        void("meta", name="viewport", content="width=device-width, initial-scale=1"),
        void("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", _style()),
    )
    return joined(Html("<!doctype html>\n"), element("html", head, element("body", element("main", *inner)), lang="en"))


@cache
def _style() -> Html:
    return Html(Path(__file__).with_name("page.css").read_text(encoding="utf-8"))
