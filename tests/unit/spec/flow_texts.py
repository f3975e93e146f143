"""Short flows for tests: the least that is a flow, with something put in."""

from __future__ import annotations

from runwright.spec import examine

HEAD = "id: f\nnamespace: n\n"
TASKS = "tasks:\n  - {id: t, type: log.Log, message: hi}\n"


def problems_of(text):
    """Return what is wrong with a text, as (code, line, column, path)."""
    return [(each.code, each.line, each.column, each.path) for each in examine(text).problems]


def messages_of(text):
    """Return what is said about a text."""
    return [each.message for each in examine(text).problems]


def task_messages(task):
    """Return what is said about a flow of one task, written in one line."""
    return messages_of(f"{HEAD}tasks:\n  - {task}\n")


def input_messages(declared):
    """Return what is said about a flow with one input, written in one line."""
    return messages_of(f"{HEAD}inputs:\n  - {declared}\n{TASKS}")
