"""Demo: a sample flow over real files, those of the Python that runs it, with every way a task run can end.

It maps over modules and counts what they define. One task fails once and is tried again, one is cached, one branch is
skipped, and one mapped child fails by design: it gets a file that is not Python.
"""

from __future__ import annotations

import ast
import os
import sys
import sysconfig
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runwright import Flow, Parameter, case, context, task, triggers

if TYPE_CHECKING:
    from runwright.cli.progress import Progress
    from runwright.cli.session import Session
    from runwright.states import State

NO_PYTHON = (
    "LICENSE.txt",
    "pydoc_data/_pydoc.css",
    "idlelib/README.txt",
    "lib2to3/Grammar.txt",
    "turtledemo/turtle.cfg",
)
LONG_REPORT = 20
_MOST_BYTES = 400_000


@task(cache_for=timedelta(hours=1))
def locate_library() -> str:
    """Find the folder of Python's own library; the answer is kept for an hour."""
    return sysconfig.get_path("stdlib")


@task
def choose_files(library: str, count: int) -> list[str]:
    """Choose modules all over the alphabet, and one file that is not Python."""
    modules = sorted(str(path) for path in Path(library).glob("*.py"))
    chosen = modules[:: max(1, len(modules) // max(1, count - 1))][: max(0, count - 1)]
    chosen.insert(len(chosen) // 2, _no_python(library))
    context.logger.info("%d files of %s", len(chosen), library)
    return chosen


def _name_of(path: str, **_: Any) -> str:
    return f"count {Path(path).name}"


@task(task_run_name=_name_of)
def count_definitions(path: str) -> dict[str, Any]:
    """Parse a module and count its functions and classes."""
    with open(path, "rb") as file:  # noqa: PTH123  the demo has no need of pathlib here
        nodes = list(ast.walk(ast.parse(file.read(_MOST_BYTES), path)))
    functions = sum(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in nodes)
    classes = sum(isinstance(node, ast.ClassDef) for node in nodes)
    context.logger.info("%d functions and %d classes", functions, classes)
    return {"module": Path(path).stem, "functions": functions, "classes": classes}


@task(max_retries=2, retry_delay=timedelta(milliseconds=300))
def ask_how_many() -> int:
    """Ask somebody who answers only when asked twice."""
    if context.task_run_count == 1:
        raise ConnectionError("nobody answered: the second attempt will do")
    return 5


@task(trigger=triggers.any_successful)
def report(counts: list[dict[str, Any] | BaseException], how_many: int) -> list[str]:
    """Name the modules that define most; a file that could not be parsed counts for nothing."""
    parsed = [each for each in counts if isinstance(each, dict)]
    largest = sorted(parsed, key=lambda each: -(each["functions"] + each["classes"]))[:how_many]
    return [f"{each['module']}: {each['functions']} functions, {each['classes']} classes" for each in largest]


@task
def is_long(lines: list[str]) -> bool:
    """Say whether the report needs a shorter form."""
    return len(lines) > LONG_REPORT


@task
def shorten(lines: list[str]) -> list[str]:
    """Keep the first lines; skipped, because the report is short."""
    return lines[:LONG_REPORT]


with Flow("demo") as flow:
    counts = count_definitions.map(choose_files(locate_library(), Parameter("files", default=36)))
    lines = report(counts, ask_how_many())
    with case(is_long(lines), True):  # noqa: FBT003  the value that chooses the branch
        shorten(lines)
vars(flow)["_file"] = os.path.abspath(__file__)  # so that a demo that was stopped can be resumed  # noqa: PTH100  text in, text out


def main(session: Session | None = None) -> int:
    """Run the demo, tell what to look at next, and return the exit status: 0, though one task run fails by design."""
    from runwright import app  # noqa: PLC0415  loading this file to resume a run needs none of it
    from runwright.cli.run import run_in_foreground  # noqa: PLC0415  as above
    from runwright.cli.session import Session, say  # noqa: PLC0415  as above

    session = session or Session()
    session.format = session.format or "table"

    def begin(progress: Progress) -> State:
        return app.run_flow(flow, parameters=flow.resolve_parameters(), record=session.record, progress=progress)

    status = run_in_foreground(session, flow.name, begin, is_always_drawn=True)
    if not status:
        say("")
        say("One task run failed by design: it was given a file that is not Python. The flow run went on without it.")
        say("Look closer:")
        for command in ("tr ls --state failed", "fr ls", "tr count --by state", "events tail --no-follow -n 3"):
            say(f"  runwright {command}")
    return status


def _no_python(library: str) -> str:
    """Return a file that no Python parses; the interpreter itself where the library has none of those known."""
    candidates = [path for name in NO_PYTHON if (path := Path(library, name)).is_file()]
    return str(candidates[0] if candidates else sys.executable)
