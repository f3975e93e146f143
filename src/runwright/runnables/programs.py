"""Programs: tasks that run commands and scripts, in a shell and in Python: what is prepared, run, heard and kept."""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

from runwright.errors import RunnableFailed
from runwright.runnables.folders import PRIVATE, fetch_named, keep_outputs, paths_in, put_inputs, put_namespace_files
from runwright.runnables.protocol import Speech
from runwright.runnables.python_environments import python_with
from runwright.runnables.rendering import LEVELS, as_text, data_of, entries_of, items_of, truth_of
from runwright.runnables.runners import Runner, runner_of
from runwright.scope import Outcome

if TYPE_CHECKING:
    from runwright.runnables.process import Ending
    from runwright.scope import Scope
    from runwright.spec.tasks import programs

OUTPUT_FOLDER = "outputs"
"""Where `{{ outputDir }}` leads to: a folder in the private one, whose files are all kept."""

LONGEST_ARGUMENT = 100_000
"""The bytes that are given to an interpreter as an argument; Linux takes 128 KiB."""

_SHELLS = {"ash", "bash", "dash", "ksh", "sh", "zsh"}


class _Work(NamedTuple):
    """What the type of a program decides: commands, what comes before them, variables, and the name of a script's file."""

    commands: str
    before: str = ""
    environment: dict[str, str] = {}  # noqa: RUF012  nobody changes it
    own_file: str = ""


_Prepare = Callable[[Runner, dict[str, str]], _Work]


def run_shell_commands(task: programs.ShellCommands, scope: Scope) -> Outcome:
    """Run commands in a shell."""
    return _run(task, scope, lambda _, more: _Work(_lines(task.commands, scope, more)))


def run_shell_script(task: programs.ShellScript, scope: Scope) -> Outcome:
    """Run a script in a shell."""
    return _run(task, scope, lambda _, more: _Work(_lines((task.script,), scope, more)))


def run_python_commands(task: programs.PythonCommands, scope: Scope) -> Outcome:
    """Run commands in a shell that finds Python, with the declared packages, first."""

    def prepare(runner: Runner, more: dict[str, str]) -> _Work:
        python, before, environment = _python(task, scope, runner)
        commands = _lines(task.commands, scope, more)
        return _Work(commands, before, environment if python == "python" else _first_on_path(python, environment))

    return _run(task, scope, prepare)


def run_python_script(task: programs.PythonScript, scope: Scope) -> Outcome:
    """Run a script in Python; it stands in the working directory, so that it finds modules there."""

    def prepare(runner: Runner, more: dict[str, str]) -> _Work:
        python, before, environment = _python(task, scope, runner)
        path = _script_file(scope, fetch_named(scope, scope.render(task.script, **more)))
        environment = environment if python == "python" else _first_on_path(python, environment)
        return _Work(f"{shlex.quote(python)} {shlex.quote(str(path))}", before, environment, path.name)

    return _run(task, scope, prepare)


def _run(task: programs.Program, scope: Scope, prepare: _Prepare) -> Outcome:
    runner = runner_of(task, scope)
    output_folder = scope.folder / PRIVATE / OUTPUT_FOLDER
    output_folder.mkdir(parents=True, exist_ok=True)
    more = {"workingDir": str(scope.folder), "outputDir": str(output_folder)}
    put_namespace_files(scope, task.namespace_files)
    put_inputs(scope, task.input_files, **more)
    work = prepare(runner, more)
    declared = {name: as_text(each) for name, each in entries_of(scope, task.env, "env", **more).items()}
    arguments = _arguments(task, scope, work, _lines(task.before_commands, scope, more))
    heard = _Heard(scope)
    ending = runner.run(arguments, {**work.environment, **declared}, scope, heard.take)
    outputs = {
        "vars": heard.speech.outputs,
        "exitCode": ending.status,
        "outputFiles": _kept(task, scope, work.own_file, output_folder),
        "taskRunner": {"type": runner.type},
    }
    return _outcome(task, scope, ending, outputs, is_error_heard=heard.is_error_heard)


