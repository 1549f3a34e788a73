import socket

import pytest

from ascension_core.errors import InvalidOption
from services.api.listening import listen


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_answers_are_sent_at_once(host):
    """Asyncio turns Nagle's algorithm off (40 ms an answer) only on sockets that say that they speak TCP."""
    with listen(host, 0) as listening:
        assert listening.proto == socket.IPPROTO_TCP
        with socket.create_connection(listening.getsockname()[:2], 5) as client, listening.accept()[0] as accepted:
            assert accepted.proto == socket.IPPROTO_TCP
            assert client.getpeername() == listening.getsockname()


@pytest.mark.parametrize("host", ["no.such.host.invalid", "203.0.113.1", "x" * 300, ""])
def test_address_that_is_not_ours_is_refused(host):
    with pytest.raises(InvalidOption):
        listen(host, 0)
