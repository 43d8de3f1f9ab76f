"""Amazon's signature of a request, version 4: an HMAC over its method, path, headers and the hash of its body."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose key signs, for which region and service."""

    key_id: SecretStr
    secret: SecretStr
    region: str
    service: str

    def authorization(self, method: str, path: str, headers: Mapping[str, str], body: bytes, at: datetime) -> str:
        """The header `Authorization` of a request without a query. `headers` are all that are signed.

        `host` and `x-amz-date` must be among them. Their values are single-spaced.
        """
        names = sorted(name.lower() for name in headers)
        values = {name.lower(): value.strip() for name, value in headers.items()}
        listed = ";".join(names)
        canonical = "\n".join(
            [method, path, "", *(f"{name}:{values[name]}" for name in names), "", listed, _hash(body)]
        )
        scope = f"{at:%Y%m%d}/{self.region}/{self.service}/aws4_request"
        text = "\n".join([ALGORITHM, stamp(at), scope, _hash(canonical.encode())])
        signature = _hmac(self._key(f"{at:%Y%m%d}"), text).hex()
        return (
            f"{ALGORITHM} Credential={self.key_id.get_secret_value()}/{scope}, "
            f"SignedHeaders={listed}, Signature={signature}"
        )

    def _key(self, day: str) -> bytes:
        key = f"AWS4{self.secret.get_secret_value()}".encode()
        for part in (day, self.region, self.service, "aws4_request"):
            key = _hmac(key, part)
        return key


def stamp(at: datetime) -> str:
    """A moment as the header `x-amz-date` has it; `at` is UTC."""
    return f"{at:%Y%m%dT%H%M%SZ}"


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
