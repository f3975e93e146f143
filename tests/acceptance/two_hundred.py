"""A flow of 200 task runs (a chain, a map and retries) that leaves a trace of every body it runs.

Run by the kill tests as a user would: `runwright run two_hundred.py`. Every body appends its name to the file EFFECTS names, in one
write, before and after its work.
"""

from __future__ import annotations

import os
from datetime import timedelta

from runwright import Flow, context, task

LINKS = 90
CHILDREN = 100
FLAKY = 8


def leave_trace(moment: str) -> None:
    """Append `moment name` to the effects file."""
    name = f"{context.task_slug}[{context.map_index}]"
    descriptor = os.open(os.environ["EFFECTS"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(descriptor, f"{moment} {name}\n".encode())
    os.close(descriptor)


@task
def link(number: int) -> int:
    """Add one."""
    leave_trace("enter")
    leave_trace("exit")
    return number + 1


@task
def numbers(last: int) -> list[int]:
    """Return the numbers to map over."""
    leave_trace("enter")
    leave_trace("exit")
    return list(range(last, last + CHILDREN))


@task
def square(number: int) -> int:
    """Square a number."""
    leave_trace("enter")
    leave_trace("exit")
    return number * number


@task(max_retries=2, retry_delay=timedelta(milliseconds=5))
def flaky(number: int) -> int:
    """Fail at the first attempt."""
    leave_trace("enter")
    if context.task_run_count < 2:
        raise RuntimeError("not yet")
    leave_trace("exit")
    return number


@task
def total(squares: list[int], others: list[int]) -> int:
    """Add everything up."""
    leave_trace("enter")
    leave_trace("exit")
    return sum(squares) + sum(others)


with Flow("two-hundred") as flow:
    value = 0
    for _ in range(LINKS):
        value = link(value)
    many = numbers(value)
    total(square.map(many), flaky.map(list(range(FLAKY))))
