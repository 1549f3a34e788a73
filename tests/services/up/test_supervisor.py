"""Starting in order, looking after, stopping: with small programs."""

import asyncio
import subprocess
import sys
from contextlib import ExitStack

import psutil
import pytest

from ascension_core.errors import ServerUnavailable
from services.up import supervisor as supervising
from services.up.output import Output
from services.up.service import Door, Program, depths
from services.up.supervisor import Supervisor

SERVE = "print('ready', flush=True); import signal; signal.pause()"
BEFORE: set[psutil.Process] = set()
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SERVE}"


def program(name, code=SERVE, **options):
    return Program(name, (sys.executable, "-c", code), **{"ready": "ready"} | options)


def is_gone(process):
    """Whether a process has ended, buried or not."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def happened():
    """What happened, in order."""
    return []


@pytest.fixture
def door(happened):
    """A door called ``name``, of which coming and going are told."""

    def door(name):
        def enter(stack: ExitStack):
            happened.append(f"enter {name}")
            stack.callback(happened.append, f"leave {name}")
            return "somewhere"

        return Door(name, enter)

    return door


@pytest.fixture(scope="module", autouse=True)
def before():
    """Children that this process has already, such as those that libraries keep."""
    BEFORE.update(psutil.Process().children())
    yield
    BEFORE.clear()


def children():
    """What was started by these tests, and still runs."""
    return [child for child in psutil.Process().children() if child not in BEFORE]


@pytest.fixture
def run(tmp_path, happened, monkeypatch):
    """Runs parts until all are ready (or what ``when_ready`` says is over), and stops them."""

    async def main(parts, when_ready):
        output = Output(tmp_path, 10)
        say = output.say
        monkeypatch.setattr(
            output, "say", lambda name, text, *style: (happened.append(f"{name} {text}"), say(name, text, *style))
        )
        urls = {}
        supervisor = Supervisor(parts, output, urls.update)
        running = asyncio.create_task(supervisor.run())
        try:
            while not urls and not running.done():
                await asyncio.sleep(0.01)
            if not running.done():
                await when_ready(supervisor)
            supervisor.stop()
            await asyncio.wait_for(running, 60)
        finally:
            output.close()
        return urls

    async def nothing(_):
        pass

    return lambda *parts, when_ready=nothing: asyncio.run(main(parts, when_ready))


def test_parts_start_after_what_they_need_and_stop_before_it(run, door, happened):
    run(door("ground"), program("house", needs=["ground"]), program("roof", needs=["ground"], uses=["house"]))
    assert [what for what in happened if what.startswith(("enter", "leave", "roof stopped", "house stopped"))] == [
        "enter ground",
        "roof stopped",
        "house stopped",
        "leave ground",
    ]
    assert happened.index("ground is ready") < happened.index("house is ready")


def test_urls_are_told_when_all_are_ready(run, door):
    assert run(door("ground"), program("house", url="http://house")) == {"ground": "somewhere", "house": "http://house"}


def test_program_that_dies_is_started_again(run, happened, tmp_path):
    async def kill(_):
        (child,) = children()
        child.kill()
        while happened.count("house is ready") < 2:
            await asyncio.sleep(0.01)

    run(program("house"), when_ready=kill)
    assert "house ended with -9; starts again in 0.5 s" in happened
    assert "ended with -9" in (tmp_path / "house.log").read_text()


def test_what_a_dead_program_leaves_behind_is_ended_before_it_starts_again(run, happened):
    child = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()']); {SERVE}"
    left = []

    async def kill(_):
        (parent,) = children()
        left.extend(parent.children())
        parent.kill()
        while happened.count("house is ready") < 2:
            await asyncio.sleep(0.01)

    run(program("house", child), when_ready=kill)
    assert len(left) == 1
    assert is_gone(left[0])


def test_program_that_cannot_start_stops_everything_and_names_its_log(run, door, happened, monkeypatch):
    monkeypatch.setattr(supervising, "FIRST_PAUSE_S", 0.01)
    with pytest.raises(ServerUnavailable, match=r"house ended 5 times before it was ready, at last with 3; see .*house\.log"):
        run(door("ground"), program("other", needs=["ground"]), program("house", "raise SystemExit(3)", needs=["ground"]))
    assert happened[-1] == "leave ground"
    assert children() == []


def test_door_that_cannot_be_opened_stops_everything(run, door, happened):
    def refuse(_):
        raise ServerUnavailable("no")

    with pytest.raises(ServerUnavailable, match="no"):
        run(door("ground"), Door("wall", refuse))
    assert happened[-1] == "leave ground"


def test_stopping_while_something_starts_leaves_nothing(tmp_path, door, happened):
    async def main():
        output = Output(tmp_path, 10)
        supervisor = Supervisor([door("ground"), program("slow", "import signal; signal.pause()")], output, happened.append)
        running = asyncio.create_task(supervisor.run())
        while not children():
            await asyncio.sleep(0.01)
        supervisor.stop()
        await asyncio.wait_for(running, 60)
        output.close()

    asyncio.run(main())
    assert children() == []
    assert happened == ["enter ground", "leave ground"]


def test_program_that_does_not_stop_is_killed_with_all_that_it_started(run, happened):
    waiting = "[sys.executable, '-c', 'import signal; signal.pause()']"
    child = f"import subprocess, sys; subprocess.Popen({waiting}, start_new_session=True); {STUBBORN}"
    family = []

    async def note(_):
        family.extend(one for child in children() for one in (child, *child.children(recursive=True)))

    run(program("house", child, stop_s=0.3), when_ready=note)
    assert len(family) == 2
    assert "house has not stopped in 0.3 s: killing it" in happened
    assert all(map(is_gone, family))


def test_second_stop_does_not_wait(run, happened):
    async def insist(supervisor):
        supervisor.stop()
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_later(0.2, supervisor.stop)

    run(program("house", STUBBORN, stop_s=50), when_ready=insist)
    assert "house stopped" in happened


def test_what_programs_say_is_prefixed_and_kept_without_control_characters(run, tmp_path, capsys):
    code = (
        r"import sys; sys.stdout.buffer.write(b'\x1b[31mred\x1b[0m \xff\x07\n' + b'x' * 200_000 + b'\n'); sys.stdout.flush(); "
        + SERVE
    )
    run(program("house", code))
    shown = capsys.readouterr().err
    assert "house      red \ufffd" in shown
    assert "\x07" not in shown
    kept = (tmp_path / "house.log").read_text()
    assert "red \ufffd" in kept
    assert max(map(len, kept.splitlines())) < 11_000


def test_part_that_needs_a_later_one_is_a_mistake():
    with pytest.raises(KeyError):
        depths([program("roof", needs=["house"]), program("house")])


SUPERVISE = """
import asyncio, sys
from pathlib import Path
from services.up.output import Output
from services.up.service import Program
from services.up.supervisor import Supervisor

async def main():
    part = Program("house", (sys.executable, "-c", sys.argv[2]), "ready")
    await Supervisor([part], Output(Path(sys.argv[1]), 5), lambda urls: print("up", flush=True)).run()

asyncio.run(main())
"""


def test_programs_go_when_the_supervisor_is_killed(tmp_path, eventually):
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISE, str(tmp_path), SERVE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    with supervisor:
        assert supervisor.stdout.readline() == "up\n"
        (child,) = psutil.Process(supervisor.pid).children()
        supervisor.kill()
    assert eventually(lambda: is_gone(child))
