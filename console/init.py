"""`init`: ask for keys and servers, try each on the spot, and write `.env`. What is there already is kept."""

from __future__ import annotations

import getpass
import os
import secrets
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import settings as configuration
from console.check import Check, Health
from console.draft import Draft, known_variables, refuse_unknown
from console.env_example import COMPOSE, TEMPORAL, TRACING
from console.keys import CHECKS, KeyCheck
from console.output import Output, toned
from trading.errors import BadConfiguration

MADE = ("DB_PASSWORD", "WORKER_DB_PASSWORD", "TEMPORAL_DB_PASSWORD")
"""Passwords that nobody need choose: Compose makes its database with them."""
WATCHED = {
    "COMPOSE_PROFILES": "observability",
    "DESK_TRACES_TO": "http://collector:4318",
    "TRACES_URL": "http://127.0.0.1:16686/trace/{trace}",
    "ASK_PROMETHEUS_URL": "http://prometheus:9090",
}
"""What turns on the profile `observability`, besides a password for Grafana."""
ALERTS = "ALERT_"
"""Channels are many, and few have more than one: they are written by hand and tried by `starter.py alerts test`."""
_SIGNS = {Health.OK: toned("  ✓ ", "good"), Health.WARN: toned("  – ", "odd"), Health.FAIL: toned("  ✗ ", "bad")}
_TAIL, _LONG = 4, 16


class Person:
    """Somebody at a terminal."""

    def ask(self, words: str, *, hidden: bool) -> str:
        """One line, unseen when it is a secret."""
        try:
            return (getpass.getpass if hidden else input)(words).strip()
        except EOFError:
            raise KeyboardInterrupt from None

    def agrees(self, words: str) -> bool:
        """Yes, said explicitly."""
        return self.ask(f"{words} [y/N] ", hidden=False).lower() in {"y", "yes"}


@dataclass(frozen=True)
class Wish:
    """What was asked for on the command line."""

    given: Mapping[str, str] = field(default_factory=dict)
    replace: bool = False
    compose: bool = False
    observability: bool = False
    untried: bool = False


def init(output: Output, wish: Wish, checks: Iterable[KeyCheck] = CHECKS) -> int:
    """Write `.env` from what was given, or from what a person answers.

    Raises BadConfiguration, and writes nothing, for a value that the settings refuse or that fails its check.
    """
    draft = Draft(configuration.ENV_FILE, checks)
    _provide(draft, wish)
    if wish.given:
        _take(draft, wish, output)
    elif sys.stdin.isatty() and not output.as_json:
        _converse(draft, wish, output, Person())
    elif not wish.compose:
        message = "nobody to ask here: give values with --set NAME=VALUE"
        raise BadConfiguration(message)
    draft.save()
    _conclude(draft, output)
    return 0


def _provide(draft: Draft, wish: Wish) -> None:
    """What nobody need choose, as far as it is not there yet."""
    made = {name: secrets.token_urlsafe(24) for name in MADE} if wish.compose else {}
    if wish.observability:
        if not wish.compose:
            message = "--observability is of docker-compose.yml: say --compose, too"
            raise BadConfiguration(message)
        made |= {"GRAFANA_PASSWORD": secrets.token_urlsafe(24), **WATCHED}
    draft.put({name: value for name, value in made.items() if name not in draft.values})


def given_of(words: Sequence[str]) -> dict[str, str]:
    """NAME=VALUE each; NAME alone takes the environment's, so that a secret is on no command line.

    Raises BadConfiguration for anything else, and does not repeat it.
    """
    given = {}
    for word in words:
        name, sign, value = word.partition("=")
        refuse_unknown(name)
        if not sign and not os.environ.get(name):
            message = f"--set {name} takes its value from the environment, where there is none"
            raise BadConfiguration(message)
        given[name] = value if sign else os.environ[name]
    return given


def _take(draft: Draft, wish: Wish, output: Output) -> None:
    """What the command line gave."""
    for name in wish.given:
        if name in draft.values and not wish.replace:
            message = f"{name} is set already: --force replaces it"
            raise BadConfiguration(message)
    draft.put(wish.given)
    looked = [] if wish.untried else draft.tried(wish.given)
    _say(looked, output)
    for each in looked:
        if each.status is Health.FAIL:
            message = f"{_told(each)}; nothing is written (--untried writes it all the same)"
            raise BadConfiguration(message)


def _converse(draft: Draft, wish: Wish, output: Output, person: Person) -> None:
    """Ask for what each check tries, then for the keys that none tries."""
    output.say("Enter leaves a value as it is; nothing is written before the last question.")
    covered = {name for each in draft.checks for name in each.variables}
    alone = [
        (each.name,)
        for each in known_variables().values()
        if each.is_secret
        and each.name not in covered | {*COMPOSE, *MADE, *TEMPORAL, *TRACING}
        and not each.name.startswith(ALERTS)
    ]
    for names in (*(each.variables for each in draft.checks if each.asked), *alone):
        while not _settled(draft, _asked(draft, names, wish, output), person, output, untried=wish.untried):
            pass


def _asked(draft: Draft, names: Sequence[str], wish: Wish, output: Output) -> list[str]:
    """Those of the names that are to be asked for; of the others say what they are."""
    output.say("")
    asked = [name for name in names if wish.replace or name not in draft.values]
    for name in names:
        if name not in asked:
            output.say(f"  {name} is {masked(name, draft.values[name])}")
    return asked


def _settled(draft: Draft, names: Sequence[str], person: Person, output: Output, *, untried: bool) -> bool:
    """Ask for these and try them together; False when they are to be asked for again."""
    before, answers = draft.text, _answers(names, person, output)
    try:
        draft.put(answers)
        looked = draft.tried(answers) if answers and not untried else []
    except BadConfiguration as error:
        output.say(toned(f"  {error}", "bad"))
        draft.text = before
        return False
    _say(looked, output)
    failed = any(each.status is Health.FAIL for each in looked)
    if failed and not person.agrees("  Keep it all the same?"):
        draft.text = before
        return False
    return True


def _answers(names: Sequence[str], person: Person, output: Output) -> dict[str, str]:
    """The values that a person gives; none for the first is none for those that go with it."""
    known, answers = known_variables(), dict[str, str]()
    for name in names:
        output.say(toned(f"  {known[name].description}", "faint"))
        answer = person.ask(f"  {name}: ", hidden=known[name].is_secret)
        if answer:
            answers[name] = answer
        elif not answers:
            break
    return answers


def _conclude(draft: Draft, output: Output) -> None:
    written = sorted(draft.written)
    document = {
        "file": str(draft.path),
        "written": written,
        "shadowed": draft.shadowed,
        "checks": list(draft.found.values()),
    }
    shadowed = [f"  {name} is set in the environment, too, which has precedence" for name in draft.shadowed]
    count = f"{len(written)} new value{'' if len(written) == 1 else 's'}" if written else "nothing new"
    output.show(document, *shadowed, f"  {draft.path}: {count}. Next: starter.py doctor")


def _say(looked: Iterable[Check], output: Output) -> None:
    for each in looked:
        output.say(_SIGNS[each.status] + toned(_told(each), "plain"))


def _told(each: Check) -> str:
    """What was found, and what to do about it."""
    return ": ".join(words for words in (each.id, each.found, each.mend) if words)


def masked(name: str, value: str) -> str:
    """Enough of a secret to tell it from another, and not more."""
    if not known_variables()[name].is_secret:
        return value
    return f"********{value[-_TAIL:]}" if len(value) >= _LONG else "********"
