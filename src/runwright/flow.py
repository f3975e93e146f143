"""Flow: the user's declaration of a whole: tasks, joined; and the door to compiling, recording and running it.

Building is the work of `runwright.wiring`. `Flow.run` is the one place of the authoring layer that calls upwards.
"""

from __future__ import annotations

import copy
import logging
import os
import sys
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

from runwright import compiling, defaults
from runwright.context import activate, context, deactivate
from runwright.errors import FlowError, ParameterError, did_you_mean
from runwright.ordered_set import OrderedSet
from runwright.parameter import Parameter
from runwright.schedule import Schedule, checked_schedule
from runwright.state_handlers import StateHandler, check_callable, checked_handlers
from runwright.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from contextvars import Token
    from typing import Self

    from runwright.drawings import Drawing
    from runwright.edge import Edge
    from runwright.graph import Graph
    from runwright.result import Result
    from runwright.runs import FlowVersion
    from runwright.states import State
    from runwright.task import Task

LONGEST_NAME = 500


class Flow(Wiring):
    """Tasks and how they depend on each other. Call tasks inside `with Flow("name") as flow:` to build one.

    `executor` is where attempts run by default, `result` where results are stored by default. `state_handlers` are
    called `(flow, old_state, new_state)`, `on_failure` `(flow, state)`, `terminal_state_handler` `(flow, final_state,
    reference_states)`; each may return another state. `run` follows the `schedule`; `run_config` and `storage` are for
    what starts flows by itself.
    """

    def __init__(
        self,
        name: str,
        schedule: Schedule | None = None,
        executor: Any = None,
        run_config: Any = None,
        storage: Any = None,
        tasks: Iterable[Task] | None = None,
        edges: Iterable[Edge] | None = None,
        reference_tasks: Iterable[Task] | None = None,
        state_handlers: Sequence[StateHandler] | None = None,
        on_failure: Callable[[Flow, State], Any] | None = None,
        validate: bool | None = None,  # noqa: FBT001  the documented signature
        result: Result | None = None,
        terminal_state_handler: Callable[[Flow, State, set[State]], State | None] | None = None,
    ) -> None:
        """Declare a flow, of `tasks` and `edges` or empty.

        Raises `FlowError` without a name and with a very long one, `TypeError` for a schedule that is none. With `validate`
        circles and wrong inputs among `edges` raise at once, not when the flow is compiled.
        """
        if not name:
            raise FlowError("A name must be provided for the flow: Flow('name').")
        if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]  whoever has no type checker
            raise TypeError(f"A flow's name is text; got {name!r}: Flow('name').")
        if len(name) > LONGEST_NAME:
            raise FlowError(f"The flow's name has {len(name)} characters: give it one of {LONGEST_NAME} at most.")
        super().__init__()
        self.name = name
        self.schedule = checked_schedule(schedule)
        self.executor = executor
        self.run_config = run_config
        self.storage = storage
        self.state_handlers = checked_handlers(state_handlers, on_failure)
        if terminal_state_handler is not None:
            check_callable("terminal_state_handler", terminal_state_handler)
        self.terminal_state_handler = terminal_state_handler
        self.result = result
        self._file = _calling_file()
        self._tokens: list[Token[dict[str, Any] | None]] = []
        for task in tasks or ():
            self.add_task(task)
        for edge in edges or ():
            self.add_edge(edge.upstream_task, edge.downstream_task, edge.key, edge.mapped, edge.flattened)
        self.set_reference_tasks(reference_tasks or ())
        if validate:
            self.validate()

    @property
    def logger(self) -> logging.Logger:
        """Return the logger named `runwright.<name of the flow>`."""
        return logging.getLogger(f"{defaults.active().logger_root}.{self.name}")

    # ---- building

    def __enter__(self) -> Self:
        """Make this the flow that tasks join when they are called."""
        self._tokens.append(activate({**context.to_dict(), "flow": self, "unused_tasks": {}}))
        return self

    def __exit__(self, error: type[BaseException] | None, *rest: object) -> None:
        """Restore the flow that was active before; warns about tasks that were made and joined nothing."""
        unused: list[Task] = list(context.get("unused_tasks") or ())
        deactivate(self._tokens.pop())
        if unused and error is None:
            warnings.warn(
                f"Tasks were created but not added to the flow: {', '.join(map(repr, unused))}. A task joins the flow "
                "when it is called, when it is an input of another, or by flow.add_task(task).",
                stacklevel=2,
            )

    def copy(self) -> Self:
        """Return a flow of the same tasks that can be changed by itself."""
        return copy.copy(self)

    # ---- asking

    @property
    def source(self) -> dict[str, str]:
        """Return where the flow was declared: `file` (absent where it was no file) and `name`."""
        return {**({"file": self._file} if self._file else {}), "name": self.name}

    def parameters(self) -> OrderedSet[Parameter]:
        """Return the parameters."""
        return OrderedSet(task for task in self._incoming if isinstance(task, Parameter))

    def resolve_parameters(self, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return a value for every parameter: the one given, else the default.

        Raises `ParameterError` for a name that no parameter has, and for required ones that are missing.
        """
        given = given or {}
        known = {parameter.name: parameter for parameter in self.parameters()}
        for name in given:
            if name not in known:
                hint = did_you_mean(name, known)
                raise ParameterError(f"Flow {self.name!r} has no parameter {name!r}.{hint} {_listed(known)}")
        missing = [name for name, parameter in known.items() if parameter.required and name not in given]
        if missing:
            names = ", ".join(map(repr, missing))
            raise ParameterError(
                f"Flow {self.name!r} did not receive the following required parameters: {names}. {_listed(known)}"
            )
        return {name: given.get(name, parameter.default) for name, parameter in known.items()}

    def compile(self) -> Graph:
        """Return the graph that runs; the same one until the flow changes. Raises `FlowError` as `validate`."""
        if "graph" not in self._cache:
            self._cache["graph"] = compiling.compile_graph(self)
        return self._cache["graph"]

    def to_version(self) -> FlowVersion:
        """Return what the record keeps of this flow; `fingerprint` tells two versions apart."""
        from runwright import versioning  # noqa: PLC0415  only recording needs it

        return versioning.version_of(self)

    def fingerprint(self) -> str:
        """Return the SHA-256, in hex, of the tasks, their policies, constants and source code, and of the edges."""
        return self.to_version().fingerprint

    def serialize(self, build: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002  the documented signature
        """Return what a server keeps of this flow, as plain data in a fixed order; raises `FlowError` as `validate`.

        With `build` the flow is first put where its `storage` keeps flows.
        """
        from runwright import serializing  # noqa: PLC0415  only registering needs it

        return serializing.flow_document(self, build=build)

    def serialized_hash(self, build: bool = False) -> str:  # noqa: FBT001, FBT002  the documented signature
        """Return the SHA-256, in hex, of what `serialize` returns: equal for equal flows."""
        from runwright import serializing  # noqa: PLC0415  as above

        return serializing.document_hash(self.serialize(build))

    def visualize(
        self,
        flow_state: State | None = None,
        filename: str | None = None,
        format: str | None = None,  # noqa: A002  the documented signature
        horizontal: bool = False,  # noqa: FBT001, FBT002  the documented signature
    ) -> Drawing:
        """Return a drawing: `svg`, `mermaid` or `dot` text, and an image where it is shown in a notebook.

        Boxes have the colours of the states of a run where `flow_state` is its final state, and mapped tasks one for
        each child. With `filename` the text is written there, in the `format` of its ending if none is given.
        """
        from runwright.drawings import Drawing  # noqa: PLC0415  only who draws needs it
        from runwright.sketching import picture_of  # noqa: PLC0415  as above

        endings = {"mmd": "mermaid", "dot": "dot", "gv": "dot"}
        chosen = format or endings.get((filename or "").rpartition(".")[2], "svg")
        drawing = Drawing(picture_of(self, flow_state, is_horizontal=horizontal), chosen)
        if filename is not None:
            drawing.save(filename)
        return drawing

    # ---- files

    def save(self, fpath: str | None = None) -> str:
        """Write the flow to a file, by default in Runwright's home under the flow's name, and return its path."""
        from runwright import saved_flows  # noqa: PLC0415  an upward call that is allowed for

        return saved_flows.save(self, fpath)

    @classmethod
    def load(cls, fpath: str) -> Flow:
        """Return the flow of a file that `save` wrote, by path, by name or by slug; raises `FlowFileError`.

        Such files are pickles: loading one runs what it holds, so load only your own.
        """
        from runwright import saved_flows  # noqa: PLC0415  as above

        return saved_flows.load(fpath)

    # ---- running

    def register(
        self,
        project_name: str | None = None,
        build: bool = True,  # noqa: FBT001, FBT002  the documented signature
        labels: Iterable[str] | None = None,
        set_schedule_active: bool = True,  # noqa: FBT001, FBT002  the documented signature
        version_group_id: str | None = None,
        no_url: bool = False,  # noqa: FBT001, FBT002  the documented signature
        idempotency_key: str | None = None,
        *,
        record: str | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> str | None:
        """Put the flow on record, so that servers and workers find it and start it at the times of its schedule; returns its id.

        Its code stays in its file: what runs it reads that, so register from the file that declares it. A schedule that is
        not `set_schedule_active` is paused; `parameters` are those of the runs that it starts. A flow that has not changed is
        not registered twice. There are no projects, storages and version groups: what names them is taken and not used.
        While a file is being loaded to find its flows, nothing is registered. Raises `FlowError` and `ParameterError`.
        """
        if context.get("loading_flow"):
            return None
        if not self.source.get("file"):
            raise FlowError(
                f"Flow {self.name!r} is declared in no file, where what runs it could find it: put it into one."
            )
        from runwright.registering import register_flow  # noqa: PLC0415  an upward call that is allowed for

        is_paused = None if set_schedule_active else True
        version = register_flow(self, record, parameters=parameters, is_paused=is_paused).version
        self.logger.info("Flow %r is registered, version %d: %s", self.name, version.version, version.id)
        return str(version.id)

    def run(
        self,
        parameters: Mapping[str, Any] | None = None,
        run_on_schedule: bool | None = None,  # noqa: FBT001  the documented signature
        runner_cls: Any = None,
        *,
        state: State | None = None,
        task_states: Mapping[Task, State] | None = None,
        context: Mapping[str, Any] | None = None,
        executor: Any = None,
        task_contexts: Mapping[Task, Mapping[str, Any]] | None = None,
        task_runner_state_handlers: Sequence[StateHandler] | None = None,
        flow_run_id: str | None = None,
        flow_run_name: str | None = None,
        run_name: str | None = None,
        record: str | None = None,
        task_runner_cls: Any = None,
        **keywords: Any,
    ) -> State | None:
        """Run the flow here and now, and wait for its retries; returns its final state.

        A flow with a schedule waits for each of its times and runs then, until the schedule ends; the last state is
        returned (None: no time was left). With `run_on_schedule=False` it runs once, at once.

        The result of the state gives every task's state. When only somebody's approval moves the run on, the state is Paused.
        Parameters go by dict or by keyword, and win over those of the schedule. `state` and `task_states` are where the run
        starts: what is final there is not run, but for the failed children of a Mapped state. `context` adds to what tasks
        see, `task_contexts` to what one task sees. `executor` is an executor or its URL, `runner_cls` and `task_runner_cls`
        make the runners, `task_runner_state_handlers` are called after a task's own. `flow_run_name` (or `run_name`) names
        the run, `flow_run_id` is the id it goes by, `record` is where it is recorded.

        Raises `ParameterError`, and `RuntimeError` inside the flow's own `with`. While a file is being loaded to find its
        flows, nothing runs.
        """
        if _is_being_loaded(self):
            return None
        if self._tokens:
            raise RuntimeError(f"Flow {self.name!r} is still being built: call run() after its `with` block.")
        from runwright import app  # noqa: PLC0415  the one sanctioned upward call

        given = _merged((context or {}).get("parameters"), parameters, keywords)
        run = partial(
            app.run_flow,
            self,
            executor=executor if executor is not None else self.executor,
            run_name=flow_run_name or run_name,
            context=None if context is None else dict(context),
            record=record,
            task_states=None if task_states is None else dict(task_states),
            runner_cls=runner_cls,
            task_runner_cls=task_runner_cls,
            state=state,
            task_contexts=task_contexts,
            task_runner_state_handlers=task_runner_state_handlers,
            flow_run_id=flow_run_id,
        )
        if run_on_schedule is None:
            run_on_schedule = defaults.active().runs_on_schedule
        if self.schedule is not None and run_on_schedule:
            return app.run_on_schedule(self, run, given)
        return run(parameters=self.resolve_parameters(given))

    # ---- as a value

    def __eq__(self, other: object) -> bool:
        """Compare name, tasks, edges and reference tasks."""
        return isinstance(other, Flow) and (
            (self.name, self.tasks, self.edges, self.reference_tasks())
            == (other.name, other.tasks, other.edges, other.reference_tasks())
        )

    __hash__ = None  # type: ignore[assignment]  flows change, and are equal by what they hold

    def __repr__(self) -> str:
        """Return the class and the name."""
        return f'<{type(self).__name__}: name="{self.name}">'

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy starts with, also in another process: all but the open `with` blocks."""
        return {**super().__getstate__(), "_tokens": [], "state_handlers": list(self.state_handlers)}


def _is_being_loaded(flow: Flow) -> bool:
    """Say whether the flow's file is only read to find its flows; warns, because that file runs it."""
    if not context.get("loading_flow"):
        return False
    context["skipped_run"] = True
    warnings.warn(
        f"Flow {flow.name!r} is being loaded from a file that runs it: put flow.run() under "
        "`if __name__ == '__main__':`.",
        stacklevel=3,
    )
    return True


def _merged(*parameters: Mapping[str, Any] | None) -> dict[str, Any]:
    merged = {name: value for given in parameters for name, value in (given or {}).items()}
    if "return_tasks" in merged:
        raise FlowError("run() takes no return_tasks: the result of the final state has the state of every task.")
    return merged


def _listed(known: Mapping[str, Parameter]) -> str:
    if not known:
        return "It has no parameters."
    shown = [name if each.required else f"[{name}={each.default!r}]" for name, each in known.items()]
    return f"It takes {', '.join(shown)}."


def _calling_file() -> str | None:
    """Return the file of the nearest caller outside of this package, None where that is no file."""
    frame = sys._getframe(1)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  inspect would read every file
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "runwright":
        frame = frame.f_back
    path = "" if frame is None else os.path.abspath(frame.f_code.co_filename)  # noqa: PTH100  no pathlib at import
    return path if os.path.isfile(path) else None  # noqa: PTH113  no pathlib at import
