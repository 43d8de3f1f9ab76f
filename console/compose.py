"""What `docker-compose.yml` hands on from `.env`: settings to every worker, a secret to the one queue that uses it."""

from __future__ import annotations

from collections.abc import Iterable

from console.variables import Variable
from trading.errors import BadConfiguration
from workflows import policies

SECRETS = {
    "LLM_": policies.AGENTS_QUEUE,
    "ALPACA_DATA_": policies.DESK_QUEUE,
    "ALPACA_": policies.ORDERS_QUEUE,
    "ALERT_": policies.DESK_QUEUE,
    "ASK_": policies.DESK_QUEUE,
}
"""Whose secrets these are, by how they begin: the process that reads the news holds no broker's key."""
OWN = {
    "DESK_HOME": "a temporary folder in the container",
    "DESK_TEMPORAL_PORT": "a port of the host",
    "DESK_UI_PORT": "a port of the host",
    "DESK_DB_PORT": "a port of the host",
    "DB_HOST": "the container",
    "DB_PORT": "the container's",
    "DB_NAME": "each service says it beside its user",
    "DB_USER": "the owner migrates, `trading_worker` works",
    "DB_PASSWORD": "each user's own",
    "MARKET_DATA_DIR": "mounted at the default's place",
    "LOG_FILE": "the container's own log",
    "LOG_FORMAT": "`json` unless `.env` says otherwise",
    "METRICS_HOST": "the container's, of which only its network knows",
    "METRICS_PORT": "where Prometheus looks",
    "METRICS_TEMPORAL_PORT": "where Prometheus looks",
}
"""Variables that mean something else in a container, and what Compose gives instead."""


def handed_on(known: Iterable[Variable]) -> str:
    """The YAML of it: one block of settings, and one of secrets a queue. An empty value is the default."""
    every = [variable for variable in known if variable.name not in OWN]
    blocks = [_block("settings", [each for each in every if not each.is_secret])]
    secrets = [(each, queue_of(each)) for each in every if each.is_secret]
    blocks += [_block(f"secrets-{queue}", [e for e, its in secrets if its == queue]) for queue in policies.QUEUES]
    return "\n".join(blocks)


def queue_of(secret: Variable) -> str:
    """The one queue whose worker gets this secret. Raises BadConfiguration when nobody has decided."""
    for beginning, queue in SECRETS.items():
        if secret.name.startswith(beginning):
            return queue
    raise BadConfiguration(f"{secret.name} is a secret of no queue: say in console/compose.py whose it is")


def _block(name: str, members: list[Variable]) -> str:
    if not members:
        return f"x-{name}: &{name} {{}}"
    return "\n".join([f"x-{name}: &{name}", *(f"  {each.name}: ${{{each.name}:-}}" for each in members)])
