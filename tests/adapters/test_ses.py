"""The SES channel: Amazon's own example of a signature, and a stand-in that checks each as Amazon does."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from adapters.channels.mail import Letters
from adapters.channels.ses import PATH, SesAccess, SesChannel
from adapters.channels.signing import Signer
from adapters.channels.wire import LONG_REST
from tests.adapters.channels import CANARY, notice, refused, unavailable
from tests.adapters.wire.server import Captured, Script, Wire, closes_unasked, is_silent, sends, wire

SENDER, RECEIVERS = "Desk <desk@example.com>", ("one@example.com", "two@example.com")
TOLD = sends(200, {"MessageId": "0100018-0000"})


@pytest.fixture
async def amazon() -> AsyncIterator[Wire]:
    async with wire() as made:
        yield made


def channel(amazon: Wire, token: str = "", named: str = "") -> SesChannel:
    access = SesAccess(
        region="eu-central-1",
        key_id=SecretStr("AKIDEXAMPLE"),
        secret=SecretStr(CANARY),
        session_token=SecretStr(token) if token else None,
        configuration_set=named,
        endpoint_url=amazon.url,
        timeout_seconds=2,
    )
    return SesChannel(access, Letters(SENDER, RECEIVERS))


def signature_of(asked: Captured) -> str:
    """The signature that belongs to a request, worked out of what arrived, as the service does it."""
    found = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/(\d{8})/eu-central-1/ses/aws4_request, "
        r"SignedHeaders=([a-z0-9;-]+), Signature=[0-9a-f]{64}",
        asked.headers["authorization"],
    )
    assert found is not None
    day, names = found.groups()
    assert {"host", "x-amz-date"} <= set(names.split(";"))
    lines = "".join(f"{name}:{asked.headers[name]}\n" for name in names.split(";"))
    body = hashlib.sha256(asked.body).hexdigest()
    request = hashlib.sha256(f"POST\n{asked.path}\n\n{lines}\n{names}\n{body}".encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{asked.headers['x-amz-date']}\n{day}/eu-central-1/ses/aws4_request\n{request}"
    key = b"AWS4" + CANARY.encode()
    for part in (day, "eu-central-1", "ses", "aws4_request", text):
        key = hmac.digest(key, part.encode(), "sha256")
    return key.hex()


def test_amazons_own_example_is_signed_as_amazon_signs_it() -> None:
    signer = Signer(
        SecretStr("AKIDEXAMPLE"), SecretStr("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), "us-east-1", "service"
    )
    headers = {"Host": "example.amazonaws.com", "X-Amz-Date": "20150830T123600Z"}
    signed = signer.authorization("GET", "/", headers, b"", datetime(2015, 8, 30, 12, 36, tzinfo=UTC))
    assert signed.endswith("Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")


@pytest.mark.parametrize("token", ["", "a-session"])
async def test_one_signed_mail_goes_to_all_receivers(amazon: Wire, token: str) -> None:
    amazon.script = TOLD
    await channel(amazon, token).send(notice())
    (asked,) = amazon.requests
    assert (asked.method, asked.path) == ("POST", PATH)
    assert asked.headers["authorization"].endswith(signature_of(asked))
    assert asked.headers.get("x-amz-security-token", "") == token
    assert asked.said == {
        "FromEmailAddress": SENDER,
        "Destination": {"ToAddresses": list(RECEIVERS)},
        "Content": {
            "Simple": {
                "Subject": {"Charset": "UTF-8", "Data": notice().title},
                "Body": {"Text": {"Charset": "UTF-8", "Data": notice().body}},
            }
        },
    }


async def test_a_configuration_set_is_named_and_a_subject_is_one_line(amazon: Wire) -> None:
    amazon.script = TOLD
    await channel(amazon, named="desk").send(notice(title="a\r\nBcc: evil@example.com"))
    said = amazon.requests[0].said
    assert said["ConfigurationSetName"] == "desk"
    assert said["Content"]["Simple"]["Subject"]["Data"] == "a Bcc: evil@example.com"


def error(status: int, name: str) -> Script:
    return sends(status, {"message": CANARY}, x_amzn_errortype=f"{name}:http://internal.amazon.com/")


@pytest.mark.parametrize(
    ("answer", "told", "seconds"),
    [
        (error(429, "TooManyRequestsException"), "429 TooManyRequestsException", None),
        (error(503, "ServiceUnavailable"), "503", None),
        (error(403, "InvalidClientTokenId"), "403 InvalidClientTokenId", LONG_REST),
        (error(400, "MessageRejected"), "400 MessageRejected", LONG_REST),
        (error(400, "MailFromDomainNotVerifiedException"), "400", LONG_REST),
        (sends(403, {"__type": f"com.amazon#{'x' * 200}"}), "403", LONG_REST),
        (sends(200, "<html>"), "200", None),
        (sends(200, {}), "200", None),
        (closes_unasked, "cannot be reached", None),
        (is_silent, "did not answer", None),
    ],
)
async def test_it_is_tried_again(amazon: Wire, answer: Script, told: str, seconds: float | None) -> None:
    amazon.script = answer
    failed = await unavailable(channel(amazon))
    assert told in str(failed)
    assert failed.retry_after_seconds == seconds


@pytest.mark.parametrize("answer", [error(400, "BadRequestException"), sends(413, b"")])
async def test_a_mail_that_is_refused_is_not_sent_again(amazon: Wire, answer: Script) -> None:
    amazon.script = answer
    await refused(channel(amazon))


def test_without_an_address_of_its_own_it_is_amazons() -> None:
    access = SesAccess(region="eu-central-1", key_id=SecretStr("k"), secret=SecretStr("s"))
    assert access.url == f"https://email.eu-central-1.amazonaws.com{PATH}"
