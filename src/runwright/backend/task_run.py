"""TaskRunView: one task run as its record shows it, and the way to its result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright import ids
from runwright.backend import record as reading
from runwright.views import FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from runwright.backend.record import Record
    from runwright.runs import FlowRun, TaskRun
    from runwright.states import State
    from runwright.store import Store

_PAGE = 200


class _NotLoaded:
    def __repr__(self) -> str:
        return "<not loaded>"


NOT_LOADED = _NotLoaded()


class TaskRunView:
    """One task run, as it was when it was looked up: `get_latest` looks again.

    Make one with `from_task_run_id` or `from_task_slug`, or take it from a `FlowRunView`. `map_index` is -1 for what is
    no child of a mapped task. Ids are text.
    """

    def __init__(
        self,
        task_run_id: str,
        task_id: str,
        task_slug: str,
        name: str | None,
        state: State,
        map_index: int,
        flow_run_id: str,
        record: Record = None,
    ) -> None:
        """Hold what was read."""
        self.task_run_id = task_run_id
        self.task_id = task_id
        self.task_slug = task_slug
        self.name = name
        self.state = state
        self.map_index = map_index
        self.flow_run_id = flow_run_id
        self._record = record
        self._result: Any = NOT_LOADED

    @classmethod
    def from_task_run_id(cls, task_run_id: str | UUID, *, record: Record = None) -> TaskRunView:
        """Return the task run with an id; raises `ValueError` when there is none."""
        wanted = reading.uuid_from(task_run_id, "task run")
        store = reading.open_for_reading(record)
        which = TaskRunFilter(flow_run=ids.flow_run_of(wanted), ordinals=(ids.ordinal_of(wanted),))
        return cls._from_rows(store, which, f"id is {wanted}", record)

    @classmethod
    def from_task_slug(
        cls, task_slug: str, flow_run_id: str | UUID, map_index: int = -1, *, record: Record = None
    ) -> TaskRunView:
        """Return the run of a task in a flow run; raises `ValueError` when there is none, or several."""
        flow_run = reading.uuid_from(flow_run_id, "flow run")
        store = reading.open_for_reading(record)
        which = TaskRunFilter(flow_run=flow_run, task=task_slug, map_index=(map_index,))
        condition = f"task slug is {task_slug!r}, flow run is {flow_run} and map index is {map_index}"
        return cls._from_rows(store, which, condition, record)

    @classmethod
    def from_row(cls, row: TaskRun, flow_id: UUID, *, record: Record = None) -> TaskRunView:
        """Return the view of a row that was read already."""
        return cls(
            task_run_id=str(row.id),
            task_id=str(ids.task_id(flow_id, row.task_index)),
            task_slug=row.slug,
            name=row.name,
            state=reading.state_of_task_run(row),
            map_index=row.map_index,
            flow_run_id=str(row.flow_run),
            record=record,
        )

    @classmethod
    def _from_rows(cls, store: Store, which: TaskRunFilter, condition: str, record: Record) -> TaskRunView:
        rows = [row for row in store.task_runs(which) if which.task in {None, row.slug}]
        row = reading.only(rows, "task runs", condition)
        return cls.from_row(row, _flow_run_of(store, row.flow_run).flow_id, record=record)

    def get_latest(self) -> TaskRunView:
        """Return the task run as it is now; a result that was loaded stays loaded."""
        latest = type(self).from_task_run_id(self.task_run_id, record=self._record)
        latest._result = self._result  # noqa: SLF001  another of this class
        return latest

    def get_result(self) -> Any:
        """Return what the task returned, read from its storage once; a mapped task gives the list of its children's.

        Raises `ValueError` while the task run, or a child, is not finished and where nothing is stored, `TypeError`
        where there is no result or one of a type that only user code can read, `ResultUnavailable` and `ResultDamaged`
        where what was stored is not there any more.
        """
        if isinstance(self._result, _NotLoaded):
            if not self.state.is_finished():
                raise ValueError(
                    f"The result cannot be loaded yet: task run {self.task_run_id} ({self.task_slug}) is not finished, "
                    f"its state is {self.state!r}."
                )
            self._result = self._load_children() if self.state.is_mapped() else self._load()
        return self._result

    def iter_mapped(self) -> Iterator[TaskRunView]:
        """Yield the children of a mapped task by their index, a page at a time; raises `TypeError` for any other."""
        if not self.state.is_mapped():
            raise TypeError(
                f"Task run {self.task_run_id} ({self.task_slug}) has no mapped children to iterate over: its state is "
                f"{type(self.state).__name__}, not Mapped."
            )
        return self._children()

    def _children(self) -> Iterator[TaskRunView]:
        store = reading.open_for_reading(self._record)
        own = reading.uuid_from(self.task_run_id, "task run")
        flow_run = ids.flow_run_of(own)
        flow_id = _flow_run_of(store, flow_run).flow_id
        after: tuple[UUID, int] | None = None
        while True:
            page = store.task_runs(
                TaskRunFilter(
                    flow_run=flow_run, parent=ids.ordinal_of(own), oldest_first=True, after=after, limit=_PAGE
                )
            )
            for row in page:
                yield type(self).from_row(row, flow_id, record=self._record)
            if len(page) < _PAGE:
                return
            after = (flow_run, page[-1].ordinal)

    def _load_children(self) -> list[Any]:
        children = list(self._children())
        if not children:
            raise ValueError(
                f"No task runs found: mapped task run {self.task_run_id} ({self.task_slug}) has no children."
            )
        return [child.get_result() for child in children]

    def _load(self) -> Any:
        held = self.state._result  # noqa: SLF001  the field is public by custom
        where = f"task run {self.task_run_id} ({self.task_slug}, {type(self.state).__name__})"
        if held.ref is None:
            if held.kind == "none" and not self.state.is_successful():
                raise TypeError(f"There is no result: {where} made none.")
            raise ValueError(
                f"The result has no location: {where} returned None, or its value was not stored: "
                "checkpoint=False, a state that keeps its value in memory, or a run without checkpointing, as those of files that "
                "import prefect are until PREFECT__FLOWS__CHECKPOINTING=true is set."
            )
        return reading.read(held.ref)

    def __repr__(self) -> str:
        """Return ids, slug, state, and the result if it was loaded."""
        return (
            f"TaskRunView(task_run_id={self.task_run_id!r}, task_id={self.task_id!r}, task_slug={self.task_slug!r}, "
            f"state={self.state!r}, result={self._result!r})"
        )


def _flow_run_of(store: Store, flow_run: UUID) -> FlowRun:
    return reading.only(store.flow_runs(FlowRunFilter(id=flow_run)), "flow runs", f"id is {flow_run}")
