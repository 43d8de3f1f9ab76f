"""Who sits for each agent, by the settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Protocol, TypeAlias

from pydantic import JsonValue, SecretStr, ValidationError

from activities.agents import Seat
from adapters.model_api.access import Access
from adapters.model_api.prices import most_usd
from adapters.rules_model import NAME as RULES
from adapters.rules_model import RulesModel
from settings import ModelSettings
from trading.agents.questions import Agent, Asking
from trading.errors import BadConfiguration
from trading.ports import LanguageModel
from wiring.model_names import Named, Provider, named, usual


class Vendor(LanguageModel, Protocol):
    """A model behind an API: it can be asked what it knows of a name, and closed."""

    async def check(self, model: str) -> str:
        """What is known of a model. Raises ModelRefused for an unknown model or key."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


# Whom to ask about while nobody sits at a provider; a server of one's own is asked what it has.
_UNSEATED: Mapping[Provider, str] = {
    Provider.ANTHROPIC: usual(has_anthropic=True, has_openai=False)[Agent.DATA],
    Provider.OPENAI: usual(has_anthropic=False, has_openai=True)[Agent.DATA],
    Provider.CHAT: "",
}


@dataclass(frozen=True, slots=True)
class Sitting:
    """The model of an agent by its name, and who is asked in its place."""

    model: Named
    fallback: Named | None


def sittings_of(models: ModelSettings) -> dict[Agent, Sitting]:
    """Who sits for each agent, before anything is built.

    Raises BadConfiguration for a name that no provider has, a model that is retired, and a key that is missing or
    another vendor's.
    """
    today = datetime.now(UTC).date()
    usually = usual(has_anthropic=_given(models.anthropic_api_key), has_openai=_given(models.openai_api_key))
    sitting = {
        agent: Sitting(model=named(words or usually[agent], today), fallback=named(instead, today) if instead else None)
        for agent, (words, instead) in _words(models).items()
    }
    for agent, each in sitting.items():
        if each.model == each.fallback:
            raise BadConfiguration(f"the {agent}'s fallback is its model, {each.model.name}: name another")
    keys = {Provider.ANTHROPIC: models.anthropic_api_key, Provider.OPENAI: models.openai_api_key}
    for provider in {*_vendors(sitting), *(each for each, key in keys.items() if _given(key))}:
        _access(models, provider)
    return sitting


def sitting_of(models: ModelSettings, agent: Agent, words: str) -> Sitting:
    """Who sits for an agent of a strategy that names his model; the desk's fallback stands by, unless it is he himself.

    Raises BadConfiguration as `sittings_of`.
    """
    today = datetime.now(UTC).date()
    model, instead = named(words, today), sittings_of(models)[agent].fallback
    if model.provider is not Provider.RULES:
        _access(models, model.provider)
    return Sitting(model=model, fallback=None if instead == model else instead)


Around: TypeAlias = Callable[[LanguageModel], LanguageModel]


def bare(model: LanguageModel) -> LanguageModel:
    """The model itself, with nothing around it."""
    return model


class Bench:
    """The seats over one client a vendor, each built when somebody is first to sit there.

    `around` puts something around each client: what measures its calls.
    """

    def __init__(self, models: ModelSettings, around: Around = bare) -> None:
        self._models = models
        self._around = around
        self._built: dict[Provider, LanguageModel] = {Provider.RULES: around(RulesModel())}
        self._named: dict[tuple[Agent, str], Seat] = {}

    def usual(self) -> dict[Agent, Seat]:
        """The desk's own model of each agent. Raises BadConfiguration as `sittings_of`."""
        return {agent: self._seat(each.model, each.fallback) for agent, each in sittings_of(self._models).items()}

    def rules(self) -> Seat:
        """Who answers, free, where no model may be asked."""
        return self._seat(Named(Provider.RULES, RULES))

    def named(self, agent: Agent, words: str) -> Seat:
        """A seat for a model by its name. Raises BadConfiguration as `sitting_of`."""
        found = self._named.get((agent, words))
        if found is None:
            sitting = sitting_of(self._models, agent, words)
            found = self._named[agent, words] = self._seat(sitting.model, sitting.fallback)
        return found

    def _seat(self, who: Named, fallback: Named | None = None) -> Seat:
        if who.provider not in self._built:
            self._built[who.provider] = self._around(_client(who.provider, _access(self._models, who.provider)))
        return Seat(
            model=self._built[who.provider],
            asking=Asking(model=who.name, parameters=_parameters(self._models, who.provider)),
            fallback=self._seat(fallback) if fallback else None,
            tariff=partial(most_usd, who.provider.value, who.name),
            is_free=who.provider is Provider.RULES,
        )


def seats_of(models: ModelSettings) -> dict[Agent, Seat]:
    """The desk's own model of each agent. Raises BadConfiguration as `sittings_of`."""
    return Bench(models).usual()


async def check_models(models: ModelSettings) -> list[str]:
    """What the providers say of every model that sits somewhere. Raises ModelRefused, or ModelUnavailable."""
    sitting = sittings_of(models)
    built = _built(models, sitting)
    async with AsyncExitStack() as stack:
        for vendor in built.values():
            stack.push_async_callback(vendor.close)
        who = _names(sitting)
        return [await built[each.provider].check(each.name) if each.provider in built else each.name for each in who]


