"""Presigned addresses that bind more than the key: AWS signature version 4 in the query, over chosen headers.

The minio client signs the host only, so that whoever holds its address may send any type and size. Source: "Authenticating
Requests: Using Query Parameters (AWS Signature Version 4)", Amazon S3 API reference.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True)
class Signer:
    """Who signs, and for which region."""

    access_key: str
    secret_key: str
    region: str

    def sign(
        self,
        method: str,
        address: str,
        headers: Mapping[str, str],
        expires_s: int,
        *,
        now: datetime | None = None,
        query: Mapping[str, str] | None = None,
    ) -> str:
        """The address with a signature; only a request with exactly these headers is let in.

        Parameters
        ----------
        method
            HTTP method.
        address
            The object, without a query.
        headers
            Headers that the request must carry, beside ``host``.
        expires_s
            For how long, seconds.
        now
            Time of signing; the present by default.
        query
            Further query parameters, signed too.
        """
        moment = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
        parts = urlsplit(address)
        signed = {"host": parts.netloc, **{name.lower(): value.strip() for name, value in headers.items()}}
        scope = f"{moment[:8]}/{self.region}/s3/aws4_request"
        parameters = {
            "X-Amz-Algorithm": _ALGORITHM,
            "X-Amz-Credential": f"{self.access_key}/{scope}",
            "X-Amz-Date": moment,
            "X-Amz-Expires": str(expires_s),
            "X-Amz-SignedHeaders": ";".join(sorted(signed)),
            **(query or {}),
        }
        encoded = "&".join(f"{_encode(key)}={_encode(value)}" for key, value in sorted(parameters.items()))
        lines = (method, parts.path, encoded, *(f"{key}:{signed[key]}" for key in sorted(signed)), "")
        canonical = "\n".join((*lines, parameters["X-Amz-SignedHeaders"], "UNSIGNED-PAYLOAD"))
        text = "\n".join((_ALGORITHM, moment, scope, hashlib.sha256(canonical.encode()).hexdigest()))
        signature = hmac.new(self._key(scope), text.encode(), hashlib.sha256).hexdigest()
        return f"{address}?{encoded}&X-Amz-Signature={signature}"

    def _key(self, scope: str) -> bytes:
        key = f"AWS4{self.secret_key}".encode()
        for word in scope.split("/"):
            key = hmac.digest(key, word.encode(), "sha256")
        return key


def _encode(text: str) -> str:
    return quote(text, safe="-_.~")
