"""Errors: every exception that Runwright raises for a caller to read, in one tree.

    RunwrightError
    ├── FlowError (ValueError)              the flow is declared wrongly
    │   ├── CycleError                      tasks depend on each other in a circle
    │   ├── ParameterError                  an unknown, missing or refused parameter
    │   ├── TagRefused                      a tag for a task run that is none
    │   ├── FlowFileError                   a file that holds no flow, or several, or does not load
    │   │   └── FlowSpecError               a YAML flow that is declared wrongly, with every problem in it
    │   ├── NotRunnable                     a task of a type that does no work here
    │   ├── CheckFailed                     a check of a YAML flow that lets no execution begin
    │   ├── InputError                      inputs of a YAML flow that are missing or refused, with every problem
    │   └── ExpressionError                 an expression that cannot be read or evaluated
    │       ├── ExpressionUndefined         a name or entry that is not there
    │       └── ExpressionOverBudget        more steps, depth or text than an expression may use
    ├── IllegalTransition                   the transition table forbids what was proposed
    ├── StateUpdateRefused                  a state that another program may not give a run now
    │   └── VersionConflict                 the run was changed since that program read it
    ├── ResultError
    │   ├── ResultSerializationError        a value that cannot become bytes
    │   ├── ResultUnavailable               a stored result that is gone
    │   └── ResultDamaged                   a stored result whose bytes changed
    ├── ExecutorError
    │   ├── UnpicklableCall                 a task or input that cannot cross to another process
    │   └── WorkerLost                      the process of an attempt ended without a report
    ├── MissingExtra (ImportError)          an adapter or serializer whose optional package is not installed
    ├── RecordError
    │   ├── RecordUnreadable                a path that is no record, or may not be opened
    │   │   └── RecordUnreachable           a server of a record that does not answer
    │   ├── RecordTooNew                    written by a later version
    │   ├── RecordFull                      the disk has no room
    │   ├── LeaseHeld                       another process runs this flow run
    │   ├── LeaseLost                       another process has taken this flow run over
    │   └── NotOnRecord (ValueError)        no such flow run or task run
    ├── FilesError                          a file of an execution or namespace that could not be read or written
    │   ├── FileForbidden                   a file of another namespace, which an execution may not reach
    │   └── FileMissing (FileNotFoundError) no such file on the drive
    ├── KeyTaken                            a key of a namespace that has a value already
    ├── EventTaken                          an event's id under which another event is kept
    ├── SecretMissing (LookupError)         no secret of that name
    ├── RunnableFailed                      a task of a YAML flow failed and hands on outputs all the same
    ├── QueryError (ValueError)             a query for what no record has, or with a value of the wrong type
    ├── StateSerializationError (ValueError)  a state that cannot become a document, or a document that is no state
    └── SettingError (ValueError)           a setting or environment variable that cannot be read

Signals are not errors: see `runwright.signals`. Each class carries the exit status of the command line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class Problem(NamedTuple):
    """One thing that is wrong in a flow file: where, what, and what to do about it.

    `line` and `column` count from 1; `path` leads to the place in the document (`tasks[0].retry.interval`), empty for the
    document itself; `code` is a word for programs. A warning does not make the flow invalid.
    """

    file: str
    line: int
    column: int
    path: str
    code: str
    message: str
    is_warning: bool = False

    def __str__(self) -> str:
        """Return `file:line:column: message`, as editors and compilers write it."""
        warning = "warning: " if self.is_warning else ""
        return f"{self.file}:{self.line}:{self.column}: {warning}{self.message}"


class RunwrightError(Exception):
    """The root of the tree; `exit_code` is what the command line ends with."""

    exit_code: ClassVar[int] = 1


class FlowError(RunwrightError, ValueError):
    """The flow is declared wrongly: the message names the task or argument to change."""

    exit_code = 8


class CycleError(FlowError):
    """Tasks depend on each other in a circle: remove one of the edges named."""


class UnknownInput(FlowError, TypeError):
    """An edge feeds an argument that the task has not: the message lists those it has."""


class ParameterError(FlowError):
    """A parameter is unknown, missing or refused: the message lists those the flow has."""

    exit_code = 2


class LimitRefused(FlowError):
    """A limit of a tag is none: the message says what may be given."""

    exit_code = 2


class TagRefused(FlowError):
    """A tag that a task run is to have is none: the message says what a tag is."""

    exit_code = 2


class FlowFileError(FlowError):
    """A file holds no flow, or several, or does not load: name one as `FILE.py:FLOW`."""

    exit_code = 2


class FlowSpecError(FlowFileError):
    """A YAML flow is declared wrongly: `problems` has every place to change, with line and column."""

    exit_code = 8

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Hold the problems; the text lists them, one a line."""
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)

    def __reduce__(self) -> tuple[type[FlowSpecError], tuple[tuple[Problem, ...]]]:
        """Keep the problems across processes."""
        return type(self), (self.problems,)


