"""The page knows every kind of line that the log has, so that each can be asked for."""

from __future__ import annotations

import re

from trading.events import EventType
from web.pages import PAGE


def test_the_logs_filter_offers_every_kind_of_line_once() -> None:
    said = re.findall(r'"([A-Z]\w+)"', (PAGE / "pages" / "log" / "kinds.js").read_text())
    assert sorted(said) == sorted(EventType)
