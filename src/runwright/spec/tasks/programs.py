"""Programs: tasks that run commands and scripts, and those that call Python in Runwright's own process."""

from typing import Annotated, ClassVar

from runwright.spec.elements import Named, Of
from runwright.spec.key_types import (
    AnyList,
    AnyMap,
    AnyMapOrText,
    Boolean,
    Callable,
    Expression,
    ListOrText,
    RenderedBoolean,
    Text,
    TextOrTexts,
)
from runwright.spec.kinds import Choice
from runwright.spec.tasks.files import InputFiles, NamespaceFiles
from runwright.spec.tasks.task import SCRIPTS, Task


class Program(Task, frozen=True, kw_only=True):
    """What tasks that run programs say."""

    before_commands: Annotated[TextOrTexts, "Commands that run first."] = ()
    interpreter: Annotated[ListOrText, "The program that reads the commands."] = ("/bin/sh", "-c")
    env: Annotated[AnyMapOrText, "Environment variables by name."] = {}
    task_runner: Annotated[AnyMap | None, "Where the program runs: its type, and the keys of that."] = None
    runner: Annotated[str | None, Choice("PROCESS", "DOCKER"), "Older than `taskRunner`."] = None
    docker: Annotated[AnyMap | None, "Older than `taskRunner`."] = None
    container_image: Annotated[Expression | None, "The image, for runners with containers."] = None
    warning_on_std_err: Annotated[RenderedBoolean | None, "A line on standard error makes a WARNING."] = None
    fail_fast: Annotated[RenderedBoolean, "The first command that fails ends the task."] = True
    input_files: Annotated[InputFiles, "Files that are there at the beginning."] = None
    output_files: Annotated[TextOrTexts, "Files that are kept at the end, as globs."] = ()
    namespace_files: Annotated[
        NamespaceFiles | None,
        Of(NamespaceFiles, "a mapping with enabled, include and exclude"),
        "Files of the namespace.",
    ] = None
    output_directory: Annotated[Boolean | None, "Keep what is written to `outputDir`."] = None
    target_os: Annotated[
        str, Choice("AUTO", "LINUX", "WINDOWS"), "Whose line endings commands have.", Named("targetOS")
    ] = "AUTO"


class ShellCommands(Program, frozen=True, kw_only=True):
    """Runs commands of a shell."""

    names: ClassVar = (f"{SCRIPTS}shell.Commands", "shell.Commands")

    commands: Annotated[TextOrTexts, "The commands."]


class ShellScript(Program, frozen=True, kw_only=True):
    """Runs a script of a shell."""

    names: ClassVar = (f"{SCRIPTS}shell.Script", "shell.Script")

    script: Annotated[Expression, "The script."]


class PythonCommands(Program, frozen=True, kw_only=True):
    """Runs commands, with Python at hand."""

    names: ClassVar = (f"{SCRIPTS}python.Commands", "python.Commands")

    commands: Annotated[TextOrTexts, "The commands."]
    dependencies: Annotated[ListOrText, "Packages to install first."] = ()
    python_version: Annotated[Text | None, "The version of Python."] = None


class PythonScript(Program, frozen=True, kw_only=True):
    """Runs a Python script in a process of its own."""

    names: ClassVar = (f"{SCRIPTS}python.Script", "python.Script")

    script: Annotated[Expression, "The script."]
    dependencies: Annotated[ListOrText, "Packages to install first."] = ()
    python_version: Annotated[Text | None, "The version of Python."] = None


class PythonCall(Task, frozen=True, kw_only=True):
    """Calls a Python function where the flow runs, and hands on what it returns as `value`."""

    names: ClassVar = ("python.Call",)

    callable: Annotated[Callable, "The function, as `package.module:name`."]
    args: Annotated[AnyList, "Its arguments in order; expressions are rendered."] = ()
    kwargs: Annotated[AnyMap, "Its arguments by name; expressions are rendered."] = {}


class PythonFlow(Task, frozen=True, kw_only=True):
    """Runs a Python flow as a child."""

    names: ClassVar = ("python.Flow",)

    flow: Annotated[Text, "The flow, as `FILE.py:FLOW` or `package.module:name`."]
    parameters: Annotated[AnyMap, "Its parameters by name; expressions are rendered."] = {}
    wait: Annotated[Boolean, "Wait for its end."] = True
    transmit_failed: Annotated[Boolean, "A failure of it is a failure of this task."] = True


TYPES: tuple[type[Task], ...] = (ShellCommands, ShellScript, PythonCommands, PythonScript, PythonCall, PythonFlow)
