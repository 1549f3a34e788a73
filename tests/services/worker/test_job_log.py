import re

import pytest

from services.worker.job_log import LARGEST_LINE, LARGEST_LOG, JobLog


@pytest.fixture
def log(tmp_path):
    log = JobLog()
    yield log
    log.close()


def lines(file):
    return [re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (.*)", line)[1] for line in file.read_text().splitlines()]


def test_lines_of_two_sources_are_not_mixed(log, tmp_path):
    log.write("stdout", "one ")
    log.write("stderr", "two\n")
    log.open(tmp_path / "log")
    log.write("stdout", "half\nthree")
    log.close()
    assert lines(tmp_path / "log") == ["two", "one half", "three"]


def test_log_has_a_largest_size_and_says_so(log, tmp_path):
    log.open(tmp_path / "log")
    for _ in range(2 * LARGEST_LOG // 10_000):
        log.write("stdout", "é" * 5_000 + "\n")
    log.close()
    written = (tmp_path / "log").read_bytes()
    assert len(written) <= LARGEST_LOG
    assert written.decode().endswith("\n… cut: the log holds 5 MB at most\n")


def test_line_without_an_end_is_written_when_it_is_long(log, tmp_path):
    log.open(tmp_path / "log")
    log.write("stdout", "x" * (LARGEST_LINE + 1))
    assert lines(tmp_path / "log") == ["x" * LARGEST_LINE]