class NotRunnable(FlowError):
    """A task is of a type that does no work here: the message says what to use in its place."""


class CheckFailed(FlowError):
    """A check of a YAML flow lets no execution begin with these inputs: the text is what the flow says of it."""

    exit_code = 2


class InputError(FlowError):
    """Inputs of a YAML flow are missing or refused: `problems` says for each input what is wrong."""

    exit_code = 2

    def __init__(self, problems: Mapping[str, str]) -> None:
        """Hold what is wrong by the id of the input; the text lists all, one a line."""
        super().__init__("\n".join(problems.values()))
        self.problems = dict(problems)

    def __reduce__(self) -> tuple[type[InputError], tuple[dict[str, str]]]:
        """Keep the problems across processes."""
        return type(self), (self.problems,)


class ExpressionError(FlowError):
    """An expression cannot be read or evaluated: the message shows the place and says what to write.

    `line` and `column` count from 1; they are 0 where there is no place.
    """

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        """Say what happened and where."""
        super().__init__(message)
        self.line = line
        self.column = column


class ExpressionUndefined(ExpressionError):
    """A name or entry that an expression reads is not there: correct it, or give a default with `??`."""


class ExpressionOverBudget(ExpressionError):
    """An expression needs more steps, depth or text than it may: the message says which; do less in one expression."""


class IllegalTransition(RunwrightError):
    """The transition table forbids the state proposed: nothing was recorded."""

    exit_code = 4


class StateUpdateRefused(RunwrightError):
    """A run may not be given the state that another program proposed: nothing was recorded."""

    exit_code = 4


class VersionConflict(StateUpdateRefused):
    """The run was changed since the program read it: read it again."""

    code = "VERSION_LOCKING_ERROR"


class ResultError(RunwrightError):
    """A result could not be stored or read."""


class ResultSerializationError(ResultError):
    """A value cannot become bytes: return plain data, or give the task another serializer."""


class ResultUnavailable(ResultError):
    """A stored result is gone from the place the record names: restore it, or run the task again."""

    exit_code = 3


class ResultDamaged(ResultError):
    """A stored result's bytes are not those that were written: restore it, or run the task again."""


class ExecutorError(RunwrightError):
    """The place where attempts run failed."""


class UnpicklableCall(ExecutorError):
    """A task or input cannot cross to another process: use threads, or pass plain data."""


class WorkerLost(ExecutorError):
    """The process that ran an attempt ended without a report."""


class MissingExtra(RunwrightError, ImportError):
    """An adapter or serializer needs an optional package: install the extra that the message names."""

    exit_code = 2


class RecordError(RunwrightError):
    """The record could not be used."""

    exit_code = 5


class RecordUnreadable(RecordError):
    """The path is no record, or may not be opened: check it, or give another with `--record`."""


class RecordUnreachable(RecordUnreadable):
    """The server that keeps the record does not answer: check that it runs, then try again."""


class RecordTooNew(RecordError):
    """A later version wrote the record: upgrade Runwright to read it."""


class RecordFull(RecordError):
    """The disk has no room for the record: free some space, then resume the flow run."""


class LeaseHeld(RecordError):
    """Another process holds the flow run: wait until its lease ends."""

    exit_code = 4


class LeaseLost(RecordError):
    """Another process has taken the flow run over: this one must stop."""

    exit_code = 4


class NotOnRecord(RecordError, ValueError):
    """No such flow run or task run is on this record: check the id and the record's path."""

    exit_code = 3


class FilesError(RunwrightError):
    """A file on a drive could not be read or written."""


class FileForbidden(FilesError):
    """A file belongs to another namespace, and to no execution around the one that wants it."""


class FileMissing(FilesError, FileNotFoundError):
    """There is no such file on the drive: check the URI."""

    exit_code = 3


class KeyTaken(RunwrightError):
    """A key of a namespace has a value already: allow overwriting, or take another key."""


class EventTaken(RunwrightError):
    """Another event is kept under that id: give each event an id of its own, and send it again unchanged if at all."""


class SecretMissing(RunwrightError, LookupError):
    """There is no secret of that name: the message says where it is looked for."""


class RunnableFailed(RunwrightError):
    """A task of a YAML flow failed and hands on `outputs` all the same."""

    def __init__(self, message: str, outputs: dict[str, Any] | None = None) -> None:
        """Say what failed, and keep what there is of its outputs."""
        super().__init__(message)
        self.outputs = outputs


class QueryError(RunwrightError, ValueError):
    """A query asks for what no record has, or compares with a value of the wrong type: the message says what there is."""

    exit_code = 2


class StateSerializationError(RunwrightError, ValueError):
    """A state cannot become a document, or a document is no state: the message names the part to change."""


class SettingError(RunwrightError, ValueError):
    """A setting cannot be read: the message names where it comes from and what it may be."""

    exit_code = 2


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a question, after a space, that offers the known name nearest to `name`; empty when none is near."""
    import difflib  # noqa: PLC0415  only what goes wrong pays for it

    near = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""
