"""Requests that are made again where that helps and does no harm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from services.client.errors import ApiError, error_of

ATTEMPTS = 5
LONGEST_PAUSE_S = 30.0
_AGAIN = frozenset({429, 502, 503, 504})


class _TryAgain(Exception):
    """The same may work later."""

    def __init__(self, error: ApiError, after_s: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.after_s = after_s


class Transport:
    """HTTP with an API key.

    Requests that change something carry an ``Idempotency-Key``, so each may be sent again when its answer got lost.

    Parameters
    ----------
    url
        Of the API, with ``/v1``.
    key
        The API key; None for an API on this machine that asks for none.
    timeout_s
        For one request.
    """

    def __init__(self, url: str, key: str | None, timeout_s: float) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.http = httpx.Client(base_url=url, headers=headers, timeout=timeout_s)
        self.objects = httpx.Client(timeout=None)

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        once: str | None = None,
    ) -> httpx.Response:
        """One request, made again when the server is away or asks to wait.

        Parameters
        ----------
        once
            Idempotency key; a new one where none is given.

        Raises
        ------
        ApiError
            If it was refused, or nobody answers.
        """
        sent = {**(headers or {}), **({"Idempotency-Key": once or uuid4().hex} if method == "POST" else {})}
        known = {name: str(value) for name, value in (params or {}).items() if value is not None}
        try:
            for attempt in _retrying():
                with attempt:
                    return self._send(method, path, json, known, sent)
        except _TryAgain as again:
            raise again.error from again.__cause__
        raise AssertionError("a request ends with an answer or an error")

    @contextmanager
    def stream(self, path: str, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        """An answer that is read as it comes."""
        timeout = httpx.Timeout(self.http.timeout.connect, read=60.0)  # the server says every 15 s that it lives
        with self.http.stream("GET", path, headers=dict(headers), timeout=timeout) as answer:
            if not answer.is_success:
                answer.read()
                raise error_of(answer)
            yield answer

    def close(self) -> None:
        """Close all connections."""
        self.http.close()
        self.objects.close()

    def _send(self, method: str, path: str, json: Any, params: dict[str, str], headers: dict[str, str]) -> httpx.Response:
        try:
            answer = self.http.request(method, path, json=json, params=params, headers=headers)
        except httpx.TransportError as cause:
            raise _TryAgain(ApiError(f"the API cannot be reached: {type(cause).__name__}")) from cause
        if answer.is_success or answer.status_code == httpx.codes.NOT_MODIFIED:
            return answer
        if answer.status_code in _AGAIN:
            asked = answer.headers.get("Retry-After", "")
            raise _TryAgain(error_of(answer), float(asked) if asked.isdigit() else None)
        raise error_of(answer)


def _retrying() -> Retrying:
    return Retrying(stop=stop_after_attempt(ATTEMPTS), retry=retry_if_exception_type(_TryAgain), wait=_pause, reraise=True)


def _pause(state: RetryCallState) -> float:
    """As long as the server asks for, or 0.5, 1, 2 … s."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.after_s if isinstance(error, _TryAgain) else None
    return min(asked if asked is not None else 0.25 * 2**state.attempt_number, LONGEST_PAUSE_S)
