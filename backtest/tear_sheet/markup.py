"""HTML and SVG as values: what is not made here is text, and text is escaped."""

from __future__ import annotations

from html import escape


class Html(str):
    """Markup that goes into a page as it is; only this module and constants make one."""

    __slots__ = ()


Inner = str | None
Attribute = str | float | bool | None


def element(tag: str, *inner: Inner, **attributes: Attribute) -> Html:
    """One element. A name's `_` is a hyphen, one at its end falls away; None and False leave an attribute out."""
    opening = "".join(_attribute(name, value) for name, value in attributes.items())
    return Html(f"<{tag}{opening}>{joined(*inner)}</{tag}>")


def void(tag: str, **attributes: Attribute) -> Html:
    """An element that can have nothing in it, such as `meta`."""
    return Html(f"<{tag}{''.join(_attribute(name, value) for name, value in attributes.items())}>")


def joined(*inner: Inner) -> Html:
    """One after the other, what is plain text escaped."""
    return Html("".join(each if isinstance(each, Html) else escape(each) for each in inner if each is not None))


def _attribute(name: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    name = name.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
