"""Every error of the API as problem details (RFC 9457): one line for people, a type for programs, no traceback, no secret."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from ascension_core.errors import AscensionError, InputError, ServerUnavailable

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
_LOG = logging.getLogger("ascension.api")
_REASONS: Mapping[int, str] = {
    400: "The request cannot be read.",
    401: "There is no API key, or it is not valid.",
    403: "The API key is not good for that.",
    404: "There is no such thing, or it is another athlete's.",
    405: "The address does not take this method.",
    409: "The thing is in a state that does not allow it.",
    412: "A condition of the request does not hold.",
    413: "The body is larger than allowed.",
    415: "The body is not JSON.",
    416: "The range lies beyond the end.",
    422: "The request can be read, but does not fit.",
    429: "Too many requests, or too many jobs are waiting; `Retry-After` says for how long to wait.",
    500: "Something went wrong here; the request's id leads to it in the logs.",
    503: "A server that is needed is away; `Retry-After` says when to try again.",
}
_HEADERS: Mapping[int, Mapping[str, Any]] = {
    401: {"WWW-Authenticate": {"schema": {"type": "string"}}},
    429: {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds"}},
    503: {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds"}},
}


class Refusal(HTTPException):
    """An answer that is a problem.

    Parameters
    ----------
    status
        HTTP status.
    detail
        What is wrong, and what to do about it.
    code
        The kind of problem; that of the status by default.
    retry_after_s
        After how many seconds it may work.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        code: str | None = None,
        retry_after_s: int | None = None,
        errors: Sequence[Mapping[str, str]] = (),
    ) -> None:
        headers = {"Retry-After": str(retry_after_s)} if retry_after_s is not None else {}
        if status == HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = 'Bearer realm="ascension"'
        super().__init__(status, detail, headers)
        self.code = code
        self.errors = errors


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems that an endpoint may answer with, for OpenAPI."""
    return {
        status: {
            "description": _REASONS[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example(status)}},
            **({"headers": _HEADERS[status]} if status in _HEADERS else {}),
        }
        for status in statuses
    }


def example(status: int) -> dict[str, Any]:
    """A problem of that status, as documents show it."""
    return document(status, _REASONS[status], "6f1c0f1d2b3a4c5d")


def document(status: int, detail: str, request_id: str, code: str | None = None) -> dict[str, Any]:
    """The problem as JSON."""
    title = HTTPStatus(status).phrase
    kind = code or title.lower().replace(" ", "-")
    return {
        "type": f"urn:ascension:problem:{kind}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": f"urn:ascension:request:{request_id}",
    }


def install(app: FastAPI) -> None:
    """Have an application answer with problems."""
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(AscensionError, _of_ours)


def response(refusal: HTTPException, request_id: str) -> JSONResponse:
    """The answer that says it."""
    content = document(refusal.status_code, str(refusal.detail), request_id, getattr(refusal, "code", None))
    errors = getattr(refusal, "errors", ())
    return JSONResponse(
        content | ({"errors": list(errors)} if errors else {}),
        refusal.status_code,
        dict(refusal.headers or {}),
        MEDIA_TYPE,
    )


def refusal_of(error: AscensionError) -> Refusal:
    """What to answer when something below refused."""
    if isinstance(error, InputError):
        return Refusal(422, str(error), code=_code(error))
    if isinstance(error, ServerUnavailable):
        _LOG.warning("%s", error)
        return Refusal(503, "a server that is needed for this is away; try again", retry_after_s=RETRY_AFTER_S)
    _LOG.error("%s: %s", type(error).__name__, error)
    return Refusal(500, "something went wrong here; the request's id leads to it in the logs")


def _code(error: AscensionError) -> str:
    """``InvalidJob`` as ``invalid-job``."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in type(error).__name__).lstrip("-")


async def _of_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if not isinstance(error, Refusal) and error.status_code == HTTPStatus.NOT_FOUND:
        error = Refusal(404, "there is nothing at this address")
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        methods = ", ".join(_methods(request))
        error = HTTPException(405, f"this address takes {methods}", {"Allow": methods})
    return response(error, request.state.request_id)


def _methods(request: Request) -> list[str]:
    """What the address takes; the router names the methods of the first endpoint there only."""
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    known: Mapping[str, Mapping[str, Any]] = request.app.openapi()["paths"]
    here = [methods for template, methods in known.items() if compile_path(template)[0].fullmatch(path)]
    return sorted({method.upper() for methods in here[:1] for method in methods})


async def _of_validation(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(one["type"] == "json_invalid" for one in found):
        return response(Refusal(400, "the body is no JSON"), request.state.request_id)
    errors = [{"pointer": _pointer(one["loc"]), "detail": _said(one["msg"])} for one in found[:20]]
    first = f"{errors[0]['pointer']}: {errors[0]['detail']}"
    return response(Refusal(422, first, code="invalid-request", errors=errors), request.state.request_id)


async def _of_ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, AscensionError)
    return response(refusal_of(error), request.state.request_id)


def _pointer(location: Sequence[str | int]) -> str:
    """A JSON pointer (RFC 6901) into the request."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')[:80]}" for part in location)


def _said(message: str) -> str:
    return message.removeprefix("Value error, ")[:300]
