"""Private servers: one for all, gone with the last user, and back after kill -9 of anything."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path

import psutil
import psycopg
import pytest

from ascension_core.errors import ServerUnavailable
from ascension_core.platform.database import Database
from ascension_core.platform.embedded import attach, down, processes, running
from ascension_core.platform.embedded.files import Place
from ascension_core.platform.embedded.ports import choose_ports
from ascension_core.platform.embedded.processes import Program, unprivileged

TIMEOUT_S = 120.0
LINGER_S = 0.5
USER = f"""
import sys
from pathlib import Path
from ascension_core.platform.embedded import attach
server = attach("postgres", Path(sys.argv[1]), linger_s={LINGER_S})
print(server.url(), flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def server(place):
    server = attach("postgres", place, linger_s=LINGER_S)
    yield server
    server.close()


def answer(url):
    with psycopg.connect(url) as connection:
        return connection.execute("select 1").fetchone()[0]


@contextmanager
def user(place, **options):
    """Another process that uses the server until the block ends."""
    command = [sys.executable, "-c", USER, str(place)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options) as process:
        yield process
        process.kill()


def until(condition):
    end = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def kill(victims):
    for process in victims:
        with suppress(psutil.NoSuchProcess):  # some go with the first one
            process.kill()


def told(processes, question):
    """What each process answers; some are gone before they are asked."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            yield question(process)


def programs(place, name="postgres"):
    """The server's own processes, without its keeper."""
    return psutil.Process(running(place)[name].keeper).children(recursive=True)


def test_server_answers_and_two_processes_share_it(place, server):
    url = server.url()
    with user(place) as other:
        assert other.stdout.readline().strip() == url
    assert answer(url) == 1


def test_wrong_password_is_refused(server):
    url = server.url()
    password = url.split(":")[2].split("@")[0]
    with pytest.raises(psycopg.OperationalError, match="password"):
        answer(url.replace(password, "wrong"))


def test_passwords_differ_by_folder_and_only_the_owner_can_read_them(place, server, tmp_path):
    server.url()
    other = Place(tmp_path)
    assert other.secret() != Place(place / "servers" / "postgres").secret()
    secrets = [place / "servers" / "postgres" / name for name in ("secret", "state.json")]
    assert {file.stat().st_mode & 0o777 for file in secrets} == {0o600}


def test_password_is_on_no_command_line(place, server):
    password = server.url().split(":")[2].split("@")[0]
    keeper = psutil.Process(running(place)["postgres"].keeper)
    lines = list(told([keeper, *keeper.children(recursive=True)], psutil.Process.cmdline))
    assert len(lines) > 1
    assert not [line for line in lines if password in " ".join(line)]


def test_server_listens_on_loopback_only(place, server):
    server.url()
    found = chain.from_iterable(told(programs(place), psutil.Process.net_connections))
    assert {one.laddr.ip for one in found if one.status == psutil.CONN_LISTEN} == {"127.0.0.1"}


def test_data_survive_when_the_server_is_killed(place, server):
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("create table if not exists kept as select 7 as n")
    kill(programs(place))
    with Database(server.url, server=server).listener() as connection:
        assert connection.execute("select n from kept").fetchone() == {"n": 7}


def test_server_goes_with_a_killed_keeper_and_comes_back_with_another(place, server):
    url, keeper = server.url(), running(place)["postgres"].keeper
    pids = {process.pid for process in programs(place)}
    os.kill(keeper, signal.SIGKILL)
    until(lambda: not any(map(psutil.pid_exists, pids)))
    assert answer(server.url()) == 1
    assert running(place)["postgres"].keeper != keeper
    assert server.url() == url


def test_server_stops_when_its_last_user_was_killed(place):
    with user(place) as other:
        url = other.stdout.readline().strip()
        assert answer(url) == 1
        other.send_signal(signal.SIGKILL)
    until(lambda: not running(place))
    with pytest.raises(psycopg.OperationalError):
        answer(url)
    assert not (place / "servers" / "postgres" / "data" / "postmaster.pid").exists()


def test_down_stops_a_server_that_is_in_use_and_its_users_can_start_it_again(place, server):
    server.url()
    assert down(place) == ["postgres"]
    assert running(place) == {}
    assert answer(server.url()) == 1


def test_closed_use_says_so(place):
    server = attach("postgres", place, linger_s=0)
    server.close()
    with pytest.raises(ServerUnavailable, match="closed"):
        server.url()


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests are run by an ordinary user already")
def test_ordinary_user_has_a_server_too(tmp_path):
    identity = unprivileged(tmp_path / "data")
    if not identity.namespace:
        pytest.skip("needs user namespaces")
    with user(tmp_path, preexec_fn=identity.take) as other:
        assert answer(other.stdout.readline().strip()) == 1
        assert {uids.real for uids in told(programs(tmp_path), psutil.Process.uids)} == {
            0
        }  # as we see it from outside the namespace
    until(lambda: not running(tmp_path))


def test_server_that_cannot_start_is_said_with_the_reason(tmp_path):
    folder = tmp_path / "servers" / "postgres" / "data"
    folder.mkdir(parents=True)
    (folder / "PG_VERSION").write_text("9\n")
    server = attach("postgres", tmp_path, linger_s=0)
    with pytest.raises(ServerUnavailable, match=r"before it was ready; see .*log"):
        server.url()
    server.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user has nothing to give up")
class TestRoot:
    def test_without_namespaces_the_program_really_is_somebody_else(self, monkeypatch, tmp_path):
        monkeypatch.setattr(processes, "_works", lambda _: False)
        identity = unprivileged(Path("/usr/bin/id"))
        with (tmp_path / "log").open("wb") as log:
            processes.run(Program(["id", "-u"], Path("/"), identity=identity), log)
        assert (tmp_path / "log").read_text().strip() == str(identity.uid) != "0"

    def test_folder_that_others_cannot_enter_is_named(self, monkeypatch, tmp_path):
        monkeypatch.setattr(processes, "_works", lambda _: False)
        tmp_path.chmod(0o700)
        with pytest.raises(ServerUnavailable, match=f"may enter {tmp_path}"):
            unprivileged(tmp_path / "data")


def test_ports_are_kept_while_they_are_free():
    ports = choose_ports(3)
    assert len(set(ports)) == 3
    assert choose_ports(3, wanted=ports) == ports


def test_ports_that_are_taken_are_not_chosen():
    import socket

    (port,) = choose_ports(1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        assert choose_ports(1, wanted=(port,)) != (port,)
