"""Shell: a task that runs a command line in a process group of its own, which does not outlive the task."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from runwright.attribute_defaults import defaults_from_attrs
from runwright.signals import FAIL
from runwright.task import Task

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

GRACE = 0.5
"""How many seconds after the task's timeout its processes are ended, if nothing has ended them yet."""

_IS_POSIX = os.name == "posix"


class ShellTask(Task):
    """Runs `command` in `shell` and gives the last line that it writes, or all of them with `return_all`.

    `env` adds to the environment of this process, `helper_script` runs before the command in the same shell. What the
    command writes to standard error counts as output; with `log_stderr` the output of a command that failed is logged,
    with `stream_output` (True, or a level of `logging`) every line is logged as it comes.
    """

    def __init__(
        self,
        command: str | None = None,
        env: Mapping[str, str] | None = None,
        helper_script: str | None = None,
        shell: str = "bash",
        return_all: bool = False,  # noqa: FBT001, FBT002  the documented signature
        log_stderr: bool = False,  # noqa: FBT001, FBT002  the documented signature
        stream_output: bool | int | str = False,  # noqa: FBT001, FBT002  the documented signature
        **options: Any,
    ) -> None:
        """Hold what a call may leave out; raises `TypeError` for a level that there is not."""
        self.command = command
        self.env = env
        self.helper_script = helper_script
        self.shell = shell
        self.return_all = return_all
        self.log_stderr = log_stderr
        self.stream_output = _level(stream_output)
        super().__init__(**options)

    @defaults_from_attrs("command", "env", "helper_script", "shell")
    def run(
        self,
        command: str | None = None,
        env: Mapping[str, str] | None = None,
        helper_script: str | None = None,
        shell: str | None = None,
    ) -> str | list[str]:
        """Return what the command wrote; signals FAIL with that as its result when the command fails.

        Raises `TypeError` without a command. Whatever ends the task, a timeout too, ends all processes of the command.
        """
        if command is None:
            raise TypeError("run() missing required argument: 'command'")
        script = f"{helper_script}{os.linesep}{command}" if helper_script else command
        lines: list[str] = []
        with _process([shell or "bash", "-c", script], {**os.environ, **(env or {})}, self.timeout) as process:
            for raw in process.stdout or ():
                line = raw.decode("utf-8", "replace").rstrip()
                lines.append(line)
                if self.stream_output is not None:
                    self.logger.log(self.stream_output, line)
            status = process.wait()
        outcome: str | list[str] = lines if self.return_all else (lines[-1] if lines else "")
        if status:
            message = f"Command failed with exit code {status}"
            self.logger.error(message)
            if self.log_stderr:
                self.logger.error("\n".join(lines))
            raise FAIL(message, result=outcome)
        return outcome


@contextmanager
def _process(
    arguments: list[str], environment: dict[str, str], timeout: float | None
) -> Generator[subprocess.Popen[bytes]]:
    """Start a process group; what breaks the block off, and the timeout, ends all of its processes."""
    process = subprocess.Popen(  # noqa: S603  running what the author of the flow wrote is what this is for
        arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=_IS_POSIX
    )
    # A call that is late in a thread is abandoned, not broken off: then only this ends its processes.
    watch = None if timeout is None else threading.Timer(timeout + GRACE, _kill, (process,))
    with process:
        try:
            if watch is not None:
                watch.daemon = True
                watch.start()
            yield process
        except BaseException:
            _kill(process)
            raise
        finally:
            if watch is not None:
                watch.cancel()


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        if _IS_POSIX:
            os.killpg(process.pid, signal.SIGKILL)
        elif process.poll() is None:
            process.kill()


def _level(stream_output: bool | int | str) -> int | None:  # noqa: FBT001  a documented option
    """Return the level to log lines at, None for not at all."""
    if isinstance(stream_output, bool):
        return logging.INFO if stream_output else None
    if isinstance(stream_output, int):
        return stream_output
    level = logging.getLevelNamesMapping().get(stream_output)
    if level is None:
        raise TypeError(
            f"stream_output must be True, False or a level of logging, such as 'DEBUG'; got {stream_output!r}."
        )
    return level
