"""Who may call: everybody on this machine, others with the secret of the settings."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import Request

from ascension_core.settings import settings
from services.api.callers import is_loopback
from services.api.problems import Refusal

_bearer = HTTPBearer(auto_error=False, scheme_name="ServiceKey", description="ASCENSION_SERVICE_KEY")


def admitted(request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> None:
    """Let somebody in, or not.

    Where a secret is set, everybody must know it. Where none is, nobody from another machine is let in, so that a service
    that listens on a public address by mistake serves nobody.

    Raises
    ------
    Refusal
        401 without the right secret, 403 where there is none.
    """
    secret = settings().service_key
    if secret is not None:
        if given is None or not hmac.compare_digest(given.credentials.encode(), secret.get_secret_value().encode()):
            raise Refusal(401, "send the service's key: Authorization: Bearer …")
    elif request.client is None or not is_loopback(request.client.host):
        raise Refusal(403, "others can reach this service and it has no key: set ASCENSION_SERVICE_KEY where it runs")
