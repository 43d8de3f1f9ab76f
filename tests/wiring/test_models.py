"""Who sits where: which names there are, which keys they need, and what is refused at start."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import SecretStr

from adapters.anthropic_model import AnthropicModel
from adapters.openai_chat_model import OpenAIChatModel
from adapters.openai_model import OpenAIModel
from adapters.rules_model import RulesModel
from settings import ModelSettings
from tests.adapters.wire.dialects import RESPONSES
from tests.adapters.wire.server import sends, wire
from trading.agents.questions import Agent
from trading.errors import BadConfiguration, ModelRefused
from wiring.model_names import RETIRED, Named, Provider, named
from wiring.models import check_models, check_provider, seats_of, sittings_of

TODAY = date(2026, 11, 24)
ANTHROPIC, OPENAI = SecretStr("sk-ant-secret"), SecretStr("sk-proj-secret")
VARIABLES = ("data_agent_model", "risk_agent_model", "validator_model", "meta_agent_model")


@pytest.mark.parametrize(
    ("words", "provider", "name"),
    [
        ("rules-1", Provider.RULES, "rules-1"),
        ("rules:rules-1", Provider.RULES, "rules-1"),
        ("claude-sonnet-5-5", Provider.ANTHROPIC, "claude-sonnet-5-5"),
        ("claude-next", Provider.ANTHROPIC, "claude-next"),
        ("anthropic:claude-opus-5-5", Provider.ANTHROPIC, "claude-opus-5-5"),
        ("anthropic:gpt-of-mine", Provider.ANTHROPIC, "gpt-of-mine"),
        ("gpt-6.1-terra", Provider.OPENAI, "gpt-6.1-terra"),
        ("o3", Provider.OPENAI, "o3"),
        ("o5-mini", Provider.OPENAI, "o5-mini"),
        ("openai:codex", Provider.OPENAI, "codex"),
        ("openai-chat:llama3.2:3b", Provider.CHAT, "llama3.2:3b"),
        ("openai-chat:gpt-4", Provider.CHAT, "gpt-4"),
        ("openai-chat:claude-3-opus-20240229", Provider.CHAT, "claude-3-opus-20240229"),
    ],
)
def test_a_name_says_who_has_it(words: str, provider: Provider, name: str) -> None:
    assert named(words, TODAY) == Named(provider, name)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("llama3.2:3b", "openai-chat:llama3.2:3b"),
        ("gemini-4", "its provider is not known"),
        ("GPT-6.1-terra", "its provider is not known"),
        ("opus", "its provider is not known"),
        ("anthropic", "its provider is not known"),
        ("openai:", "a name must follow"),
        ("openai-chat: ", "a name must follow"),
        ("rules-99", "this version knows rules-1"),
        ("rules:2", "this version knows rules-1"),
    ],
)
def test_a_name_that_nobody_has_is_refused(words: str, told: str) -> None:
    with pytest.raises(BadConfiguration, match=f"no such model: {words}") as refused:
        named(words, TODAY)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", RETIRED)
def test_a_retired_model_is_refused_from_its_day_on_and_its_successor_is_named(name: str) -> None:
    retired_on, successor = RETIRED[name]
    for words in (name, f"{'anthropic' if name.startswith('claude') else 'openai'}:{name}"):
        with pytest.raises(BadConfiguration, match=f"{name} is retired, use {successor}"):
            named(words, retired_on)
    assert named(name, date(2025, 1, 1)).name == name


@pytest.mark.parametrize("name", ["claude-3-5-sonnet-20241022", "claude-3-opus-20240229", "gpt-4", "o1"])
def test_what_is_retired_today_does_not_start(name: str) -> None:
    with pytest.raises(BadConfiguration, match="is retired"):
        seats_of(ModelSettings(anthropic_api_key=ANTHROPIC, openai_api_key=OPENAI, meta_agent_model=name))


def test_no_successor_is_retired_itself() -> None:
    assert {successor for _, successor in RETIRED.values()} & set(RETIRED) == set()


@pytest.mark.parametrize(
    ("settings", "agents", "validator", "meta"),
    [
        (ModelSettings(), "rules-1", "rules-1", "rules-1"),
        (
            ModelSettings(anthropic_api_key=ANTHROPIC),
            "claude-sonnet-5-5",
            "claude-sonnet-5-5",
            "claude-opus-5-5",
        ),
        (ModelSettings(openai_api_key=OPENAI), "gpt-6.1-terra", "gpt-6.1-terra", "gpt-6.1-sol"),
        (
            ModelSettings(anthropic_api_key=ANTHROPIC, openai_api_key=OPENAI),
            "claude-sonnet-5-5",
            "gpt-6.1-terra",
            "claude-opus-5-5",
        ),
        (ModelSettings(anthropic_api_key=SecretStr("")), "rules-1", "rules-1", "rules-1"),
        (
            ModelSettings(anthropic_api_key=ANTHROPIC, meta_agent_model="rules-1"),
            "claude-sonnet-5-5",
            "claude-sonnet-5-5",
            "rules-1",
        ),
    ],
)
def test_the_keys_choose_who_sits_where_when_nobody_is_named(
    settings: ModelSettings, agents: str, validator: str, meta: str
) -> None:
    found = {agent: each.model.name for agent, each in sittings_of(settings).items()}
    expected = {Agent.DATA: agents, Agent.RISK: agents, Agent.VALIDATOR: validator, Agent.META: meta}
    debaters = {Agent.BULL: agents, Agent.BEAR: validator}
    assert found == {**expected, **debaters, Agent.REFLECTOR: agents, Agent.INQUIRER: agents}


@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize(
    ("words", "missing"),
    [("claude-sonnet-5-5", "LLM_ANTHROPIC_API_KEY"), ("gpt-6.1-terra", "LLM_OPENAI_API_KEY")],
)
def test_a_model_whose_key_is_missing_is_refused(variable: str, words: str, missing: str) -> None:
    for name in (variable, variable.replace("_model", "_fallback_model")):
        settings = ModelSettings.model_validate({name: words})
        with pytest.raises(BadConfiguration, match=f"needs a key: set {missing}"):
            seats_of(settings)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (ModelSettings(openai_api_key=ANTHROPIC), "LLM_OPENAI_API_KEY holds a key of another vendor"),
        (ModelSettings(anthropic_api_key=OPENAI), "LLM_ANTHROPIC_API_KEY holds a key of another vendor"),
        (
            ModelSettings(openai_api_key=ANTHROPIC, data_agent_model="rules-1"),
            "LLM_OPENAI_API_KEY holds a key of another vendor",
        ),
        (ModelSettings(anthropic_api_key=SecretStr("sk-ant-a b")), "LLM_ANTHROPIC_API_KEY: holds a space"),
        (ModelSettings(anthropic_api_key=SecretStr("sk-ant-a\n")), "LLM_ANTHROPIC_API_KEY: holds a space"),
        (ModelSettings(openai_api_key=SecretStr("sk-\u0430")), "LLM_OPENAI_API_KEY: holds a space"),
        (
            ModelSettings(openai_api_key=OPENAI, openai_base_url="https://user:hunter2@there/v1"),
            "LLM_OPENAI_BASE_URL: must be http",
        ),
        (
            ModelSettings(openai_api_key=OPENAI, openai_base_url="there/v1?key=hunter2"),
            "LLM_OPENAI_BASE_URL: must be http",
        ),
        (
            ModelSettings(anthropic_api_key=ANTHROPIC, meta_agent_fallback_model="claude-opus-5-5"),
            "the MetaAgent's fallback is its model, claude-opus-5-5",
        ),
    ],
)
def test_a_key_or_an_address_that_cannot_be_right_is_refused_without_showing_it(
    settings: ModelSettings, told: str
) -> None:
    with pytest.raises(BadConfiguration, match=told) as refused:
        seats_of(settings)
    assert "hunter2" not in str(refused.value)
    assert "secret" not in str(refused.value)


def test_at_an_address_of_ones_own_a_key_may_have_any_form() -> None:
    own = ModelSettings(anthropic_api_key=OPENAI, anthropic_base_url="http://127.0.0.1:4000")
    assert isinstance(seats_of(own)[Agent.DATA].model, AnthropicModel)


def test_no_key_shows_in_the_settings() -> None:
    settings = ModelSettings(anthropic_api_key=ANTHROPIC, openai_api_key=OPENAI)
    assert "secret" not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"


def test_a_vendor_has_one_client_for_all_its_seats() -> None:
    seats = seats_of(
        ModelSettings(
            anthropic_api_key=ANTHROPIC,
            openai_api_key=OPENAI,
            data_agent_fallback_model="gpt-6-luna",
            meta_agent_fallback_model="openai-chat:small",
            risk_agent_fallback_model="rules-1",
        )
    )
    anthropic = seats[Agent.DATA].model
    openai = seats[Agent.VALIDATOR].model
    assert isinstance(anthropic, AnthropicModel)
    assert isinstance(openai, OpenAIModel)
    assert seats[Agent.META].model is seats[Agent.RISK].model is anthropic
    assert seats[Agent.VALIDATOR].fallback is None
    fallbacks = {agent: seat.fallback for agent, seat in seats.items() if seat.fallback is not None}
    assert fallbacks[Agent.DATA].model is openai
    assert fallbacks[Agent.DATA].asking.model == "gpt-6-luna"
    assert isinstance(fallbacks[Agent.META].model, OpenAIChatModel)
    assert isinstance(fallbacks[Agent.RISK].model, RulesModel)


@pytest.mark.parametrize(
    ("words", "parameters"),
    [
        ("claude-haiku-5-5", {"max_tokens": 1000, "effort": "low"}),
        ("gpt-6-luna", {"max_tokens": 1000, "effort": "low"}),
        ("openai-chat:small", {"max_tokens": 1000}),
        ("rules-1", {}),
    ],
)
def test_each_provider_is_told_what_it_understands(words: str, parameters: dict[str, object]) -> None:
    settings = ModelSettings(
        anthropic_api_key=ANTHROPIC, openai_api_key=OPENAI, data_agent_model=words, effort="low", max_tokens=1000
    )
    assert seats_of(settings)[Agent.DATA].asking.parameters == parameters


def test_a_vendor_may_be_left_to_choose_its_effort() -> None:
    settings = ModelSettings(anthropic_api_key=ANTHROPIC, effort="default")
    assert seats_of(settings)[Agent.DATA].asking.parameters == {"max_tokens": 8192}


async def test_every_model_is_looked_up_once_at_its_provider() -> None:
    async with wire() as there:
        there.script = sends(200, {"id": "gpt-6.1-terra"})
        settings = ModelSettings(
            openai_api_key=SecretStr("sk-1"), openai_base_url=f"{there.url}/v1", meta_agent_fallback_model="rules-1"
        )
        found = await check_models(settings)
        assert found == [f"gpt-6.1-terra at {there.url}/v1", f"gpt-6.1-sol at {there.url}/v1", "rules-1"]
        assert [request.path for request in there.requests] == ["/v1/models/gpt-6.1-terra", "/v1/models/gpt-6.1-sol"]

        there.script = sends(404, RESPONSES.fails("model_not_found", "No."))
        with pytest.raises(ModelRefused, match=r"no model gpt-6\.1-terra"):
            await check_models(settings)


@pytest.mark.parametrize(
    ("provider", "path"),
    [
        (Provider.ANTHROPIC, "/v1/models/claude-sonnet-5-5"),
        (Provider.OPENAI, "/v1/models/gpt-6.1-terra"),
        (Provider.CHAT, "/v1/models"),
    ],
)
async def test_a_key_is_tried_although_nobody_sits_there(provider: Provider, path: str) -> None:
    async with wire() as there:
        said = {"anthropic_api_key": "a", "openai_api_key": "b", "anthropic_base_url": there.url}
        said |= dict.fromkeys(("openai_base_url", "chat_base_url"), f"{there.url}/v1")
        settings = ModelSettings.model_validate({**said, **dict.fromkeys(VARIABLES, "rules-1")})
        there.script = sends(200, {"id": "m", "data": [{"id": "small"}]})
        [found] = await check_provider(settings, provider)
        assert there.url in found
        assert [request.path for request in there.requests] == [path]

        there.script = sends(401, RESPONSES.fails("invalid_api_key", "No."))
        with pytest.raises(ModelRefused, match="refuses the key"):
            await check_provider(settings, provider)


async def test_rules_are_asked_nothing() -> None:
    assert await check_models(ModelSettings()) == ["rules-1"]
