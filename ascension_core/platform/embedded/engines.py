"""The private servers that a keeper can look after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from ascension_core.platform.embedded.files import Place
from ascension_core.platform.embedded.postgres import Postgres
from ascension_core.platform.embedded.processes import Program
from ascension_core.platform.embedded.rabbitmq import RabbitMQ
from ascension_core.platform.embedded.seaweed import Seaweed

__all__ = ["ENGINES", "Engine"]


class Engine(Protocol):
    """How one kind of server is set up, started and reached."""

    @property
    def ports(self) -> int:
        """How many ports it listens on."""

    def prepare(self, place: Place, ports: Sequence[int]) -> None:
        """Write what it needs to start; called before every start."""

    def programs(self, place: Place, ports: Sequence[int]) -> Sequence[Program]:
        """What to run, in this order; all of it must live."""

    def is_ready(self, place: Place, ports: Sequence[int]) -> bool:
        """Whether the server answers; quick."""

    def url(self, ports: Sequence[int], secret: str) -> str:
        """How clients reach it."""


ENGINES: Mapping[str, Engine] = {"postgres": Postgres(), "seaweed": Seaweed(), "rabbitmq": RabbitMQ()}
