"""The files of the page as a house: small, all used, each sound, and nothing in them that makes markup of text."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import playwright
import pytest

from web.pages import ADDRESSES, FILES, PAGE

MOST_LINES = 300
LONGEST_LINE = 160
NODE = Path(playwright.__file__).parent / "driver" / "node"
OURS = {name: path for name, path in FILES.items() if not name.startswith("vendor/")}
SCRIPTS = sorted(name for name in OURS if name.endswith(".js"))
# Text that becomes markup or script, an address elsewhere, and a word left for oneself.
FORBIDDEN = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|createContextualFragment"
    r"|\beval\b|new Function|javascript:|https?://|console\.|debugger|localhost"
)
_COMMENT = re.compile(r"^\s*//.*$|\s// .*$|/\*[\s\S]*?\*/", re.MULTILINE)
_TAKEN = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["'](\.[^"']+)["']""")
_NAMED = re.compile(r'(?:src|href)="/page/([^"]+)"')


def forbidden(text: str) -> list[str]:
    return FORBIDDEN.findall(_COMMENT.sub("", text))


def taken(name: str) -> Iterator[str]:
    """What a script imports."""
    for said in _TAKEN.findall((PAGE / name).read_text()):
        yield (PAGE / name).parent.joinpath(said).resolve().relative_to(PAGE.resolve()).as_posix()


def reached() -> set[str]:
    found: set[str] = set()
    waiting = _NAMED.findall((PAGE / "index.html").read_text())
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += taken(name) if name.endswith(".js") and not name.startswith("vendor/") else []
    return found


def addresses(main: str) -> set[str]:
    """The patterns of main.js, as a server writes them and without their names."""
    listed = main[main.index("const PAGES") : main.index("];")]
    return {re.sub(r"\*\w+", "{:path}", re.sub(r":\w+", "{}", said)) for said in re.findall(r'\["([^"]+)"', listed)}


def parses(script: str) -> bool:
    """Whether it is a module; by the interpreter that the driver of browsers brings."""
    done = subprocess.run(
        [NODE, "--input-type=module", "--check", "-"], input=script, text=True, capture_output=True, check=False
    )
    return done.returncode == 0


def test_no_text_becomes_markup_and_nothing_is_elsewhere() -> None:
    wrong = {name: found for name, path in OURS.items() if (found := forbidden(path.read_text()))}
    assert wrong == {}


@pytest.mark.parametrize(
    "planted",
    [
        "box.innerHTML = said;",
        "eval(said)",
        'fetch("https://example.com/x")',
        "console.log(said)",
        "new Function(said)",
    ],
)
def test_what_is_forbidden_is_found_and_a_comment_is_none(planted: str) -> None:
    assert forbidden(f"// Why.\nconst a = 1; // and /* how */\n{planted}\n")
    assert forbidden(f"const a = 1; // {planted}\n") == []


def test_files_stay_small() -> None:
    lines = {name: path.read_text().splitlines() for name, path in OURS.items()}
    assert [name for name, text in lines.items() if len(text) > MOST_LINES] == []
    wide = [f"{name}:{at}" for name in SCRIPTS for at, line in enumerate(lines[name], 1) if len(line) > LONGEST_LINE]
    assert wide == []


def test_every_file_is_reached_from_the_page_and_each_that_is_named_is_there() -> None:
    found = reached()
    assert found - set(FILES) == set()
    assert {name for name in FILES if name.endswith((".js", ".css"))} - found == set()


def test_the_server_answers_the_addresses_that_the_page_knows_and_no_others() -> None:
    known = {re.sub(r"\{\w+(:path)?\}", lambda found: f"{{{found[1] or ''}}}", said) for said in ADDRESSES}
    assert addresses((PAGE / "main.js").read_text()) == known


def test_every_script_is_a_module() -> None:
    assert [name for name in SCRIPTS if not parses((PAGE / name).read_text())] == []
    assert not parses("const a = ;")


def test_every_file_that_may_be_asked_for_is_inside_the_page(tmp_path: Path) -> None:
    assert all(path.resolve().is_relative_to(PAGE.resolve()) and not path.is_symlink() for path in FILES.values())
