"""Record: where views read from, and what they make of its rows: states, ids, one row or a reason."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from runwright import app, codec, settings
from runwright.errors import NotOnRecord
from runwright.open_records import open_record
from runwright.result import Result
from runwright.results import ConstantResult, read_result, reader_for
from runwright.results.serializers import is_data_only

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runwright.result import ResultRef
    from runwright.runs import FlowRun, TaskRun
    from runwright.states import State
    from runwright.store import Store

    Record = str | Store | None

Row = TypeVar("Row")


def open_for_reading(record: Record) -> Store:
    """Return the record: the one given, the one at a URL or path, or the configured one."""
    return open_record(record, read_only=True) if record is None or isinstance(record, str) else record


def only(found: Sequence[Row], what: str, condition: str) -> Row:
    """Return the one row found; raises `NotOnRecord`, a `ValueError`, for none and `ValueError` for several."""
    if not found:
        raise NotOnRecord(
            f"No {what} found where {condition}. Is it the right record? `runwright store path` names it."
        )
    if len(found) > 1:
        raise ValueError(f"Found multiple ({len(found)}) {what} where {condition}: name one by its id.")
    return found[0]


def uuid_from(value: str | UUID, what: str) -> UUID:
    """Return an id that may be text; raises `ValueError` that names what it should be the id of."""
    if isinstance(value, UUID):
        return value
    try:
        return UUID(value)
    except (ValueError, AttributeError, TypeError):
        raise ValueError(f"{value!r} is no id of a {what}: a UUID is needed.") from None


def state_of_task_run(row: TaskRun) -> State:
    """Return the state a row is in; its result knows where the value is and can read it."""
    return app.state_of(row, reader)


def state_of_flow_run(row: FlowRun) -> State:
    """Return the state a flow run is in."""
    data: dict[str, Any] = dict(row.details)
    if row.message is not None:
        data["message"] = row.message
    return codec.state_from_data(row.state, data)


def reader(ref: ResultRef) -> Result:
    """Return what can read a reference; for a kind that only user code can read, what knows the location."""
    try:
        return reader_for(ref, root=_results_root())
    except TypeError:
        return Result(location=ref.location)


def read(ref: ResultRef) -> Any:
    """Return the value that a reference points to; raises what `runwright.results.read_result` raises."""
    return read_result(ref, _results_root())


def is_plain_data(ref: ResultRef) -> bool:
    """Say whether reading a reference runs no code."""
    return ref.kind == ConstantResult.kind or is_data_only(ref.serializer)


def _results_root() -> Path:
    return Path(settings.load().home) / "results"
