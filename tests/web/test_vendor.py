"""What the page has from others is what their packages bring, and their licences stand beside it."""

from __future__ import annotations

import hashlib

from web.pages import PAGE

VENDOR = PAGE / "vendor"


def test_files_of_others_are_as_they_were_fetched() -> None:
    lines = [line.split() for line in (VENDOR / "SHA256SUMS").read_text().splitlines()]
    sums = {name: known for known, name in lines}
    files = {path.name for path in VENDOR.iterdir() if path.suffix in {".js", ".css"}}
    assert set(sums) == files
    for name, known in sums.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == known


def test_each_has_its_licence_named() -> None:
    told = (VENDOR / "README.md").read_text()
    for path in VENDOR.iterdir():
        if path.name not in {"README.md", "SHA256SUMS"}:
            assert f"`{path.name}`" in told
