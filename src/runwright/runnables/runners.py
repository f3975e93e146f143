"""Runners: where the programs of tasks run: as processes of this machine, or in containers of the program `docker`."""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from typing import TYPE_CHECKING, Any, Protocol

from runwright.errors import RunnableFailed
from runwright.runnables.process import Ending, run_program
from runwright.runnables.rendering import entries_of, items_of, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runwright.runnables.process import Hear
    from runwright.scope import Scope
    from runwright.spec.tasks import programs

DEFAULT_IMAGES = {"python": "python:3", "shell": "ubuntu"}

_PROCESS = "io.kestra.plugin.core.runner.Process"
_DOCKER = "io.kestra.plugin.scripts.runner.docker.Docker"
_TYPES = {_PROCESS: _PROCESS, "runner.Process": _PROCESS, _DOCKER: _DOCKER, "runner.docker.Docker": _DOCKER}
_WITHHELD = ("SECRET_", "RUNWRIGHT_ENCRYPTION_KEY")
_PULL = {"ALWAYS": "always", "IF_NOT_PRESENT": "missing", "NEVER": "never"}
_PATIENCE = 30.0
_NOT_STARTED = 125  # as `docker run` says that the fault is its own, and not that of the command


class Runner(Protocol):
    """A place where programs run."""

    type: str
    is_container: bool

    def run(self, arguments: Sequence[str], environment: dict[str, str], scope: Scope, hear: Hear) -> Ending:
        """Run a program in the working directory to its end; raises `RunnableFailed` when it does not start."""
        ...


def runner_of(task: programs.Program, scope: Scope) -> Runner:
    """Return the runner that a task asks for: processes, unless it says something else."""
    given = entries_of(scope, task.task_runner, "taskRunner")
    written = given.get("type") or (_DOCKER if task.runner == "DOCKER" else _PROCESS)
    type_ = _TYPES.get(written)
    if type_ is None:
        raise RunnableFailed(
            f"There is no task runner {written!r:.100} here: use {_PROCESS}, or leave taskRunner out, to run on this machine."
        )
    if type_ == _PROCESS:
        return Processes()
    older = entries_of(scope, task.docker, "docker")
    image = text_of(scope, task.container_image) or given.get("image") or older.get("image")
    family = "python" if "python" in task.full_type else "shell"
    return Containers(str(image or DEFAULT_IMAGES[family]), {**older, **given}, scope)


class Processes:
    """Runs programs as processes of this machine, with its environment but for secrets."""

    type = _PROCESS
    is_container = False

    def run(self, arguments: Sequence[str], environment: dict[str, str], scope: Scope, hear: Hear) -> Ending:
        """Run a program to its end."""
        return started(arguments, {**inherited(), **environment}, scope, hear)


class Containers:
    """Runs programs in containers; the working directory has the same path inside."""

    type = _DOCKER
    is_container = True

    def __init__(self, image: str, keys: dict[str, Any], scope: Scope) -> None:
        """Hold the image, and what the task says of the container."""
        program = shutil.which("docker")
        if program is None:
            raise RunnableFailed(
                "The task asks for a container, and there is no program `docker` on this machine: install it, or leave "
                f"taskRunner out (or use {_PROCESS}) to run the commands here."
            )
        self._program = program
        self._image = image
        self._options = _container_options(keys, scope)

    def run(self, arguments: Sequence[str], environment: dict[str, str], scope: Scope, hear: Hear) -> Ending:
        """Run a program to its end; values of variables do not stand on the command line, where others could read them."""
        name = f"runwright-{uuid.uuid4().hex}"
        folder = str(scope.folder)
        variables = [part for variable in environment for part in ("--env", variable)]
        mount = ["--volume", f"{folder}:{folder}", "--workdir", folder]
        head = [self._program, "run", "--rm", "--init", "--name", name, *mount, *variables, *self._options]
        entry = ["--entrypoint", arguments[0], self._image, *arguments[1:]]
        ending = started([*head, *entry], {**inherited(), **environment}, scope, hear)
        if ending.was_stopped:
            remove = [self._program, "rm", "--force", name]
            subprocess.run(remove, capture_output=True, check=False, timeout=_PATIENCE)  # noqa: S603  a name of our own
        elif ending.status == _NOT_STARTED:
            raise RunnableFailed(
                f"`docker` could not start a container of {self._image!r:.200}: the log says why. Leave taskRunner out (or use "
                f"{_PROCESS}) to run the commands on this machine."
            )
        return ending


def _container_options(keys: dict[str, Any], scope: Scope) -> list[str]:
    options: list[str] = []
    for key, option in (("user", "--user"), ("networkMode", "--network")):
        if keys.get(key):
            options += [option, str(keys[key])]
    if keys.get("pullPolicy"):
        options += ["--pull", _PULL.get(str(keys["pullPolicy"]), "missing")]
    for volume in items_of(scope, keys.get("volumes") or (), "volumes"):
        options += ["--volume", str(volume)]
    return options


def inherited() -> dict[str, str]:
    """Return the environment of this process without what are secrets of the server."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_WITHHELD)}


def started(arguments: Sequence[str], environment: dict[str, str], scope: Scope, hear: Hear) -> Ending:
    """Run a program in the working directory of a task, until its end or until the task is to stop."""
    return run_program(arguments, folder=scope.folder, environment=environment, stopping=scope.stopping, hear=hear)
