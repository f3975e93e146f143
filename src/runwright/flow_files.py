"""Flow files: finding the flow that a Python file declares.

Loading runs the file's code, as Python would: its directory comes first on `sys.path`, and the module is registered
under a name that stays the same, so that what the flow pickles can be found again. Nothing of the flow itself runs:
while a file is loaded, `flow.run()` returns None.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import threading
import warnings
from typing import TYPE_CHECKING, NamedTuple

from runwright.context import context
from runwright.errors import FlowError, FlowFileError, did_you_mean
from runwright.flow import Flow

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType

_FOREIGN_NAME = "runwright_flow_file_{}"
_NOT_RUN = "While a file is loaded, flow.run() returns None: put it, and what needs its state, under `if __name__ == '__main__':`."


class _Loaded(NamedTuple):
    module: ModuleType
    changed: tuple[int, int]


_loaded: dict[str, _Loaded] = {}
_turns: dict[str, threading.RLock] = {}


def load_flow(target: str) -> Flow:
    """Return the flow of `FILE.py` or `FILE.py:FLOW`, FLOW being the variable that holds the flow, or the flow's name.

    Raises `FlowFileError` when there is no such file, when it does not load, and when it does not hold one such flow;
    another `FlowError` that its code raises is raised again with the file and the line before its text.
    A file that has not changed since it was loaded here is not loaded twice, and who asks for one that another thread
    loads waits for that. Flows that the file imports count only if it declares none of its own, or if they are named.
    """
    path, wanted = split_target(target)
    declared = [(variable, value) for variable, value in vars(_load(path)).items() if isinstance(value, Flow)]
    flows = _chosen(declared, path, wanted)
    if not flows and wanted:
        near = did_you_mean(wanted, [name for variable, flow in declared for name in (variable, flow.name)])
        listed = _listed(declared) or "none at module level"
        raise FlowFileError(f"{path} declares no flow {wanted!r}.{near} Its flows: {listed}.")
    if not flows:
        raise FlowFileError(f"{path} declares no flow at module level. Write one there: with Flow('name') as flow: ...")
    if len(flows) > 1:
        raise FlowFileError(
            f"{path} declares {len(flows)} flows: {_listed(flows)}. Choose one by its variable: {path}:{flows[0][0]}"
        )
    return flows[0][1]


def split_target(target: str) -> tuple[str, str]:
    """Return the path and the flow's name, empty when none is given; a colon may also be part of a file's name."""
    path, colon, wanted = target.rpartition(":")
    if not colon or os.path.exists(target):  # noqa: PTH110  text in, text out
        return target, ""
    return path, wanted


def _chosen(declared: list[tuple[str, Flow]], path: str, wanted: str) -> list[tuple[str, Flow]]:
    """Return the flows that may be meant, each once, however many variables hold it."""
    if wanted:
        found = [pair for pair in declared if pair[0] == wanted] or [
            pair for pair in declared if pair[1].name == wanted
        ]
    else:
        full = os.path.realpath(path)
        own = [pair for pair in declared if os.path.realpath(pair[1].source.get("file", "")) == full]
        found = own or declared
    return list({id(flow): (variable, flow) for variable, flow in reversed(found)}.values())[::-1]


def _listed(flows: list[tuple[str, Flow]]) -> str:
    return ", ".join(f"{variable} ({flow.name})" for variable, flow in flows)


def _load(path: str) -> ModuleType:
    full = os.path.realpath(path)
    if not os.path.isfile(full):  # noqa: PTH113  text in, text out
        what = "is a directory" if os.path.isdir(full) else "does not exist"  # noqa: PTH112  text in, text out
        raise FlowFileError(f"{path} {what}. Give a Python file that declares a flow: FILE.py or FILE.py:FLOW")
    if full.endswith((".yaml", ".yml")):
        raise FlowFileError(f"{path} is a YAML flow: `runwright run {path}` runs it, `runwright.executions` in Python.")
    # A lock for each file: one whose code takes its time, or never ends, keeps nobody from the others.
    with _turns.setdefault(full, threading.RLock()):
        return _load_in_turn(path, full)


def _load_in_turn(path: str, full: str) -> ModuleType:
    changed = _last_change(full)
    known = _loaded.get(full)
    if known is not None and known.changed == changed:
        return known.module
    name = _module_name(full)
    present = sys.modules.get(name)
    if known is None and present is not None and getattr(present, "__file__", None) == full:
        return present
    module = _execute(path, full, name)
    _loaded[full] = _Loaded(module, changed)
    return module


def _last_change(path: str) -> tuple[int, int]:
    found = os.stat(path)  # noqa: PTH116  text in, text out
    return found.st_mtime_ns, found.st_size


def _module_name(path: str) -> str:
    """Return the name that the file has when it is imported, another one where a different module has that."""
    stem = os.path.splitext(os.path.basename(path))[0]  # noqa: PTH119, PTH122  text in, text out
    other = _FOREIGN_NAME.format("".join(letter if letter.isalnum() else "_" for letter in stem))
    present = sys.modules.get(stem)
    is_taken = stem in sys.stdlib_module_names or (present is not None and getattr(present, "__file__", None) != path)
    return other if is_taken or not stem.isidentifier() else stem


def _execute(path: str, full: str, name: str) -> ModuleType:
    folder = os.path.dirname(full)  # noqa: PTH120  text in, text out
    if folder not in sys.path:
        sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location(name, full)
    if spec is None or spec.loader is None:
        raise FlowFileError(f"{path} is no Python file: its name must end in .py")
    before = sys.modules.get(name)
    try:
        return _run_module(spec)
    except FlowError as error:
        _restore(name, before)
        line = _last_line(error, full)
        raise type(error)(f"{path}{f' (line {line})' if line else ''}: {error}") from error
    except Exception as error:
        _restore(name, before)
        raise FlowFileError(f"{path} does not load: {_in_one_line(error, full)}") from error
    except SystemExit as error:
        _restore(name, before)
        raise FlowFileError(
            f"{path} ends the program while it is loaded (sys.exit({error.code!r})): put that under "
            "`if __name__ == '__main__':`."
        ) from error


def _run_module(spec: ModuleSpec) -> ModuleType:
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    with context(loading_flow=True), warnings.catch_warnings():
        # Being loaded is what the caller asked for: a flow that is not run now is no surprise to anybody.
        warnings.filterwarnings("ignore", message=r"Flow .* is being loaded from a file")
        try:
            if spec.loader is not None:
                spec.loader.exec_module(module)
        except Exception as error:
            if context.get("skipped_run"):
                error.add_note(_NOT_RUN)
            raise
    return module


def _restore(name: str, before: ModuleType | None) -> None:
    if before is None:
        sys.modules.pop(name, None)
    else:
        sys.modules[name] = before


def _in_one_line(error: Exception, path: str) -> str:
    """Return the kind of an error, its first line of text, the last line of the file that led to it, and what explains it."""
    text = str(error).strip().partition("\n")[0]
    line = error.lineno if isinstance(error, SyntaxError) and error.filename == path else _last_line(error, path)
    if isinstance(error, SyntaxError):
        text = error.msg
    told = f"{type(error).__name__}{': ' if text else ''}{text}{f' (line {line})' if line else ''}"
    return f"{told}. {_NOT_RUN}" if _NOT_RUN in getattr(error, "__notes__", ()) else told


def _last_line(error: BaseException, path: str) -> int | None:
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == path:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
