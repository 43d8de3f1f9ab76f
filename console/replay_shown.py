"""How replays are shown: then and now side by side, and many of them in a few numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from console.output import Output, Tone, gain, grid, pairs, plain, shares, title, toned
from console.scoreboard import score_table
from trading.agents.questions import Agent
from trading.spoken import CODE, RULE, Line, Word
from trading.whatif import Otherwise, Replayed
from trading.whatif_sums import Replays

NOTHING_SENT = "nothing was sent or written"
_ORDER = (Agent.DATA, RULE, CODE, Agent.RISK, Agent.VALIDATOR, Agent.BULL, Agent.BEAR, Agent.META)
_PLACES: dict[str, int] = {who: place for place, who in enumerate(_ORDER)}


def show_one(output: Output, otherwise: Otherwise, replayed: Replayed) -> None:
    """One cycle, a line for each who spoke of each symbol; reasons where the words are others."""
    heading = title(f"{replayed.cycle_id} decided again, as of {replayed.as_of:%Y-%m-%d %H:%M} UTC")
    shown: list[RenderableType] = [heading, _otherwise(otherwise)]
    if replayed.because:
        shown.append(toned(f"  not decided: {replayed.because}", "bad"))
    else:
        shown += [_table(replayed), *_reasons(replayed)]
    output.show(_document(otherwise, replayed), *shown, _sum(replayed))


def show_many(output: Output, otherwise: Otherwise, replays: Sequence[Replayed], summed: Replays) -> None:
    """Many cycles: a line each where anything changed, and all of them summed up."""
    days = f"{replays[0].as_of:%Y-%m-%d} to {replays[-1].as_of:%Y-%m-%d}"
    shown: list[RenderableType] = [title(f"Decided again: {summed.cycles} cycles, {days}"), _otherwise(otherwise)]
    table = grid("cycle", "symbol", ">then", ">now", "~why not")
    for one in replays:
        for then, now in one.pairs if not one.because else ():
            if then.decision != now.decision:
                table.add_row(one.cycle_id, then.symbol, _decision(then), _decision(now))
        if one.because:
            table.add_row(one.cycle_id, "", "", "", toned(one.because, "bad"))
    shown += [table] if table.row_count else [toned("  nothing would have been decided otherwise", "good")]
    made = Text.assemble(gain(summed.pnl_then), " then, ", gain(summed.pnl_now), " now, USD")
    outcomes = f"{summed.known} with an outcome, {summed.unknown} without"
    shown += [
        pairs(
            [
                ("decisions", f"{summed.decisions}, {summed.changed} changed: {outcomes}"),
                ("made", made),
                ("asked", f"{summed.calls} new questions for {summed.usd:.4f} USD; {NOTHING_SENT}"),
            ]
        )
    ]
    for when, found in (("Scores then", summed.scores_then), ("Scores now", summed.scores_now)):
        shown += [title(when), score_table(found)] if found else []
    document = {"otherwise": otherwise, "summary": summed, "replays": [_line(one) for one in replays]}
    output.show(document, *shown)


def _document(otherwise: Otherwise, one: Replayed) -> dict[str, object]:
    return {"otherwise": otherwise, **_line(one), "then": one.then, "now": one.now}


def _line(one: Replayed) -> dict[str, object]:
    known = one.model_dump(mode="json", exclude={"then", "now"})
    return {**known, "changed": one.changed}


def _otherwise(otherwise: Otherwise) -> Text:
    lines: list[tuple[str, str | Text]] = [
        *((f"{agent}", f"asked of {plain(name)}") for agent, name in otherwise.models.items()),
        *(
            (f"{agent}", f"told {plain(prompt.version)} ({prompt.digest})")
            for agent, prompt in otherwise.prompts.items()
        ),
        *((name, str(value)) for name, value in otherwise.limits if value not in (None, ())),
    ]
    return pairs(lines) if lines else toned("  nothing is otherwise", "faint")


def _table(replayed: Replayed) -> RenderableType:
    table = grid("symbol", "who", "~then", "~now", "answer")
    fresh = set(replayed.paid.call_ids)
    for then, now in replayed.pairs:
        for number, (who, before, after) in enumerate(_side_by_side(then, now)):
            says = [_says(before), _says(after)]
            tone: Tone = "plain" if says[0] == says[1] else "odd"
            name = then.symbol if not number else ""
            table.add_row(name, who, toned(says[0], tone), toned(says[1], tone), _whence(after, fresh))
        tone = "faint" if then.decision == now.decision else "odd"
        table.add_row("", toned("decided", tone), toned(_decision(then), tone), toned(_decision(now), tone))
    return table


def _side_by_side(then: Line, now: Line) -> Iterator[tuple[str, Word | None, Word | None]]:
    said = dict.fromkeys(word.who for word in (*then.words, *now.words))
    for who in sorted(said, key=lambda who: _PLACES.get(who, len(_ORDER))):
        yield who, then.by(who), now.by(who)


def _reasons(replayed: Replayed) -> list[RenderableType]:
    """Why, where the words are others."""
    told: list[RenderableType] = []
    for then, now in replayed.pairs:
        for who, before, after in _side_by_side(then, now):
            if _says(before) != _says(after):
                told.append(toned(f"  {then.symbol} {who}", "faint"))
                told += _why(before, after)
    return [title("Why"), *told] if told else []


def _why(before: Word | None, after: Word | None) -> list[str]:
    """The reasons of then and now, or the one of both."""
    if before is not None and after is not None and before.why == after.why:
        return [f"    both: {plain(before.why)}"] if before.why else []
    said = (("then:", before), ("now: ", after))
    return [f"    {when} {plain(word.why)}" for when, word in said if word is not None and word.why]


def _sum(replayed: Replayed) -> Text:
    words = f"{len(replayed.paid.call_ids)} new questions for {replayed.paid.usd:.4f} USD"
    changed = "nothing is decided otherwise" if not replayed.changed else f"otherwise: {', '.join(replayed.changed)}"
    head = "" if replayed.because else f"{changed}; "
    return toned(f"\n  {head}{words}; {NOTHING_SENT}", "odd" if replayed.changed else "good")


def _says(word: Word | None) -> str:
    return "" if word is None else plain(word.says)


def _whence(word: Word | None, fresh: set[str]) -> str:
    if word is None or not word.call_id:
        return ""
    return "new" if word.call_id in fresh else "kept"


def _decision(line: Line) -> str:
    action, quantity = line.decision
    return f"{action} {shares(quantity)}" if action else "nothing"