async def check_provider(models: ModelSettings, provider: Provider) -> list[str]:
    """What one provider says of its models that sit somewhere; of its usual one when none does, so that a key is tried.

    Raises ModelRefused, or ModelUnavailable, and BadConfiguration as `sittings_of`.
    """
    names = [name for name in _names(sittings_of(models)) if name.provider is provider]
    client = _client(provider, _access(models, provider))
    async with AsyncExitStack() as stack:
        stack.push_async_callback(client.close)
        return [await client.check(name) for name in [each.name for each in names] or [_UNSEATED[provider]]]


def access_of(models: ModelSettings, provider: Provider) -> Access:
    """The way to a provider. Raises BadConfiguration for a key that is missing or wrong, or an address that is none."""
    return _access(models, provider)


def _names(sitting: Mapping[Agent, Sitting]) -> list[Named]:
    """Every model that sits somewhere, once."""
    return list(dict.fromkeys(name for each in sitting.values() for name in (each.model, each.fallback) if name))


def _words(models: ModelSettings) -> dict[Agent, tuple[str, str]]:
    return {
        Agent.DATA: (models.data_agent_model, models.data_agent_fallback_model),
        Agent.RISK: (models.risk_agent_model, models.risk_agent_fallback_model),
        Agent.VALIDATOR: (models.validator_model, models.validator_fallback_model),
        Agent.META: (models.meta_agent_model, models.meta_agent_fallback_model),
        Agent.BULL: (models.bull_model or models.data_agent_model, models.bull_fallback_model),
        Agent.BEAR: (models.bear_model or models.validator_model, models.bear_fallback_model),
        Agent.REFLECTOR: (models.reflector_model or models.data_agent_model, models.reflector_fallback_model),
        Agent.INQUIRER: (models.inquirer_model, models.inquirer_fallback_model),
    }


def _vendors(sitting: Mapping[Agent, Sitting]) -> Iterator[Provider]:
    """Every provider that needs a client, once."""
    found = dict.fromkeys(name.provider for name in _names(sitting))
    return (provider for provider in found if provider is not Provider.RULES)


def _built(models: ModelSettings, sitting: Mapping[Agent, Sitting]) -> dict[Provider, Vendor]:
    return {provider: _client(provider, _access(models, provider)) for provider in _vendors(sitting)}


def _client(provider: Provider, access: Access) -> Vendor:
    # The SDKs take a second to import: no process that asks no model waits for them.
    if provider is Provider.ANTHROPIC:
        from adapters.anthropic_model import AnthropicModel  # noqa: PLC0415  see above

        return AnthropicModel(access)
    if provider is Provider.OPENAI:
        from adapters.openai_model import OpenAIModel  # noqa: PLC0415  see above

        return OpenAIModel(access)
    from adapters.openai_chat_model import OpenAIChatModel  # noqa: PLC0415  see above

    return OpenAIChatModel(access)


def _access(models: ModelSettings, provider: Provider) -> Access:
    """The way to a provider. Raises BadConfiguration for a key that is missing or wrong, or an address that is none."""
    group, vendor = {
        Provider.ANTHROPIC: ("anthropic", "Anthropic"),
        Provider.OPENAI: ("openai", "OpenAI"),
        Provider.CHAT: ("chat", "the chat server"),
    }[provider]
    key: SecretStr | None = getattr(models, f"{group}_api_key")
    key_variable, url_variable = f"LLM_{group.upper()}_API_KEY", f"LLM_{group.upper()}_BASE_URL"
    if provider is not Provider.CHAT and not _given(key):
        raise BadConfiguration(f"{vendor} needs a key: set {key_variable}, or name other models")
    try:
        access = Access(
            vendor=vendor,
            base_url=getattr(models, f"{group}_base_url"),
            key=key or SecretStr(""),
            key_variable=key_variable,
            url_variable=url_variable,
            timeout_seconds=models.timeout_seconds,
        )
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False, include_context=False)[0]
        variable = key_variable if wrong["loc"] == ("key",) else url_variable
        raise BadConfiguration(f"{variable}: {wrong['msg'].removeprefix('Value error, ')}") from None
    _own_key(access, provider)
    return access


def _own_key(access: Access, provider: Provider) -> None:
    """Refuse a vendor's key at the other vendor's; at an address of one's own the keys have other forms."""
    if access.base_url not in {
        ModelSettings.model_fields[f"{each}_base_url"].default for each in ("anthropic", "openai")
    }:
        return
    words = access.key.get_secret_value()
    looks = Provider.ANTHROPIC if words.startswith("sk-ant-") else Provider.OPENAI if words.startswith("sk-") else None
    if looks is not None and looks is not provider:
        raise BadConfiguration(f"{access.key_variable} holds a key of another vendor ({looks}): set the right one")


def _parameters(models: ModelSettings, provider: Provider) -> dict[str, JsonValue]:
    """How the model is asked. Rules take nothing, and a server of one's own may not know what effort is."""
    if provider is Provider.RULES:
        return {}
    told: dict[str, JsonValue] = {"max_tokens": models.max_tokens}
    if provider is not Provider.CHAT and models.effort != "default":
        told["effort"] = models.effort
    return told


def _given(key: SecretStr | None) -> bool:
    return key is not None and bool(key.get_secret_value())
