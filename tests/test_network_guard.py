"""The guards that other tests rely on do catch what they are there for."""

import socket
import sys

import pytest

OPEN_CONNECTION = "import socket; socket.socket().connect_ex(('127.0.0.1', 9))"
SEND_DATAGRAM = "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))"
LOOK_UP_NAME = "import socket; socket.gethostbyname('localhost')"
IN_GRANDCHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {OPEN_CONNECTION!r}])"


@pytest.mark.parametrize("code", [OPEN_CONNECTION, SEND_DATAGRAM, LOOK_UP_NAME, IN_GRANDCHILD])
def test_process_that_uses_the_network_is_caught(assert_no_network, code):
    with pytest.raises(AssertionError, match=r"AF_INET|/etc/"):
        assert_no_network([sys.executable, "-c", code])


def test_process_that_stays_by_itself_passes_and_its_output_is_returned(assert_no_network):
    code = "import socket; a, b = socket.socketpair(); a.send(b'hi'); print(b.recv(2).decode()); raise SystemExit(3)"
    done = assert_no_network([sys.executable, "-c", code])
    assert (done.returncode, done.stdout) == (3, "hi\n")


@pytest.mark.parametrize(
    "use",
    [
        lambda: socket.create_connection(("127.0.0.1", 9)),
        lambda: socket.socket().connect_ex(("127.0.0.1", 9)),
        lambda: socket.getaddrinfo("localhost", 80),
        lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9)),
    ],
)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_python_code_that_uses_the_network_is_caught(no_network, use):
    with pytest.raises(AssertionError, match=r"socket\."):
        use()


def test_sockets_within_the_machine_are_free(no_network):
    ends = socket.socketpair()
    ends[0].send(b"hi")
    assert ends[1].recv(2) == b"hi"
    for end in ends:
        end.close()
