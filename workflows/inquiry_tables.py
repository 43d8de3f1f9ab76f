"""An inquiry as Temporal's Web UI shows it."""

from __future__ import annotations

from collections.abc import Sequence

from trading.inquiry import InquiryReport, Lookup


def course_table(lookups: Sequence[Lookup], report: InquiryReport | None = None) -> str:
    """What was looked up, and the answer once it is there; in Markdown, without a cell that could break the table."""
    lines = [f"**{report.ending}**: {_clean(report.text)}", ""] if report else []
    if report and report.citations:
        lines += [f"cites {_clean(', '.join(report.citations))}", ""]
    rows = [f"| {lookup.tool} | {_clean(words_of(lookup))} |" for lookup in lookups]
    return "\n".join([*lines, "| tool | asked |", "|---|---|", *rows])


def words_of(lookup: Lookup) -> str:
    """The arguments of a look-up in a few words."""
    return ", ".join(f"{name} {value}" for name, value in lookup.arguments.items())


def _clean(text: str) -> str:
    return " ".join(text.split()).replace("|", "/").replace("`", "'").replace("<", "(")[:2000]
