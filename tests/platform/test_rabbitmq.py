"""What can go wrong between us and a broker."""

import time
from contextlib import closing, suppress
from uuid import uuid4

import pika
import psutil
import pytest

from ascension_core.errors import ServerUnavailable
from ascension_core.platform.embedded import running
from ascension_core.platform.jobs import Jobs, Wish, Worksheet, reconcile
from ascension_core.platform.queue import Priority, Wake


@pytest.fixture
def make_queue(make_rabbit_queue):
    """Only RabbitMQ here."""
    return make_rabbit_queue


@pytest.fixture
def channel(broker):
    with closing(pika.BlockingConnection(pika.URLParameters(broker.url()))) as connection:
        yield connection.channel()


@pytest.fixture
def count(channel, prefix):
    return lambda name: channel.queue_declare(f"{prefix}.{name}", passive=True).method.message_count


@pytest.fixture
def holds(count, eventually):
    """Whether a queue comes to hold so many messages: a quorum queue counts a moment after it has answered."""
    return lambda name, messages: eventually(lambda: count(name) == messages)


def test_each_priority_has_a_durable_quorum_queue(make_queue, channel, prefix, holds):
    make_queue().announce([Wake(uuid4(), "vision", priority) for priority in Priority])
    assert all(holds(f"vision.{name}", 1) for name in ("high", "normal", "low"))
    arguments = {"x-queue-type": "quorum", "x-dead-letter-exchange": f"{prefix}.dead"}
    channel.queue_declare(f"{prefix}.vision.high", durable=True, arguments=arguments)  # refused if it were another


def test_job_is_accepted_while_the_broker_is_away_and_announced_later(database, notebooks, make_queue, take):
    away = Jobs(database, make_queue(lambda: "amqp://127.0.0.1:9"), notebooks)
    job = away.submit(Wish("vision"))
    there = Jobs(database, make_queue(), notebooks)
    sheet = Worksheet(there, "worker", ["vision"])
    assert sheet.take(0.2) is None
    assert reconcile(there).announced == 1
    assert take(sheet).job.id == job.id


def test_lost_message_is_sent_again(jobs, worksheet, channel, take, prefix, holds, eventually):
    job, sheet = jobs.submit(Wish("vision")), worksheet()
    channel.queue_purge(f"{prefix}.vision.normal")
    assert holds("vision.normal", 0)
    assert sheet.take(0.2) is None
    assert reconcile(jobs, patience_s=3600).announced == 0
    assert eventually(lambda: reconcile(jobs, patience_s=0).announced == 1)
    assert take(sheet).job.id == job.id


def test_nothing_is_sent_again_while_messages_wait(jobs, holds):
    jobs.submit(Wish("vision"))
    assert holds("vision.normal", 1)
    assert reconcile(jobs, patience_s=0).announced == 0


def test_deleted_queue_is_made_again(jobs, worksheet, channel, take, prefix):
    lost = jobs.submit(Wish("vision"))
    channel.queue_delete(f"{prefix}.vision.normal")
    unroutable = jobs.submit(Wish("vision"))
    reconcile(jobs, patience_s=0)
    assert {take(worksheet(f"worker {n}")).job.id for n in range(2)} == {lost.id, unroutable.id}


def test_lost_connection_is_made_anew(jobs, worksheet, take):
    sheet = worksheet()
    jobs.queue.waiting(["vision"])
    jobs.queue._connection.close()
    job = jobs.submit(Wish("vision"))
    lease = take(sheet)
    sheet._jobs.queue._connection.close()
    sheet.succeed(lease, {})
    assert jobs.get(job.id).status == "succeeded"
    assert sheet.take(0.3) is None  # the message came back, and found nothing to do


def test_worker_that_goes_without_an_answer_gives_its_message_back(jobs, worksheet, take, holds):
    jobs.submit(Wish("vision"))
    sheet = worksheet()
    take(sheet)
    assert holds("vision.normal", 0)
    sheet._jobs.queue.close()
    assert holds("vision.normal", 1)


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b"{}", b'{"job_id": "x"}', b'{"job_id": 7}', b"\xff\0"])
def test_message_that_nobody_understands_is_laid_aside(jobs, worksheet, channel, body, take, prefix, holds):
    sheet = worksheet()
    sheet.take(0.0)
    channel.basic_publish(f"{prefix}.jobs", "vision.normal", body)
    job = jobs.submit(Wish("vision"))
    assert take(sheet).job.id == job.id
    assert holds("dead", 1)


def test_message_of_an_unknown_job_is_dropped(jobs, worksheet, take, count):
    jobs.queue.announce([Wake(uuid4(), "vision")])
    job = jobs.submit(Wish("vision"))
    assert take(worksheet()).job.id == job.id
    assert count("dead") == 0


def test_broker_that_is_not_there_is_said_without_its_password(make_queue):
    with pytest.raises(ServerUnavailable) as raised:
        make_queue(lambda: "amqp://me:hushhush@127.0.0.1:9").receive(["vision"], 0)
    assert "hushhush" not in str(raised.value)


@pytest.mark.slow
def test_killed_broker_comes_back_with_its_messages(servers, broker, jobs, worksheet, take):
    job, sheet = jobs.submit(Wish("vision")), worksheet()
    time.sleep(3)  # a quorum queue that is younger may come back without a leader
    for process in psutil.Process(running(servers)["rabbitmq"].keeper).children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # some go with the first one
            process.kill()
    assert take(sheet, 180.0).job.id == job.id


def connections_of(processes):
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # helpers of the node come and go
            yield from process.net_connections()


def test_node_listens_on_loopback_only_and_leaves_the_machines_own_alone(servers, broker):
    broker.url()
    processes = psutil.Process(running(servers)["rabbitmq"].keeper).children(recursive=True)
    listening = [c.laddr for c in connections_of(processes) if c.status == psutil.CONN_LISTEN]
    assert {address.ip for address in listening} <= {"127.0.0.1", "::1"}
    assert not {address.port for address in listening} & {4369, 5672, 15672, 25672}
