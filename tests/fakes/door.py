"""A desk that only listens."""

from __future__ import annotations

from trading.desk import PriceMoved


class ListeningDesk:
    """The port `DeskDoor`: keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[PriceMoved] = []
        self.looks = 0

    async def price_moved(self, desk_id: str, moved: PriceMoved) -> None:
        assert desk_id
        self.told.append(moved)

    async def books_changed(self, desk_id: str) -> None:
        assert desk_id
        self.looks += 1
