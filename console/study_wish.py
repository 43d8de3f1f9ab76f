"""From what was typed to the study that is asked for, with its bars: a wrong option is told before anything runs."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import TypeAdapter, ValidationError

from backtest.data.panel import Panel
from backtest.data.panels import sessions
from backtest.data.warm_up import warm_up_of
from backtest.studies.trials import engine_of, samples
from console.backtest_card import new_run_id
from console.backtest_data import panel_of, plan_of, warm_up_for
from console.backtest_wish import Typed, part, wished
from settings import Settings
from trading.backtest_plan import Engine, Plan
from trading.backtesting import (
    MonteCarloAsked,
    Objective,
    Resampled,
    RunKind,
    RunRow,
    Source,
    StudyAsked,
    StudySummary,
    SweepAsked,
    WalkForwardAsked,
)
from trading.errors import BadConfiguration, BadRule
from trading.folds import folds_of
from trading.grids import Parameters, grid_of
from trading.strategy import AGENTS
from wiring.strategies import rules_of

_LISTED: TypeAdapter[list[Parameters]] = TypeAdapter(list[Parameters])


Choice = TypeVar("Choice", bound=StrEnum)
Kind = TypeVar("Kind", SweepAsked, WalkForwardAsked, MonteCarloAsked)


class Ready(NamedTuple):
    """A study and the bars that it is over; no bars where only those who run it read them."""

    asked: StudyAsked
    panel: Panel | None = None


Asking = Callable[[Mapping[str, Any], Settings], Awaitable[Ready]]


async def sweep_asked(typed: Typed, settings: Settings) -> Ready:
    """A sweep."""
    grid = grid_of(typed.get("grid") or (), _listed(typed.get("combinations")))
    holdout = typed.get("holdout")
    of_its_own = {"grid": grid, "holdout": None if holdout is None else part("--holdout", holdout)}
    return await _ready(SweepAsked, of_its_own, typed, settings)


async def walk_asked(typed: Typed, settings: Settings) -> Ready:
    """A walk forward."""
    grid = grid_of(typed.get("grid") or (), _listed(typed.get("combinations")))
    names = ("train", "test", "step", "anchored")
    return await _ready(WalkForwardAsked, {"grid": grid, **{name: typed[name] for name in names}}, typed, settings)


async def monte_carlo_asked(typed: Typed, settings: Settings) -> Ready:
    """Other courses of a strategy, or of a run that is kept."""
    if (typed.get("run") is None) == (typed.get("strategy") is None):
        raise BadConfiguration("name a RUN of `starter.py backtests list`, or a --strategy with its symbols and dates")
    of = {"trials": typed["trials"], "block": typed["block"], "of": _choice("--of", typed["of"], Resampled)}
    if typed.get("run") is None:
        seed = int(typed["seed"]) if str(typed.get("seed") or "").isdigit() else 0
        return await _ready(MonteCarloAsked, {**of, "seed": seed}, typed, settings)
    from console.kept_runs import kept_runs, named  # noqa: PLC0415  30 MB that files alone do not need

    async with kept_runs(settings) as runs:
        return Ready(_of_run(await named(runs, str(typed["run"])), of, typed))


async def _ready(kind: type[Kind], of_its_own: Mapping[str, Any], typed: Typed, settings: Settings) -> Ready:
    wish = wished(typed, settings)
    if wish.data is None:
        raise BadConfiguration("--provider: a study reads files, which each of its workers sees: use --data")
    panel = await panel_of(wish, settings)
    plan = plan_of(wish, panel)
    source = Source(data=str(wish.data.expanduser().resolve()), warm_up=warm_up_for(wish))
    asked = _record(
        kind,
        {**_common(typed, plan, settings.desk.id), **of_its_own, "source": source, "engine": wish.engine, "plan": plan},
    )
    if not isinstance(asked, MonteCarloAsked):
        folds_of(asked, sessions(panel, plan))  # refused here, before anything runs
    _see_rule(asked, settings)
    plan = wish.plan_in(engine_of(asked, panel), plan)
    return Ready(asked.model_copy(update={"plan": plan}), panel)


def _common(typed: Typed, plan: Plan, desk_id: str) -> dict[str, Any]:
    metric = typed.get("metric")
    return {
        "run_id": new_run_id(plan.strategy, datetime.now(UTC)),
        "desk_id": desk_id,
        "name": typed.get("name") or "",
        "objective": Objective.SHARPE if metric is None else _choice("--metric", metric, Objective),
    }


def _see_rule(asked: StudyAsked, settings: Settings) -> None:
    """Raises BadRule when not even one of a few combinations makes a rule: there is nothing to study then."""
    if asked.plan.strategy == AGENTS:
        if not isinstance(asked, MonteCarloAsked):
            raise BadConfiguration("the agents have no parameters to choose among")
        return
    rules, wrong = rules_of(settings.strategies), list[BadRule]()
    tried = samples(asked)
    for plan in tried:
        try:
            rules.load(plan.strategy, plan.parameters)
        except BadRule as error:
            wrong.append(error)
    if len(wrong) == len(tried):
        raise wrong[0]


def _of_run(row: RunRow, of: Mapping[str, Any], typed: Typed) -> StudyAsked:
    """The plan of a run that is kept; of a study its plan with the best parameters."""
    if row.kind is RunKind.BACKTEST:
        plan, source = Plan.model_validate(row.asked), _source_of(row)
    else:
        plan, source = Plan.model_validate(row.asked["plan"]), Source.model_validate(row.asked["source"])
        best = StudySummary.model_validate(row.metrics).best if row.metrics else ()
        if not best:
            raise BadConfiguration(f"run {row.run_id} has no best to draw from")
        plan = plan.model_copy(update={"parameters": plan.parameters | best[0].parameters})
    return _record(MonteCarloAsked, {**_common(typed, plan, row.desk_id), **of, "source": source, "plan": plan})


def _source_of(row: RunRow) -> Source:
    data, engine = Path(str(row.card["data"])), Engine(str(row.card["engine"]))
    if not data.exists():
        raise BadConfiguration(f"run {row.run_id} is of {data}, which is no file here")
    return Source(data=str(data), warm_up=warm_up_of(row.strategy, engine))


def _listed(path: str | None) -> list[Parameters]:
    if path is None:
        return []
    try:
        return _LISTED.validate_python(json.loads(Path(path).read_bytes()))
    except OSError as error:
        raise BadConfiguration(f"--combinations: {path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise BadConfiguration(f"--combinations: {path} is no list of objects of parameters, in JSON") from None


def _choice(option: str, said: str, kind: type[Choice]) -> Choice:
    try:
        return kind(said.strip())
    except ValueError:
        raise BadConfiguration(f"{option}: {said} is none of {', '.join(kind)}") from None


def _record(kind: type[Kind], fields: Mapping[str, Any]) -> Kind:
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = "-".join(map(str, first["loc"][:1]))
        raise BadConfiguration(f"--{where}: {first['msg'].removeprefix('Value error, ')}") from error