class _Heard:
    """What a program writes, line by line: for the log, or about itself."""

    def __init__(self, scope: Scope) -> None:
        self.speech = Speech(scope)
        self.is_error_heard = False
        self._logger = scope.logger

    def take(self, line: str, is_error: bool) -> None:  # noqa: FBT001  what hears a program gets both
        if not self.speech.hear(line):
            self.is_error_heard |= is_error
            self._logger.log(LEVELS["ERROR" if is_error else "INFO"], line)


def _outcome(
    task: programs.Program, scope: Scope, ending: Ending, outputs: dict[str, Any], *, is_error_heard: bool
) -> Outcome:
    if ending.was_stopped:
        raise RunnableFailed("The program was ended, because the task was to stop.", outputs)
    if ending.status:
        raise RunnableFailed(f"Command failed with exit code {ending.status}", outputs)
    is_warning_wanted = task.warning_on_std_err is None or truth_of(scope, task.warning_on_std_err)
    if is_error_heard and is_warning_wanted:
        return Outcome(outputs, "Warning", "The program wrote to standard error.")
    return Outcome(outputs)


def _lines(written: Sequence[str], scope: Scope, more: dict[str, str]) -> str:
    """Return commands one below the other, the files that they name at hand."""
    return "\n".join(fetch_named(scope, scope.render(each, **more)) for each in written)


def _arguments(task: programs.Program, scope: Scope, work: _Work, before: str) -> list[str]:
    """Return the interpreter with its text; a long one stands in a file, which is read instead of it."""
    interpreter = _interpreter(task, scope)
    is_shell = PurePath(interpreter[0]).name in _SHELLS
    strict = "set -e" if is_shell and truth_of(scope, task.fail_fast) else ""
    text = "\n".join(part for part in (strict, work.before, before, work.commands) if part)
    if len(text.encode()) <= LONGEST_ARGUMENT:
        return [*interpreter, text]
    if interpreter[-1] != "-c":
        raise RunnableFailed(
            f"The commands are longer than {LONGEST_ARGUMENT} bytes: put them in an input file, and run that with a command."
        )
    path = scope.folder / PRIVATE / "commands"
    path.write_text(text, encoding="utf-8")
    return [*interpreter[:-1], str(path)]


def _interpreter(task: programs.Program, scope: Scope) -> list[str]:
    given = scope.evaluate(task.interpreter)
    if isinstance(given, str):
        given = data_of(given, "interpreter") if given.lstrip().startswith("[") else shlex.split(given)
    if not given or not all(isinstance(each, str) for each in given):
        raise RunnableFailed(
            f"interpreter must be a program and its options, such as [/bin/sh, -c], and not {given!r:.100}."
        )
    return list(given)


def _python(
    task: programs.PythonCommands | programs.PythonScript, scope: Scope, runner: Runner
) -> tuple[str, str, dict[str, str]]:
    """Return Python, the command that must come first, and variables; in a container, packages are installed there."""
    packages = (
        [as_text(each) for each in items_of(scope, task.dependencies, "dependencies")] if task.dependencies else []
    )
    environment = {"PYTHONUNBUFFERED": "1"}
    if not runner.is_container:
        return python_with(packages, task.python_version, scope), "", environment
    install = f"python -m pip install --quiet --root-user-action=ignore {shlex.join(packages)}" if packages else ""
    return "python", install, environment


def _first_on_path(python: str, environment: dict[str, str]) -> dict[str, str]:
    return {**environment, "PATH": os.pathsep.join((str(Path(python).parent), os.environ.get("PATH", os.defpath)))}


def _script_file(scope: Scope, text: str) -> Path:
    descriptor, path = tempfile.mkstemp(".py", "script-", scope.folder)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return Path(path)


def _kept(task: programs.Program, scope: Scope, own_file: str, output_folder: Path) -> dict[str, str]:
    patterns = [scope.render(each) for each in task.output_files]
    kept = keep_outputs(scope, patterns, lambda path: path == own_file)
    return {**kept, **{path: scope.keep(path, output_folder / path) for path in paths_in(output_folder)}}
