"""Rules and dashboards against the numbers that a real desk tells: no name in them that nobody exports."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import free_port
from tests.console.conftest import serving
from tests.console.terminal import PATIENCE_SECONDS, WORKER, Terminal

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = DEPLOY / "prometheus" / "alerts.yml"
DASHBOARDS = sorted((DEPLOY / "grafana" / "dashboards").glob("*.json"))
NAME = re.compile(r"\b(?:trading|temporal)_[a-z0-9_]+\b")
# Told by Temporal's library from the first time on that it happens, which no sound desk shows.
ONCE_IT_HAPPENS = {"temporal_workflow_task_execution_failed_total", "temporal_request_failure_total"}
PROMETHEUS, PROMTOOL = shutil.which("prometheus"), shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="no promtool here (Debian: prometheus)")


def expressions() -> list[tuple[str, str]]:
    """Every query with where it stands."""
    rules = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    found = [(rule["alert"], rule["expr"]) for rule in rules]
    for file in DASHBOARDS:
        board = json.loads(file.read_text())
        found += [(file.stem, one["query"]["query"]) for one in board["templating"]["list"]]
        for panel in board["panels"]:
            found += [(f"{file.stem}: {panel['title']}", one["expr"]) for one in panel.get("targets", ())]
    return found


def names_in(expression: str) -> set[str]:
    """The metrics that a query names; labels and their values stand in braces and behind `by`."""
    bare = re.sub(r'"[^"]*"', "", expression)
    return {name for name in NAME.findall(bare) if not name.endswith("_")}


def series_of(exposition: str) -> set[str]:
    """Every name under which a scrape has or may have a series: a type says it before the first is there."""
    found: set[str] = set()
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", exposition, re.MULTILINE):
        found |= {f"{name}_{part}" for part in ("bucket", "count", "sum")} if kind == "histogram" else {name}
    return found


@pytest.fixture(scope="module")
def served() -> Iterator[Terminal]:
    """A terminal beside a desk that has run a cycle and goes on serving."""
    ports = {"METRICS_PORT": str(free_port()), "METRICS_TEMPORAL_PORT": str(free_port())}
    with serving(**ports) as terminal:
        yield terminal


@pytest.fixture(scope="module")
def desk(served: Terminal) -> tuple[int, int]:
    """The ports of that desk."""
    return int(served.variables["METRICS_PORT"]), int(served.variables["METRICS_TEMPORAL_PORT"])


def got(port: int, path: str = "/metrics") -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=15) as answer:
        return str(answer.read().decode())


@pytest.mark.faults
def test_rules_and_dashboards_name_only_what_a_real_desk_tells(desk: tuple[int, int]) -> None:
    told = set().union(*(series_of(got(port)) for port in desk)) | ONCE_IT_HAPPENS
    unknown = {where: names_in(said) - told for where, said in expressions() if names_in(said) - told}
    assert unknown == {}
    assert len(expressions()) > 80


@pytest.mark.faults
def test_every_metric_of_ours_is_looked_at_somewhere_or_described(desk: tuple[int, int]) -> None:
    described = (DEPLOY.parent / "docs" / "observability.md").read_text()
    ours = re.findall(r"^# TYPE (trading_\S+) ", got(desk[0]), re.MULTILINE)
    assert [name for name in ours if f"`{name}`" not in described] == []


@pytest.mark.faults
def test_a_cycle_shows_in_the_numbers(desk: tuple[int, int]) -> None:
    text = got(desk[0])
    for series in (
        'trading_cycles_total{desk="main",outcome="traded"} 1.0',
        'trading_cycle_duration_seconds_count{desk="main",outcome="traded"} 1.0',
        'trading_state{desk="main",state="ACTIVE"} 1.0',
        'trading_queue_pollers{kind="workflow",queue="desk"} 1.0',
        "trading_temporal_up 1.0",
    ):
        assert series in text
    assert re.search(r'trading_agent_latency_seconds_count\{agent="DataAgent",outcome="answered"\} 6', text)
    assert re.search(r'trading_orders_total\{desk="main",outcome="filled"\} [1-9]', text)


@pytest.mark.faults
def test_a_worker_of_another_queue_tells_of_itself_and_not_of_the_desk(served: Terminal) -> None:
    port = free_port()
    beside = served.but(METRICS_PORT=str(port), METRICS_TEMPORAL_PORT=str(free_port()))
    running = beside.start("--queues", "agents", program=WORKER)
    running.wait_for("serving")
    text = got(port)
    assert running.end(signal.SIGTERM) == 0
    assert "# TYPE trading_llm_call_duration_seconds histogram" in text
    assert "trading_equity_usd" not in text


@pytest.mark.faults
def test_a_worker_whose_port_is_taken_says_so_in_one_line(served: Terminal, desk: tuple[int, int]) -> None:
    said = served.but(METRICS_PORT=str(desk[0])).type("--queues", "agents", program=WORKER)
    assert said.code == 1
    assert said.err.startswith(f"worker: METRICS_PORT: 127.0.0.1:{desk[0]} cannot be listened at")
    assert said.err.count("\n") == 1


@pytest.mark.faults
@pytest.mark.skipif(PROMETHEUS is None, reason="no prometheus here (Debian: prometheus)")
def test_a_real_prometheus_scrapes_a_desk_and_evaluates_every_query(desk: tuple[int, int], tmp_path: Path) -> None:
    assert PROMETHEUS is not None
    port = free_port()
    targets = [f"127.0.0.1:{each}" for each in desk]
    configuration = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(RULES)],
        "scrape_configs": [{"job_name": "workers", "static_configs": [{"targets": targets}]}],
    }
    file = tmp_path / "prometheus.yml"
    file.write_text(yaml.safe_dump(configuration))
    words = [f"--config.file={file}", f"--storage.tsdb.path={tmp_path / 'data'}"]
    server = subprocess.Popen(
        [PROMETHEUS, *words, f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"], cwd=tmp_path
    )
    try:
        _until_scraped(port)
        for where, expression in expressions():
            asked = expression.replace("$desk", "main").replace("$__range", "1h")
            if asked.startswith("label_values"):
                continue
            answer = _asked(port, asked)
            assert answer["status"] == "success", f"{where}: {answer}"
        [cash] = _asked(port, 'trading_cash_usd{desk="main"}')["data"]["result"]
        assert float(cash["value"][1]) > 0
        health = [
            rule["health"]
            for group in json.loads(got(port, "/api/v1/rules"))["data"]["groups"]
            for rule in group["rules"]
        ]
        assert set(health) <= {"ok", "unknown"}
    finally:
        server.terminate()
        server.wait(30)


def _until_scraped(port: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            up = _asked(port, "sum(up)")["data"]["result"]
        except OSError:
            up = []
        if up and up[0]["value"][1] == "2":
            return
        time.sleep(0.2)
    message = "Prometheus has not scraped the desk"
    raise AssertionError(message)


def _asked(port: int, expression: str) -> Any:
    query = urllib.parse.urlencode({"query": expression})
    try:
        return json.loads(got(port, f"/api/v1/query?{query}"))
    except urllib.error.HTTPError as refusal:
        return json.loads(refusal.read())


@needs_promtool
@pytest.mark.parametrize(
    "words", [("check", "rules", "alerts.yml"), ("check", "config", "prometheus.yml"), ("test", "rules", "tests.yml")]
)
def test_promtool_finds_nothing_wrong(words: tuple[str, ...]) -> None:
    assert PROMTOOL is not None
    done = subprocess.run([PROMTOOL, *words], cwd=RULES.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_played_through_says_what_to_do_and_names_a_command_that_there_is() -> None:
    rules = {rule["alert"]: rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]}
    played = {
        each["alertname"]
        for test in yaml.safe_load((RULES.parent / "tests.yml").read_text())["tests"]
        for each in test["alert_rule_test"]
        if each.get("exp_alerts")
    }
    assert set(rules) == played
    for rule in rules.values():
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert rule["annotations"]["action"]
    typed = {
        words
        for rule in rules.values()
        for words in re.findall(r"starter\.py ([a-z-]+)", rule["annotations"]["action"])
    }
    assert typed <= commands(), typed - commands()


def commands() -> set[str]:
    from typer.main import get_command  # noqa: PLC0415  the whole command line is imported for it

    from starter import app  # noqa: PLC0415  the same

    group: Any = get_command(app)
    return set(group.commands)


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda file: file.stem)
def test_a_dashboard_is_whole(file: Path) -> None:
    board = json.loads(file.read_text())
    panels = [panel for panel in board["panels"] if panel["type"] != "row"]
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert board["uid"] == f"trading-{file.stem}"
    for panel in panels:
        assert panel["title"]
        assert panel["targets"], panel["title"]
        assert {one["datasource"]["uid"] for one in panel["targets"]} == {"prometheus"}
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len(set(places)) == len(places)


def test_what_is_provisioned_is_what_the_dashboards_ask_for() -> None:
    folder = DEPLOY / "grafana" / "provisioning"
    [source] = yaml.safe_load((folder / "datasources" / "prometheus.yml").read_text())["datasources"]
    [provider] = yaml.safe_load((folder / "dashboards" / "desk.yml").read_text())["providers"]
    assert (source["uid"], source["type"]) == ("prometheus", "prometheus")
    assert provider["type"] == "file"


def test_a_name_that_nobody_tells_is_found() -> None:
    told = series_of("# TYPE trading_x histogram\n# TYPE trading_y_total counter\n")
    assert names_in('sum by (le) (rate(trading_x_bucket{a="trading_z"}[1h])) / trading_q') - told == {"trading_q"}
    assert names_in("trading_y_total") - told == set()
