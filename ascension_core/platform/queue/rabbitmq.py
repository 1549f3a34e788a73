"""The queue in RabbitMQ.

    ascension.jobs            exchange: routes KIND.PRIORITY to the queue of that name
    ascension.KIND.PRIORITY   one quorum queue per kind of job and priority
    ascension.delay.SECONDS   messages wait here for so long, then return to ascension.jobs with the key they came with
    ascension.dead            jobs that have failed for good, and messages that nobody understood

A message holds a job's id and nothing else. The broker confirms each one, or says that no queue takes it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPConnectionError, AMQPError, UnroutableError

from ascension_core.errors import ServerUnavailable
from ascension_core.platform.embedded import Server
from ascension_core.platform.queue.contract import Delivery, Priority, Wake

DELAYS_S = (1, 2, 5, 10, 30, 60, 300, 600)
_HEARTBEAT_S = 60
_PAUSE_S = 0.2
_PERSISTENT = pika.BasicProperties(content_type="application/json", delivery_mode=pika.DeliveryMode.Persistent)
T = TypeVar("T")
P = ParamSpec("P")


class Message:
    """One message; answering it is harmless when its channel is gone, as the broker has taken it back."""

    def __init__(self, channel: BlockingChannel, tag: int, job_id: UUID, priority: Priority) -> None:
        self.job_id = job_id
        self.priority = priority
        self._channel = channel
        self._tag = tag

    def acknowledge(self) -> None:
        """Take the message off the queue."""
        self._answer(self._channel.basic_ack)

    def give_back(self) -> None:
        """Put it back."""
        self._answer(self._channel.basic_nack, requeue=True)

    def bury(self) -> None:
        """Have the broker move it among the dead."""
        self._answer(self._channel.basic_nack, requeue=False)

    def _answer(self, method: Callable[..., None], **options: bool) -> None:
        if self._channel.is_open:
            with suppress(AMQPError):
                method(delivery_tag=self._tag, **options)


class RabbitQueue:
    """Wakes by messages.

    Parameters
    ----------
    url
        Gives the broker's address; asked at each connection.
    prefix
        First word of the names of all exchanges and queues.
    patience_s
        How long to try to connect; a private broker that has died takes a while to come back.
    server
        A private broker to leave when this is closed.
    """

    def __init__(
        self, url: Callable[[], str], *, prefix: str = "ascension", patience_s: float = 1.0, server: Server | None = None
    ) -> None:
        self._url = url
        self._prefix = prefix
        self._patience_s = patience_s
        self._server = server
        self._connection: pika.BlockingConnection | None = None
        self._channel: BlockingChannel | None = None
        self._declared: set[str] = set()

    def announce(self, wakes: Sequence[Wake]) -> list[UUID]:
        """Publish one message per job, and wait for the broker's word for each."""
        return [wake.job_id for wake in wakes if self._try(self._publish, wake)]

    def receive(self, kinds: Sequence[str], timeout_s: float) -> Delivery | None:
        """Take a message of the highest priority; where there is none, wait for any."""
        self._try(self._declare, kinds)
        queues = [(self._queue(kind, priority), priority) for priority in Priority for kind in kinds]
        end = time.monotonic() + timeout_s
        while True:
            message = self._try(self._get, queues)
            if message is not None or time.monotonic() >= end:
                return message
            message = self._try(self._wait, queues, end - time.monotonic())
            if message is not None:
                return message

    def heartbeat(self) -> None:
        """Answer the broker's heartbeats."""
        if self._connection is not None and self._connection.is_open:
            with suppress(AMQPError):
                self._connection.process_data_events(0)

    def waiting(self, kinds: Sequence[str]) -> Mapping[tuple[str, Priority], int]:
        """Messages that are in the queues; delayed ones are not."""
        self._try(self._declare, kinds)
        return {(kind, priority): self._try(_count, self._queue(kind, priority)) for kind in kinds for priority in Priority}

    def exhume(self, job_id: UUID) -> bool:
        """Take the messages of a job from among the dead."""
        return self._try(self._exhume, job_id)

    def close(self) -> None:
        """Close the connection, and leave the private broker."""
        self._disconnect()
        if self._server is not None:
            self._server.close()

    def _queue(self, kind: str, priority: Priority) -> str:
        return f"{self._prefix}.{_key(kind, priority)}"

    def _publish(self, channel: BlockingChannel, wake: Wake) -> bool:
        self._declare(channel, [wake.kind])
        steps = [step for step in DELAYS_S if step <= wake.delay_s + 0.5] or [DELAYS_S[0]]
        exchange = f"{self._prefix}.delay.{steps[-1]}" if wake.delay_s > 0 else f"{self._prefix}.jobs"
        body = json.dumps({"job_id": str(wake.job_id)}).encode()
        try:
            channel.basic_publish(exchange, _key(wake.kind, wake.priority), body, _PERSISTENT, mandatory=True)
        except UnroutableError:  # somebody deleted the queue: make it again, next time
            self._declared.discard(wake.kind)
            return False
        return True

    def _get(self, channel: BlockingChannel, queues: Sequence[tuple[str, Priority]]) -> Message | None:
        for name, priority in queues:
            method, _, body = channel.basic_get(name)
            if method is not None:
                message = self._read(channel, method.delivery_tag, body, priority)
                if message is not None:
                    return message
        return None

    def _wait(self, channel: BlockingChannel, queues: Sequence[tuple[str, Priority]], timeout_s: float) -> Message | None:
        """Consume from all queues until one message comes, and keep only the most urgent of those that came together."""
        came: list[Message] = []
        tags = [channel.basic_consume(name, self._collect(came, priority)) for name, priority in queues]
        channel.connection.process_data_events(max(timeout_s, 0.0))
        for tag in tags:
            channel.basic_cancel(tag)  # gives back what has not reached us yet
        came.sort(key=lambda message: message.priority)
        for message in came[1:]:
            message.give_back()
        return came[0] if came else None

    def _collect(self, came: list[Message], priority: Priority) -> Callable[..., None]:
        def collect(channel: BlockingChannel, method: Any, _properties: Any, body: bytes) -> None:
            message = self._read(channel, method.delivery_tag, body, priority)
            if message is not None:
                came.append(message)

        return collect

    def _read(self, channel: BlockingChannel, tag: int, body: bytes, priority: Priority) -> Message | None:
        """The message, or None for one that is none of ours, which goes among the dead."""
        job_id = _job_id(body)
        if job_id is None:
            channel.basic_nack(tag, requeue=False)
            return None
        return Message(channel, tag, job_id, priority)

    def _exhume(self, channel: BlockingChannel, job_id: UUID) -> bool:
        """Go through all of the dead on a channel of its own, whose end puts those back that are not taken."""
        searching = channel.connection.channel()
        found = False
        while True:
            method, _, body = searching.basic_get(f"{self._prefix}.dead")
            if method is None:
                break
            if _job_id(body) == job_id:
                searching.basic_ack(method.delivery_tag)
                found = True
        searching.close()
        return found

    def _try(self, action: Callable[Concatenate[BlockingChannel, P], T], *given: P.args, **named: P.kwargs) -> T:
        """Do something on a channel; on a lost one, once more on a new one."""
        try:
            return action(self._open(), *given, **named)
        except (AMQPError, OSError):
            self._disconnect()
        try:
            return action(self._open(), *given, **named)
        except (AMQPError, OSError) as cause:
            self._disconnect()
            raise ServerUnavailable(f"the message broker cannot be used: {type(cause).__name__}") from cause

    def _open(self) -> BlockingChannel:
        if self._channel is not None and self._channel.is_open:
            return self._channel
        self._connection = self._connect()
        self._channel = self._connection.channel()
        self._channel.confirm_delivery()
        self._channel.basic_qos(prefetch_count=1)
        self._declare_common(self._channel)
        return self._channel

    def _connect(self) -> pika.BlockingConnection:
        end = time.monotonic() + self._patience_s
        while True:
            parameters = pika.URLParameters(self._url())
            parameters.heartbeat = _HEARTBEAT_S
            parameters.blocked_connection_timeout = 30
            parameters.socket_timeout = 10
            try:
                return pika.BlockingConnection(parameters)
            except AMQPConnectionError as cause:
                if time.monotonic() > end:
                    raise ServerUnavailable("the message broker cannot be reached") from cause
            time.sleep(_PAUSE_S)

    def _disconnect(self) -> None:
        self._declared.clear()
        self._channel = None
        if self._connection is not None and self._connection.is_open:
            with suppress(AMQPError, OSError):
                self._connection.close()
        self._connection = None

    def _declare_common(self, channel: BlockingChannel) -> None:
        jobs, dead = f"{self._prefix}.jobs", f"{self._prefix}.dead"
        channel.exchange_declare(jobs, "direct", durable=True)
        channel.exchange_declare(dead, "fanout", durable=True)
        _declare_queue(channel, dead)
        channel.queue_bind(dead, dead)
        for seconds in DELAYS_S:
            name = f"{self._prefix}.delay.{seconds}"
            channel.exchange_declare(name, "fanout", durable=True)
            _declare_queue(channel, name, **{"x-message-ttl": seconds * 1000, "x-dead-letter-exchange": jobs})
            channel.queue_bind(name, name)

    def _declare(self, channel: BlockingChannel, kinds: Sequence[str]) -> None:
        for kind in set(kinds) - self._declared:
            for priority in Priority:
                name = self._queue(kind, priority)
                _declare_queue(channel, name, **{"x-dead-letter-exchange": f"{self._prefix}.dead"})
                channel.queue_bind(name, f"{self._prefix}.jobs", _key(kind, priority))
            self._declared.add(kind)


def _key(kind: str, priority: Priority) -> str:
    return f"{kind}.{priority.name.lower()}"


def _declare_queue(channel: BlockingChannel, name: str, **arguments: Any) -> None:
    channel.queue_declare(name, durable=True, arguments={"x-queue-type": "quorum", **arguments})


def _count(channel: BlockingChannel, name: str) -> int:
    return int(channel.queue_declare(name, passive=True).method.message_count)


def _job_id(body: bytes) -> UUID | None:
    try:
        return UUID(json.loads(body)["job_id"])
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
