"""Approval: who is asked, and which answers count."""

from __future__ import annotations

import sys
from io import StringIO

import pytest

from runwright.runtime import approval


class Terminal(StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("expected", "answer"),
    [(True, "y\n"), (True, " Y \n"), (True, "yes\n"), (False, "n\n"), (False, "\n"), (False, "")],
)
def test_only_yes_lets_a_run_go_on(monkeypatch, expected, answer):
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    assert expected is approval.ask("load-1")


def test_the_question_names_the_task_run(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    approval.ask("load-1[7]")
    assert "Task run load-1[7] is paused. Let it go on? [y/N] " == capsys.readouterr().out


def test_a_notebook_asks_in_its_own_way(monkeypatch):
    monkeypatch.setattr("builtins.input", lambda _: "y")
    assert approval.ask("load-1") is True


def test_a_notebook_that_nobody_looks_at_gives_no_approval(monkeypatch):
    def refuse(_):
        raise NotImplementedError

    monkeypatch.setattr("builtins.input", refuse)
    assert approval.ask("load-1") is False


def closed():
    file = Terminal("y\n")
    file.close()
    return file


@pytest.mark.parametrize("stdin", [None, StringIO("y\n"), closed()], ids=["none", "a pipe", "closed"])
def test_without_a_terminal_nobody_is_asked(monkeypatch, capsys, stdin):
    monkeypatch.setattr(sys, "stdin", stdin)
    assert not approval.ask("load-1")
    assert "" == capsys.readouterr().out
