"""`runwright ui` as people start it: a process that prints an address, answers there, and ends when it is interrupted."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import closing
from urllib.request import urlopen

import pytest
from tests.ui.records import fill_normal

from runwright.cli.main import main
from runwright.stores import open_store


@pytest.fixture
def record(tmp_path):
    path = tmp_path / "kept.db"
    with closing(open_store(f"sqlite:///{path}", synchronous="NORMAL")) as store:
        fill_normal(store)
    return path


def test_any_record_is_opened_read_only(record, home):
    before = record.read_bytes()
    program = [sys.executable, "-m", "runwright", "ui", str(record), "--port", "0"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        address = process.stdout.readline().strip()
        with urlopen(f"{address}task-runs") as answer:  # noqa: S310  our own address
            page = answer.read().decode()
        process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=30)[1]

    assert "brisk-otter" in page
    assert "kept.db" in page
    assert "read-only" in told
    assert 0 == process.returncode
    assert before == record.read_bytes()


def test_a_record_that_is_not_there_is_an_error_in_a_line(tmp_path, home, capsys):
    status = main(["ui", str(tmp_path / "nothing.db")])

    assert 5 == status
    assert "nothing.db" in capsys.readouterr().err


def test_a_port_that_is_taken_is_told(record, home, capsys):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        status = main(["ui", str(record), "--port", str(taken.getsockname()[1])])

    assert 1 == status
    assert "--port 0 takes any" in capsys.readouterr().err
