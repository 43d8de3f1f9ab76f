"""A universe from a file: one symbol a line, or a CSV; anything else is refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.universe_file import read_universe
from trading.errors import BadConfiguration


@pytest.mark.parametrize(
    "text",
    [
        "KO\nAAPL\nBRK.B\n",
        "# large ones\nko\n\n  aapl  # fruit\nBRK.B\nKO\n",
        "\ufeffsymbol,name\nKO,Coca-Cola\nAAPL,Apple\nBRK.B,Berkshire\n",
        'Name,Symbol\n"Coca-Cola, The",KO\nApple,AAPL\n,\nBerkshire,BRK.B\n',
        "symbol\r\nKO\r\nAAPL\r\nBRK.B\r\n",
    ],
)
def test_symbols_are_read_each_once_in_their_order(tmp_path: Path, text: str) -> None:
    path = tmp_path / "universe.txt"
    path.write_text(text)
    assert read_universe(path) == ("KO", "AAPL", "BRK.B")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "has no symbols: write one a line, or a CSV with a column symbol"),
        (b"# nothing yet\n\n", "has no symbols"),
        (b"symbol\n", "has no symbols"),
        (b"name,symbol\nCoca-Cola,\n", "has no symbols"),
        (b"Coca-Cola\n", "not a ticker: 'COCA-COLA'"),
        (b"KO AAPL\n", "not a ticker: 'KO AAPL'"),
        (b"ticker,name\nKO,Coca-Cola\n", "has several columns and none named symbol"),
        (b"\xff\xfe\x00\x01", "is no text"),
        (b"\x00\x01\x02", "not a ticker"),
        (b"KO\n" * 400_000, "is too large for a list of symbols"),
        ("\n".join(f"A{chr(65 + i // 26)}{chr(65 + i % 26)}" for i in range(101)).encode(), "has 101 symbols, and a"),
    ],
)
def test_anything_else_is_refused_in_one_line(tmp_path: Path, data: bytes, sentence: str) -> None:
    path = tmp_path / "universe.csv"
    path.write_bytes(data)
    with pytest.raises(BadConfiguration) as refused:
        read_universe(path)
    assert str(refused.value).startswith(f"{path}: {sentence}")
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 600


def test_a_file_that_is_none_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="cannot be read: No such file"):
        read_universe(tmp_path / "nowhere.txt")
    with pytest.raises(BadConfiguration, match="cannot be read: Is a directory"):
        read_universe(tmp_path)


def test_many_lines_of_one_symbol_are_one_symbol(tmp_path: Path) -> None:
    path = tmp_path / "universe.txt"
    path.write_text("KO\n" * 500)
    assert read_universe(path) == ("KO",)
