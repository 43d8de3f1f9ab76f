"""How far a study is, while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from console.output import Output, plain
from trading.backtesting import RunProgress

Tell = Callable[[RunProgress], None]


@contextmanager
def bar(output: Output) -> Iterator[Tell]:
    """A bar of combinations with the best so far; only on a terminal."""
    if output.as_json or not output.console.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("  combinations"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, TextColumn("{task.fields[best]}"), console=output.console, transient=True) as shown:
        task = shown.add_task("", total=None, best="")

        def tell(progress: RunProgress) -> None:
            best = progress.best[0] if progress.best else None
            words = "" if best is None else f"best {best.score:.3f} {described(best.parameters)}"
            shown.update(task, total=progress.total or None, completed=progress.done, best=plain(words))

        yield tell


def described(parameters: object) -> str:
    """Parameters in a line."""
    return " ".join(f"{name}={value}" for name, value in dict(parameters).items()) if parameters else ""  # type: ignore[call-overload]
