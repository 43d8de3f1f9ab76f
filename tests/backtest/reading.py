"""A page read as a browser reads it: its elements, and the words of its tables."""

from __future__ import annotations

from html.parser import HTMLParser

_VOID = frozenset({"meta"})


class Read(HTMLParser):
    """Every tag with its attributes, all text, and the rows of each table by its caption."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.tables: dict[str, list[list[str]]] = {}
        self.open: list[str] = []
        self._caption = ""
        self._rows: list[list[str]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)
        if tag == "table":
            self._caption, self._rows = "", []
        elif tag == "tr":
            self._rows.append([])
        elif tag in {"td", "th"}:
            self._rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        """Whatever was opened last is closed first."""
        assert self.open.pop() == tag
        if tag == "table":
            self.tables[self._caption] = self._rows

    def handle_data(self, data: str) -> None:
        """Put it where it stands."""
        self.text += data
        if "caption" in self.open:
            self._caption += data
        elif self.open and {"td", "th"} & set(self.open) and "title" not in self.open:
            self._rows[-1][-1] += data

    def names(self) -> set[str]:
        """Which elements there are."""
        return {tag for tag, _ in self.tags}

    def attributes(self, name: str) -> list[str]:
        """Every value of an attribute."""
        return [value for _, attributes in self.tags if (value := attributes.get(name)) is not None]


def cents_of(words: str) -> int:
    """`−$1,234.56` in cents."""
    return int(words.replace("−", "-").replace("$", "").replace(",", "").replace("+", "").replace(".", ""))
