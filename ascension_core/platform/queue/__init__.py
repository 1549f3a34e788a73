"""Waking workers: one contract, kept by PostgreSQL and by RabbitMQ."""

from __future__ import annotations

from ascension_core.platform.database import Database
from ascension_core.platform.embedded import attach
from ascension_core.platform.queue.contract import Delivery, Priority, Queue, Wake
from ascension_core.platform.queue.postgres import PostgresQueue
from ascension_core.settings import settings

__all__ = ["Delivery", "Priority", "Queue", "Wake", "job_queue"]


_PATIENCE_S = 30.0
PRIVATE = "private"
"""In place of a broker's address: a private node, where RabbitMQ is installed."""


def job_queue(database: Database) -> Queue:
    """The broker that the settings name; without one, the database itself."""
    known = settings()
    if known.amqp_url is None:
        return PostgresQueue(database)
    from ascension_core.platform.queue.rabbitmq import RabbitQueue

    url = known.amqp_url
    if url.get_secret_value() != PRIVATE:
        return RabbitQueue(url.get_secret_value)
    server = attach("rabbitmq", known.home, linger_s=known.linger_s)
    return RabbitQueue(server.url, patience_s=_PATIENCE_S, server=server)
